import Core

extension Peer {
    /// What the device has and lets be read; nil where it lacks the characteristic or refuses.
    func readIfAllowed(_ characteristic: BluetoothUUID) async throws(Fault) -> [UInt8]? {
        guard has(characteristic) else { return nil }
        do throws(Fault) {
            return try await read(characteristic)
        } catch {
            guard case .device(.refused) = error else { throw error }
            return nil
        }
    }

    /// Writes what the device has and lets be written; a refusal is no reason to leave its readings where they are.
    func writeIfAllowed(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault) {
        guard has(characteristic) else { return }
        do throws(Fault) {
            try await write(value, to: characteristic)
        } catch {
            guard case .device(.refused) = error else { throw error }
        }
    }

    /// The Device Information Service (0x180A), as far as the device has it; nil where it says nothing at all.
    func deviceInformation() async throws(Fault) -> DeviceInformation? {
        var information = DeviceInformation()
        information.manufacturer = try await text(0x2A29)
        information.model = try await text(0x2A24)
        information.serial = try await text(0x2A25)
        information.firmware = try await text(0x2A26)
        information.hardware = try await text(0x2A27)
        information.systemID = try await readIfAllowed(0x2A23).flatMap(systemID)
        return information == DeviceInformation() ? nil : information
    }

    /// UTF-8, without the blanks, zeros and other unprintables that makers pad it with.
    private func text(_ characteristic: BluetoothUUID) async throws(Fault) -> String? {
        guard let bytes = try await readIfAllowed(characteristic) else { return nil }
        let printable = String(decoding: bytes, as: UTF8.self).unicodeScalars
            .filter { $0.value >= 0x20 && $0.value != 0x7F && $0 != "\"" }
        let words = String(String.UnicodeScalarView(printable)).split(separator: " ")
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}

/// System ID (0x2A23): eight bytes, least significant first. All zero is none.
private func systemID(_ bytes: [UInt8]) -> UInt64? {
    guard bytes.count == 8, bytes.contains(where: { $0 != 0 }) else { return nil }
    return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
}
