import Bluetooth
import Core
import Devices
import Host
import Journal

/// What the daemon is doing at present, for those who watch.
///
/// Each watcher has the keys of what has changed since it last looked, and gets the newest of each: one that reads slowly
/// misses what came between, and the daemon waits for nobody.
@Hub final class Scene {
    /// What one connection has still to be told.
    @Hub final class Watcher {
        private var news: SceneMemory.News
        private unowned let scene: Scene
        private let bell: Bell

        fileprivate init(_ scene: Scene) throws(Fault) {
            self.scene = scene
            bell = try Bell()
            news = SceneMemory.News(of: scene.memory)
        }

        fileprivate func tell(_ key: SceneEntry.Key) {
            news.tell(key)
            bell.ring()
        }

        /// The next entry that is new or has changed; nil when `due` passes first.
        func next(before due: ContinuousClock.Instant) async -> SceneEntry? {
            while true {
                if let entry = news.next(in: scene.memory) { return entry }
                guard await bell.rung(before: due) else { return nil }
            }
        }
    }

    private var memory = SceneMemory()
    private var watchers: [Watcher] = []

    func join() throws(Fault) -> Watcher {
        let watcher = try Watcher(self)
        watchers.append(watcher)
        return watcher
    }

    func leave(_ watcher: Watcher) { watchers.removeAll { $0 === watcher } }

    func show(_ entry: SceneEntry) {
        guard let key = memory.take(entry) else { return }
        for watcher in watchers { watcher.tell(key) }
    }

    /// What was wiped is not known here either.
    func forget(_ device: String?) { memory.forget(device) }

    /// A device was heard. Nothing is done where nobody watches: the air is full of them.
    func hear(_ advertisement: Advertisement, _ acceptList: AcceptList) {
        guard !watchers.isEmpty else { return }
        let now = HubClock.now().wall, isBound = acceptList.isBound(Sighting(.advertisement(advertisement)).identity)
        if case .device(let known)? = memory[.device(advertisement.address.description)],
            now.milliseconds - known.heard.milliseconds < 1000, known.isBound == isBound
        {
            return
        }
        let model = drivers.soleClaimant(of: Sighting(.advertisement(advertisement)))?.model
        // A device is bound to somebody under its address; without its name in this packet it keeps the model it had.
        var known = ""
        if case .device(let before)? = memory[.device(advertisement.address.description)] {
            known = before.model
        }
        show(
            .device(
                DeviceScene(
                    address: advertisement.address.description, model: model ?? known, isBound: isBound,
                    signal: advertisement.signal, heard: now)))
    }

    /// A visit has come to a step; the first begins it.
    func visit(
        _ device: String, _ step: VisitScene.Step, of model: String? = nil, fault: Fault? = nil
    ) {
        show(memory.visit(device, step, of: model, fault: fault, at: HubClock.now().wall))
    }

    /// A reading is on disk; or it was there before.
    func keep(_ keeping: Journal.Keeping, of device: KnownDevice) {
        let now = HubClock.now().wall, number = keeping.id
        guard keeping.isNew else { return }
        visit(device.identity, .kept)
        show(
            .reading(
                ReadingScene(
                    number: number, kind: device.kind.rawValue,
                    model: device.information.model ?? device.driver,
                    step: .kept, kept: now, latest: now)))
    }

    /// Readings have come a step nearer to their receipts.
    func move(_ readings: some Sequence<Int64>, to step: ReadingScene.Step) {
        for number in readings {
            guard case .reading(var reading)? = memory[.reading(number)], reading.step != step else {
                continue
            }
            reading.step = step
            reading.latest = HubClock.now().wall
            show(.reading(reading))
        }
    }
}

extension Gateway {
    /// Tells one who watches whatever changes, until nobody listens there any more.
    func show(to caller: SocketBearer) async throws(Fault) {
        let watcher = try scene.join()
        defer { scene.leave(watcher) }
        var due = ContinuousClock.now
        while true {
            if .now >= due {
                // Told again unchanged, it shows whether anybody still listens.
                try await caller.send(Array(SceneEntry.hub(await hub()).notation.utf8))
                due = .now + .seconds(2)
            }
            guard let entry = await watcher.next(before: due) else { continue }
            try await caller.send(Array(entry.notation.utf8))
        }
    }

    private func hub() async -> HubScene {
        let error = HubClock.error().map { Int($0 / .milliseconds(1)) }
        var waiting = 0
        // A journal that does not answer is told by others.
        for courier in couriers.all { waiting += (try? await journal.waiting(for: courier.name)) ?? 0 }
        return HubScene(
            clockError: error, radio: radioFault.map(SceneFault.init),
            clinic: couriers.fault.map(SceneFault.init),
            delivered: couriers.delivered, waiting: waiting)
    }
}
