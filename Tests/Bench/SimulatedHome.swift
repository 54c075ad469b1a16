import CLinux
import Core
import Glibc
import Host

/// Many cuffs on one simulated air (see `Air` in the daemon) and the clinic behind them, in one process of one thread:
/// together they cost less than what they measure.
///
/// Standard input says `go FIRST DEVICES RECORDS`: the cuffs with these indices hold so many new records each. For each
/// such line standard output tells, with the wall clock in milliseconds,
///
///     begun      the first cuff is connected to
///     confirmed  how many records were confirmed: the daemon has them on disk
///     answered   how many readings and requests the clinic has answered, and its own CPU seconds so far
final class SimulatedHome {
    private let epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
    private let air: CInt
    private let clinic: FastClinic
    private var sockets: [CInt: Socket] = [:]
    private var cuffs: [String: Cuff] = [:]
    private var connected: Set<String> = []
    /// Given to nobody twice, so that every record has a time of its own.
    private var nextRecord = 0
    private var begun = false
    private var confirmed = 0, expected = 0
    private var packet = [UInt8](repeating: 0, count: 1024)
    private var input: [UInt8] = []

    private enum Socket {
        case air, clinic, patient(HTTPConnection), orders
        /// Connected, and silent so far: the daemon's ear, unless it says `connect`.
        case ear(since: ContinuousClock.Instant)
        case link(String)
    }

    init(air path: String) {
        air = Self.listen(at: path)
        clinic = FastClinic()
        watch(air, as: .air)
        watch(clinic.listener, as: .clinic)
        watch(STDIN_FILENO, as: .orders)
    }

    private static func listen(at path: String) -> CInt {
        let fd = socket(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        unlink(path)
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let works = withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(fd, $0, size) == 0 && Glibc.listen(fd, 4096) == 0
            }
        }
        guard works else {
            Console.complain("vitalsd-bench: no air at \(path): errno \(errno)")
            exit(74)
        }
        return fd
    }

    func run() -> Never {
        report("port", clinic.port)
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        var nextCall = ContinuousClock.now
        while true {
            let count = epoll_wait(epoll, &events, CInt(events.count), cuffs.isEmpty ? -1 : 50)
            for event in events.prefix(Int(max(0, count))) { happened(at: event.data.fd) }
            // A cuff that nobody has come to calls again.
            if ContinuousClock.now >= nextCall {
                advertise()
                nextCall = .now + .milliseconds(200)
            }
        }
    }

    private func watch(_ fd: CInt, as socket: Socket) {
        sockets[fd] = socket
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(fd: fd))
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)
    }

    private func drop(_ fd: CInt) {
        if case .link(let address) = sockets[fd] { connected.remove(address) }
        sockets[fd] = nil
        close(fd)
    }

    private func happened(at fd: CInt) {
        switch sockets[fd] {
        case .air: accept(from: fd) { _ in .ear(since: .now) }
        case .clinic: accept(from: fd) { .patient(HTTPConnection($0)) }
        case .patient(let connection): if !clinic.serve(connection) { drop(fd) }
        case .orders: takeOrders()
        case .ear, .link: hear(fd)
        case nil: break
        }
        if case .patient = sockets[fd], expected > 0, clinic.readings >= expected {
            var used = rusage()
            getrusage(RUSAGE_SELF.rawValue, &used)
            let cpu = Double(used.ru_utime.tv_sec + used.ru_stime.tv_sec)
            report(
                "answered", wallClock(), clinic.readings, clinic.requests,
                cpu + Double(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6)
            expected = 0
        }
    }

    private func accept(from listener: CInt, _ kind: (CInt) -> Socket) {
        while case let peer = accept4(listener, nil, nil, CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)),
            peer >= 0
        {
            watch(peer, as: kind(peer))
        }
    }

    private func takeOrders() {
        let count = read(STDIN_FILENO, &packet, packet.count)
        if count <= 0 { exit(0) }
        input += packet[..<count]
        while let end = input.firstIndex(of: 0x0A) {
            let words = String(decoding: input[..<end], as: UTF8.self).split(separator: " ").compactMap { Int($0) }
            input.removeFirst(end + 1)
            guard words.count == 3 else { continue }
            cuffs = [:]
            for index in words[0]..<words[0] + words[1] {
                let cuff = Cuff(index, memory: nextRecord..<nextRecord + words[2])
                cuffs[cuff.address.description] = cuff
            }
            nextRecord += words[2]
            clinic.reset()
            confirmed = 0
            expected = words[1] * words[2]
            begun = false
            advertise()
        }
    }

    private func advertise() {
        // A socket that is a moment old may still say `connect`: an advertisement would look like a PDU to it.
        let old = ContinuousClock.now - .milliseconds(200)
        let ears = sockets.compactMap { fd, socket in
            if case .ear(let since) = socket, since < old { fd } else { nil }
        }
        for (address, cuff) in cuffs where !cuff.memory.isEmpty && !connected.contains(address) {
            for ear in ears { send(ear, cuff.advertisement, cuff.advertisement.count, CInt(MSG_NOSIGNAL)) }
        }
    }

    private func hear(_ fd: CInt) {
        let count = recv(fd, &packet, packet.count, 0)
        if count < 0, errno == EAGAIN { return }
        if count <= 0 { return drop(fd) }
        let pdu = Array(packet[..<count])
        guard case .link(let address) = sockets[fd] else {
            let text = String(decoding: pdu, as: UTF8.self)
            guard text.hasPrefix("connect "), cuffs[String(text.dropFirst(8))] != nil else { return drop(fd) }
            return connect(fd, to: String(text.dropFirst(8)))
        }
        guard let before = cuffs[address]?.memory.count, let reaction = cuffs[address]?.hear(pdu) else {
            return drop(fd)
        }
        for answer in reaction.answers { send(fd, answer, answer.count, CInt(MSG_NOSIGNAL)) }
        confirmed += before - (cuffs[address]?.memory.count ?? before)
        if confirmed == expected, before > 0, cuffs[address]?.memory.isEmpty == true {
            report("confirmed", wallClock(), confirmed)
        }
        if reaction.hangsUp { drop(fd) }
    }

    private func connect(_ fd: CInt, to address: String) {
        if !begun { report("begun", wallClock()) }
        begun = true
        sockets[fd] = .link(address)
        connected.insert(address)
        cuffs[address]?.connected()
    }
}

private func wallClock() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
}
