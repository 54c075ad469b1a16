import Core

/// What is known of the scene: of each kind of thing the latest few, under a key each.
struct SceneMemory {
    /// The keys of what has changed since somebody last looked.
    struct News {
        private var keys: [String]

        init(of memory: SceneMemory) { keys = memory.order }

        mutating func tell(_ key: String) { if !keys.contains(key) { keys.append(key) } }

        /// The newest of what changed first; nil where nothing has.
        mutating func next(in memory: SceneMemory) -> SceneEntry? {
            while !keys.isEmpty {
                if let entry = memory[keys.removeFirst()] { return entry }
            }
            return nil
        }
    }

    private var entries: [String: SceneEntry] = [:]
    /// The keys, the latest to change last.
    private var order: [String] = []
    /// How many of a kind are remembered.
    private static let most = 32

    subscript(_ key: String) -> SceneEntry? { entries[key] }

    /// Remembers it; answers its key, or nil where that is no news.
    mutating func take(_ entry: SceneEntry) -> String? {
        let key = entry.key
        guard entries.updateValue(entry, forKey: key) != entry else { return nil }
        order.removeAll { $0 == key }
        order.append(key)
        let kind = key.prefix { $0 != " " } + " "
        for old in order.filter({ $0.hasPrefix(kind) }).dropLast(Self.most) {
            entries[old] = nil
            order.removeAll { $0 == old }
        }
        return key
    }

    /// Forgets a device (see `Sighting.identity`), or everything where that is nil.
    mutating func forget(_ identity: String?) {
        guard let identity else { return self = SceneMemory() }
        let device = identity.drop { $0 != ":" }.dropFirst()
        for key in ["device \(device)", "visit \(device)"] {
            entries[key] = nil
            order.removeAll { $0 == key }
        }
    }

    /// The visit of a device (see `Sighting.identity`) with another step; the first begins it.
    func visit(
        _ identity: String, _ step: VisitScene.Step, of model: String? = nil, fault: Fault? = nil, at now: Instant
    ) -> SceneEntry {
        let device = String(identity.drop { $0 != ":" }.dropFirst())
        var visit = VisitScene(device: device, model: model ?? "", steps: [], began: now, latest: now)
        if case .visit(let known)? = entries["visit \(device)"], !known.isOver { visit = known }
        if let model { visit.model = model }
        if step == .kept { visit.kept += 1 }
        if !visit.steps.contains(step) { visit.steps.append(step) }
        visit.fault = fault.map(SceneFault.init)
        visit.latest = now
        return .visit(visit)
    }
}
