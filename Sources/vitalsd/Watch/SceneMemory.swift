import Core

/// What is known of the scene: of each kind of thing the latest few, under a key each.
struct SceneMemory {
    /// The keys of what has changed since somebody last looked.
    struct News {
        private var keys: [SceneEntry.Key]

        init(of memory: SceneMemory) { keys = Array(memory.order.joined()) }

        mutating func tell(_ key: SceneEntry.Key) { if !keys.contains(key) { keys.append(key) } }

        /// The newest of what changed first; nil where nothing has.
        mutating func next(in memory: SceneMemory) -> SceneEntry? {
            while !keys.isEmpty {
                if let entry = memory[keys.removeFirst()] { return entry }
            }
            return nil
        }
    }

    private var entries: [SceneEntry.Key: SceneEntry] = [:]
    /// The keys of each kind, the latest to change last.
    private var order: [[SceneEntry.Key]] = [[], [], [], []]
    /// How many of a kind are remembered.
    private static let most = 32

    subscript(_ key: SceneEntry.Key) -> SceneEntry? { entries[key] }

    /// Remembers it; answers its key, or nil where that is no news.
    mutating func take(_ entry: SceneEntry) -> SceneEntry.Key? {
        let key = entry.key, before = entries.updateValue(entry, forKey: key)
        guard before != entry else { return nil }
        if before != nil { order[key.kind].removeAll { $0 == key } }
        order[key.kind].append(key)
        if order[key.kind].count > Self.most { entries[order[key.kind].removeFirst()] = nil }
        return key
    }

    /// Forgets a device (see `Sighting.identity`), or everything where that is nil.
    mutating func forget(_ identity: String?) {
        guard let identity else { return self = SceneMemory() }
        let device = String(identity.drop { $0 != ":" }.dropFirst())
        for key in [SceneEntry.Key.device(device), .visit(device)] {
            entries[key] = nil
            order[key.kind].removeAll { $0 == key }
        }
    }

    /// The visit of a device (see `Sighting.identity`) with another step; the first begins it.
    func visit(
        _ identity: String, _ step: VisitScene.Step, of model: String? = nil, fault: Fault? = nil, at now: Instant
    ) -> SceneEntry {
        let device = String(identity.drop { $0 != ":" }.dropFirst())
        var visit = VisitScene(device: device, model: model ?? "", steps: [], began: now, latest: now)
        if case .visit(let known)? = entries[.visit(device)], !known.isOver { visit = known }
        if let model { visit.model = model }
        if step == .kept { visit.kept += 1 }
        if !visit.steps.contains(step) { visit.steps.append(step) }
        visit.fault = fault.map(SceneFault.init)
        visit.latest = now
        return .visit(visit)
    }
}
