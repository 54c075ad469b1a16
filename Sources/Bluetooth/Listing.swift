import Core

/// One of the four requests that list attributes, and what its answer is made of.
struct Listing {
    let request: ATT.Opcode
    /// The attribute type that is asked for, in the request.
    let type: [UInt8]
    let isGrouped: Bool
    /// What the answer's second byte may be, with the size of a row.
    let rowSizes: [UInt8: Int]

    static let services = Listing(
        request: .readByGroupTypeRequest, type: ATT.primaryService.attBytes, isGrouped: true, rowSizes: [6: 6, 20: 20])
    static let includes = Listing(
        request: .readByTypeRequest, type: ATT.include.attBytes, isGrouped: false, rowSizes: [6: 6, 8: 8])
    static let characteristics = Listing(
        request: .readByTypeRequest, type: ATT.characteristic.attBytes, isGrouped: false, rowSizes: [7: 7, 21: 21])
    static let descriptors = Listing(
        request: .findInformationRequest, type: [], isGrouped: false, rowSizes: [1: 4, 2: 18])

    /// The rows of `opcode, size or format, row, row, …`: at least one, and each whole.
    func rows(_ pdu: [UInt8]) throws(Malformed) -> [ArraySlice<UInt8>] {
        guard pdu.count > 2, let size = rowSizes[pdu[1]], (pdu.count - 2) % size == 0 else {
            throw .invalid(at: 1, expected: .attributeList)
        }
        return stride(from: 2, to: pdu.count, by: size).map { pdu[$0..<$0 + size] }
    }
}
