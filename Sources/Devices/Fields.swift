import Core

/// What the layouts of the Bluetooth SIG have in common.
extension ByteReader {
    /// A byte of flags, of which `reserved` must be 0: what a reserved bit announces is unknown, so is all behind it.
    mutating func flags(reserved: UInt8) throws(Malformed) -> UInt8 {
        let at = offset, flags = try u8()
        guard flags & reserved == 0 else { throw .reserved(at: at, bits: UInt32(flags & reserved)) }
        return flags
    }

    /// A user slot; 255 is nobody in particular.
    mutating func user() throws(Malformed) -> Int? {
        let user = try u8()
        return user == 0xFF ? nil : Int(user)
    }

    /// Bytes behind the layout: a newer version of it, or a device's own addition.
    func remarkTrailing(in remarks: inout Remarks) {
        if !isAtEnd { remarks.insert(.partlyDecoded) }
    }
}
