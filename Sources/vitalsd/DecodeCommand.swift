import Core
import Devices
import Glibc
import Host

extension Command {
    static let decode = Command(
        verb: "decode", arguments: "--driver ID [--endpoint NAME] HEX…|--file FILE|-",
        summary: "print what a device's bytes mean, as JSON",
        explanation: """
            Each HEX is one value of a GATT characteristic; for a stream they are put together. FILE, or - for standard
            input, holds hexadecimal digits, a value a line. One JSON object a line is printed for each reading; a
            value is the decimal exactly as sent. NAME is a 16-bit or full UUID, or a frame family's name, as
            `vitalsd devices --json` lists them.
            Malformed bytes end with status 65 and a line that says at which byte what was expected. In a stream only the
            frame that they damage is lost, and the line counts what belongs to none.
            """
    ) { arguments throws(Exit) in
        guard let id = try arguments.option("driver") else { throw arguments.complain("--driver is missing") }
        let name = try arguments.option("endpoint"), file = try arguments.option("file")
        let words = try arguments.rest()
        guard let driver = (drivers + profiles).first(where: { $0.id == id }) else {
            throw arguments.complain("no driver \(id); the nearest is \(nearest(id, (drivers + profiles).map(\.id)))")
        }
        let values = try readValues(words, file, &arguments)
        let endpoint = try choose(name, of: driver, for: values, &arguments)
        if case .frames(let framing) = endpoint.source {
            guard let damage = printReadings(of: values.flatMap(\.self), framing, endpoint, driver) else { return }
            printError("vitalsd decode: \(damage.first)\(damage.count)")
            throw .data
        }
        do throws(Malformed) {
            for value in values {
                for reading in try endpoint.decodeAll(value.span) { printLine(json(reading, of: driver)) }
            }
        } catch {
            printError("vitalsd decode: \(error)")
            throw .data
        }
    }
}

private func readValues(_ words: [String], _ file: String?, _ arguments: inout Arguments) throws(Exit) -> [[UInt8]] {
    var words = words
    if let file = file ?? (words == ["-"] ? "-" : nil) {
        do throws(Fault) {
            let text = String(
                decoding: file == "-" ? try Files.readStandardInput() : try Files.read(file), as: UTF8.self)
            words = text.split(whereSeparator: \.isNewline).map(String.init).filter { !$0.isEmpty }
        } catch {
            printError("vitalsd decode: \(file): \(error.sentence)")
            throw .noInput
        }
    }
    guard !words.isEmpty else { throw arguments.complain("no bytes are given") }
    var values: [[UInt8]] = []
    for word in words {
        guard let value = bytes(hex: word) else {
            let digit = word.firstIndex { !$0.isHexDigit && $0 != " " } ?? word.endIndex
            let at = word[..<digit].filter { $0 != " " }.count / 2
            printError("vitalsd decode: byte \(at): expected two hexadecimal digits")
            throw .data
        }
        values.append(value)
    }
    return values
}

/// The endpoint of that name; without a name the only one, the only stream whose frames the bytes begin with, or the only
/// one that takes them.
private func choose(
    _ name: String?, of driver: Driver, for values: [[UInt8]], _ arguments: inout Arguments
) throws(Exit) -> Endpoint {
    let names = driver.endpoints.map(\.name)
    if let name {
        let canonical = BluetoothUUID(name).map(\.description) ?? name
        if let found = driver.endpoints.first(where: { $0.name == canonical || $0.name == name }) { return found }
        throw arguments.complain("\(driver.id) has no endpoint \(name); it has \(names.joined(separator: ", "))")
    }
    if driver.endpoints.count == 1 { return driver.endpoints[0] }
    let all = values.flatMap(\.self)
    let fitting = driver.endpoints.filter { endpoint in
        if case .frames(let framing) = endpoint.source { framing.begins(all.span) } else { false }
    }
    // Nor is it asked for where only one of them takes the bytes.
    let taking = driver.endpoints.filter { endpoint in values.allSatisfy { (try? endpoint.decodeAll($0.span)) != nil } }
    if fitting.isEmpty, taking.count == 1 { return taking[0] }
    guard fitting.count == 1 else {
        throw arguments.complain("--endpoint is missing; \(driver.id) has \(names.joined(separator: ", "))")
    }
    return fitting[0]
}

extension Framing {
    /// Whether bytes begin with a whole frame, whatever may stand ahead of it by right.
    fileprivate func begins(_ bytes: Span<UInt8>) -> Bool {
        var at = 0
        while at < bytes.count {
            switch cut(bytes.extracting(at..<bytes.count)) {
            case .frame: return true
            case .filler(let count) where count > 0: at += count
            case .noise, .filler, .more: return false
            }
        }
        return false
    }
}

/// What is wrong with a stream: the first mistake, and how much of it belongs to no frame.
private struct Damage {
    let first: Malformed
    var bytes = 0, gaps = 0, end = -1

    var count: String {
        bytes == 0 ? "" : "; \(bytes) bytes in \(gaps) \(gaps == 1 ? "place" : "places") belong to no frame"
    }

    mutating func passOver(_ count: Int, at place: Int) {
        if place != end { gaps += 1 }
        bytes += count
        end = place + count
    }
}

/// Prints every frame that is whole; answers what is wrong with the others.
private func printReadings(
    of stream: [UInt8], _ framing: Framing, _ endpoint: Endpoint, _ driver: Driver
) -> Damage? {
    var at = 0, damage: Damage?
    while at < stream.count {
        let rest = stream.span.extracting(at..<stream.count)
        var count = 1
        switch framing.cut(rest) {
        case .frame(let size) where 1...rest.count ~= size:
            do throws(Malformed) {
                for reading in try endpoint.decodeAll(rest.extracting(first: size)) {
                    printLine(json(reading, of: driver))
                }
            } catch {
                damage = damage ?? Damage(first: error.moved(by: at))
            }
            at += size
            continue
        case .filler(let size) where 1...rest.count ~= size:
            at += size
            continue
        case .noise(let size) where 1...rest.count ~= size: count = size
        // Nothing comes behind: what waits for more may hide a whole frame.
        case .frame, .noise, .filler, .more: break
        }
        if damage == nil { damage = Damage(first: mistake(in: rest, at, endpoint)) }
        damage?.passOver(count, at: at)
        at += count
    }
    return damage
}

/// The decoder can say what is wrong with a frame; where it cannot, it is none.
private func mistake(in rest: Span<UInt8>, _ at: Int, _ endpoint: Endpoint) -> Malformed {
    do throws(Malformed) {
        _ = try endpoint.decode(rest)
    } catch {
        return error.moved(by: at)
    }
    return .invalid(at: at, expected: .wholeFrame)
}

/// The form that others build on: see `vitalsd help decode`.
func json(_ reading: Reading, of driver: Driver) -> String {
    var json = JSONWriter()
    json.object { json in
        json.member("driver", driver.id)
        json.array("values") { json in
            for value in reading.values {
                guard let amount = value.amount else { continue }
                json.object { json in
                    json.member("quantity", value.quantity.reference)
                    json.member("value", amount.description)
                    json.member("unit", value.unit.ucum)
                    if value.aspect != .plain { json.member("aspect", value.aspect.name) }
                }
            }
        }
        json.array("absent") { json in
            for value in reading.values {
                guard let reason = value.absence else { continue }
                json.object { json in
                    json.member("quantity", value.quantity.reference)
                    json.member("reason", reason.code)
                    if value.aspect != .plain { json.member("aspect", value.aspect.name) }
                }
            }
        }
        if !reading.curves.isEmpty {
            json.array("curves") { json in
                for curve in reading.curves {
                    json.object { json in
                        json.member("quantity", curve.quantity.reference)
                        json.member("unit", curve.unit.ucum)
                        json.member("period", "\(curve.period / .microseconds(1)) us")
                        json.array("values") { json in
                            for sample in curve.samples {
                                json.string(Amount(sample, exponent: curve.exponent).description)
                            }
                        }
                    }
                }
            }
        }
        json.object("taken") { json in
            switch reading.taken {
            case .now: json.member("kind", "now")
            case .unknown: json.member("kind", "unknown")
            case .clock(let time):
                json.member("kind", "clock")
                json.member("value", time.description)
            case .ticks(let count, let resolution), .age(let count, let resolution):
                if case .age = reading.taken { json.member("kind", "age") } else { json.member("kind", "ticks") }
                json.member("value", String(count))
                json.member("resolution", "\(resolution / .microseconds(1)) us")
            }
        }
        if let sequence = reading.sequence { json.member("sequence", sequence) } else { json.null("sequence") }
        if let user = reading.user { json.member("user", user) } else { json.null("user") }
        json.array("remarks") { json in
            for remark in reading.remarks { json.string(remark.name) }
        }
    }
    return json.text
}
