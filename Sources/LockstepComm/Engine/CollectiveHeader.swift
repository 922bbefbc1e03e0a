// SPDX-License-Identifier: Apache-2.0
// What a rank says about the collective it enters, and the comparison that keeps ranks from talking past each other.
internal import CMPI

enum CollectiveKind: UInt32 {
    case agree = 1, allReduce, reduceScatter, allGather, gather, broadcast, split, allocate, reduceArena, depart,
        failure

    var name: String {
        switch self {
        case .agree: "agree"
        case .allReduce: "allReduce"
        case .reduceScatter: "reduceScatter"
        case .allGather: "allGather"
        case .gather: "gather"
        case .broadcast: "broadcast"
        case .split: "split"
        case .allocate: "allocateShared"
        case .reduceArena: "reduce"
        case .depart: "the end of the program"
        case .failure: "failure"
        }
    }

    /// Counts may differ between ranks.
    var hasVariableCount: Bool { self == .gather || self == .split || self == .allocate }
}

/// One collective as the caller describes it.
struct CollectiveCall {
    var kind: CollectiveKind
    var count = 0
    var type = ElementType.byte
    var operation = ReductionOperation.sum
    var root = -1
    var name = ""
    var weight = 1.0
    var status: StatusWord = []
}

/// Reads the header in shared memory.
enum CollectiveHeader {
    /// Fills `header` in place; the name's text is for messages only.
    static func write(
        _ call: CollectiveCall, sequence: UInt64, status: StatusWord, into header: UnsafeMutablePointer<cmpi_header>
    ) {
        header.pointee.sequence = sequence
        header.pointee.count = UInt64(call.count)
        header.pointee.weight = call.weight
        header.pointee.status = status.rawValue
        header.pointee.kind = call.kind.rawValue
        header.pointee.type = call.type.rawValue
        header.pointee.operation = call.operation.rawValue
        header.pointee.root = Int32(call.root)
        var name = call.name
        header.pointee.name_hash = name.withUTF8 { cmpi_hash($0.baseAddress, $0.count) }
        storeText(name, at: cmpi_header_name(header), capacity: Int32(CMPI_NAME_BYTES))
    }

    /// True if two ranks mean the same collective.
    static func agree(_ a: UnsafePointer<cmpi_header>, _ b: UnsafePointer<cmpi_header>) -> Bool {
        a.pointee.kind == b.pointee.kind && a.pointee.sequence == b.pointee.sequence
            && a.pointee.name_hash == b.pointee.name_hash
            && a.pointee.type == b.pointee.type && a.pointee.operation == b.pointee.operation
            && a.pointee.root == b.pointee.root
            && (a.pointee.count == b.pointee.count
                || CollectiveKind(rawValue: a.pointee.kind)?.hasVariableCount == true)
    }

    /// "allReduce sum of 100 float32 'loss' (collective 17)".
    static func describe(_ header: UnsafeMutablePointer<cmpi_header>) -> String {
        guard let kind = CollectiveKind(rawValue: header.pointee.kind) else { return "no collective" }
        let name = loadText(at: cmpi_header_name(header), capacity: Int32(CMPI_NAME_BYTES))
        let type = ElementType(rawValue: header.pointee.type) ?? .byte
        let operation = ReductionOperation(rawValue: header.pointee.operation) ?? .sum
        var text = kind.name
        switch kind {
        case .allReduce, .reduceScatter: text += " \(operation) of \(header.pointee.count) \(type)"
        case .reduceArena: text += " of \(header.pointee.count) \(type)"
        case .allGather, .gather, .allocate: text += " of \(header.pointee.count) \(type)"
        case .broadcast: text += " of \(header.pointee.count) \(type) from rank \(header.pointee.root)"
        case .agree, .split, .depart, .failure: break
        }
        if !name.isEmpty, name != kind.name { text += " '\(name)'" }
        return text
    }

    /// The collective a rank entered last.
    static func latest(of record: UnsafeMutablePointer<cmpi_record>) -> String {
        let (even, odd) = (cmpi_record_header(record, 0), cmpi_record_header(record, 1))
        let newer = odd.pointee.sequence > even.pointee.sequence ? odd : even
        return newer.pointee.sequence == 0 ? "the start" : "\(describe(newer)) (collective \(newer.pointee.sequence))"
    }
}
