// SPDX-License-Identifier: Apache-2.0
// Reads pickles of state dictionaries: a stack, a memo and 36 instructions, none of which runs anything.

/// A reader of Python's pickles that makes values and calls nothing.
///
/// A pickle is a program for a stack machine that may name any function of Python and have it called. This machine knows the
/// instructions and the names (``PickleName``) that PyTorch's state dictionaries are written with; whatever else a pickle
/// wants is an error that names it. Instructions change dictionaries and lists only, and memory grows with the number of
/// instructions, whatever they say.
struct PickleMachine {
    let bytes: [UInt8]
    /// Where the bytes lie in the file.
    let base: Int
    let file: String
    var position = 0

    var sequences: [PickleSequence] = []
    var dictionaries: [[(key: PickleValue, value: PickleValue)]] = []
    var storages: [PickleStorage] = []
    var tensors: [PickleTensor] = []
    var storageNumbers: [String: Int] = [:]
    private var stack: [PickleValue] = []
    /// The heights of the stack at its marks.
    private var marks: [Int] = []
    private var memo: [PickleValue?] = []

    static let remedy =
        "Weights alone are read here. In Python, if you trust who made the file, "
        + "write them with torch.save(model.state_dict(), …) or as safetensors"

    init(_ bytes: [UInt8], base: Int, file: String) { (self.bytes, self.base, self.file) = (bytes, base, file) }

    /// The value of the pickle that begins here; afterwards `position` is behind it.
    mutating func run() throws(DataError) -> PickleValue {
        (stack, marks, memo) = ([], [], [])
        guard position < bytes.count else { throw error(.truncated, "the file ends where a pickle should begin") }
        guard bytes[position] == 0x80 else { throw error(.malformed, "no pickle of protocol 2 or later begins here") }
        while true {
            let start = position
            if try step(try byte()) { continue }
            guard stack.count == 1, marks.isEmpty else {
                throw error(.malformed, at: start, "the pickle ends with \(stack.count) values instead of one")
            }
            return stack[0]
        }
    }

    /// Does what `code` says; false at the end.
    private mutating func step(_ code: UInt8) throws(DataError) -> Bool {
        switch code {
        case 0x80:  // PROTO
            let version = try byte()
            guard (2...5).contains(version) else { throw refusal("a pickle of protocol \(version)") }
        case 0x95:  // FRAME
            let length = try unsigned(8)
            guard length <= bytes.count - position else { throw error(.truncated, "a frame is longer than the pickle") }
        case 0x2E: return false  // STOP
        case 0x28: marks.append(stack.count)  // MARK
        case 0x4E: stack.append(.none)  // NONE
        case 0x88: stack.append(.bool(true))  // NEWTRUE
        case 0x89: stack.append(.bool(false))  // NEWFALSE
        case 0x4A: stack.append(.integer(Int(Int32(truncatingIfNeeded: try unsigned(4)))))  // BININT
        case 0x4B: stack.append(.integer(try unsigned(1)))  // BININT1
        case 0x4D: stack.append(.integer(try unsigned(2)))  // BININT2
        case 0x8A: stack.append(try long(try unsigned(1)))  // LONG1
        case 0x47: stack.append(.real(try real()))  // BINFLOAT
        case 0x58: stack.append(.text(try text(try unsigned(4))))  // BINUNICODE
        case 0x8C, 0x55: stack.append(.text(try text(try unsigned(1))))  // SHORT_BINUNICODE, SHORT_BINSTRING
        case 0x29: push([], isTuple: true)  // EMPTY_TUPLE
        case 0x74: push(try popToMark(), isTuple: true)  // TUPLE
        case 0x85, 0x86, 0x87: push(try pop(Int(code) - 0x84), isTuple: true)  // TUPLE1, TUPLE2, TUPLE3
        case 0x5D: push([], isTuple: false)  // EMPTY_LIST
        case 0x61: try append(try pop(1))  // APPEND
        case 0x65: try append(try popToMark())  // APPENDS
        case 0x7D:  // EMPTY_DICT
            stack.append(.dictionary(dictionaries.count))
            dictionaries.append([])
        case 0x73: try set(try pop(2))  // SETITEM
        case 0x75: try set(try popToMark())  // SETITEMS
        case 0x63: stack.append(.name(try name(module: try line(), try line())))  // GLOBAL
        case 0x93: try stackGlobal()  // STACK_GLOBAL
        case 0x52: try reduce()  // REDUCE
        case 0x62: try build()  // BUILD
        case 0x51: try persistent()  // BINPERSID
        case 0x71: try remember(try unsigned(1))  // BINPUT
        case 0x72: try remember(try unsigned(4))  // LONG_BINPUT
        case 0x94: try remember(memo.count)  // MEMOIZE
        case 0x68: try recall(try unsigned(1))  // BINGET
        case 0x6A: try recall(try unsigned(4))  // LONG_BINGET
        default:
            throw refusal("the instruction \(PickleMachine.instruction(code))")
        }
        return true
    }

    // MARK: Stack

    mutating func push(_ value: PickleValue) { stack.append(value) }

    private mutating func push(_ items: [PickleValue], isTuple: Bool) {
        stack.append(.sequence(sequences.count))
        sequences.append(PickleSequence(isTuple: isTuple, items: items))
    }

    /// The last values, in their order; none from below a mark.
    mutating func pop(_ count: Int) throws(DataError) -> [PickleValue] {
        guard stack.count - (marks.last ?? 0) >= count else {
            throw error(.malformed, "an instruction lacks its values")
        }
        defer { stack.removeLast(count) }
        return Array(stack.suffix(count))
    }

    private mutating func popToMark() throws(DataError) -> [PickleValue] {
        guard let mark = marks.popLast() else { throw error(.malformed, "an instruction lacks its mark") }
        defer { stack.removeLast(stack.count - mark) }
        return Array(stack[mark...])
    }

    /// The value on top, which stays.
    func top() throws(DataError) -> PickleValue {
        guard stack.count > marks.last ?? 0, let last = stack.last else {
            throw error(.malformed, "an instruction lacks its values")
        }
        return last
    }

    private mutating func append(_ items: [PickleValue]) throws(DataError) {
        guard case .sequence(let number) = try top(), !sequences[number].isTuple else {
            throw refusal("adding to \(try top().kind), which is no list,")
        }
        sequences[number].items += items
    }

    private mutating func set(_ items: [PickleValue]) throws(DataError) {
        guard case .dictionary(let number) = try top() else {
            throw refusal("setting an item of \(try top().kind), which is no dictionary,")
        }
        guard items.count % 2 == 0 else { throw error(.malformed, "a key of a dictionary without a value") }
        for index in stride(from: 0, to: items.count, by: 2) {
            switch items[index] {
            case .text, .integer: dictionaries[number].append((items[index], items[index + 1]))
            default: throw refusal("\(items[index].kind) as the key of a dictionary")
            }
        }
    }

    // MARK: Memo

    private mutating func remember(_ index: Int) throws(DataError) {
        // Numbers grow one by one in what Python writes; one that is larger than all bytes read would only take memory.
        guard index <= position else {
            throw error(.malformed, "the memo's number \(index) is far beyond what was written")
        }
        let value = try top()
        if index >= memo.count { memo.append(contentsOf: repeatElement(nil, count: index + 1 - memo.count)) }
        memo[index] = value
    }

    private mutating func recall(_ index: Int) throws(DataError) {
        guard index < memo.count, let value = memo[index] else {
            throw error(.malformed, "the memo's number \(index) is read and was never written")
        }
        stack.append(value)
    }

    // MARK: Bytes

    private mutating func take(_ count: Int) throws(DataError) -> ArraySlice<UInt8> {
        guard count <= bytes.count - position else { throw error(.truncated, "the pickle ends inside an instruction") }
        defer { position += count }
        return bytes[position..<position + count]
    }

    private mutating func byte() throws(DataError) -> UInt8 {
        guard position < bytes.count else { throw error(.truncated, "the pickle does not end") }
        defer { position += 1 }
        return bytes[position]
    }

    private mutating func unsigned(_ width: Int) throws(DataError) -> Int {
        let value = try take(width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard let number = Int(exactly: value) else { throw error(.tooLarge, "a length of \(value)") }
        return number
    }

    private mutating func long(_ count: Int) throws(DataError) -> PickleValue {
        let start = position
        let digits = try take(count)
        guard count <= 8 else { return .large(PickleText(start: UInt32(start), count: UInt32(count))) }
        let isNegative = digits.last.map { $0 >= 0x80 } ?? false
        return .integer(Int(digits.reversed().reduce(isNegative ? Int64(-1) : 0) { $0 << 8 | Int64($1) }))
    }

    private mutating func real() throws(DataError) -> Double {
        Double(bitPattern: try take(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) })
    }

    private mutating func text(_ count: Int) throws(DataError) -> PickleText {
        let start = position
        guard String(validating: try take(count), as: UTF8.self) != nil else {
            throw error(.malformed, at: start, "a text that is not UTF-8")
        }
        return PickleText(start: UInt32(start), count: UInt32(count))
    }

    private mutating func line() throws(DataError) -> String {
        let rest = bytes[position...].prefix(512)
        guard let end = rest.firstIndex(of: 0x0A), let text = String(validating: rest[..<end], as: UTF8.self) else {
            throw error(.malformed, "a name that does not end")
        }
        position = end + 1
        return text
    }

    /// The text that a value stands for.
    func string(_ text: PickleText) -> String {
        let start = Int(text.start)
        return String(decoding: bytes[start..<start + Int(text.count)], as: UTF8.self)
    }

    // MARK: Names and errors

    private mutating func stackGlobal() throws(DataError) {
        let parts = try pop(2)
        guard case .text(let module) = parts[0], case .text(let called) = parts[1] else {
            throw error(.malformed, "a name that is not made of texts")
        }
        stack.append(.name(try name(module: string(module), string(called))))
    }

    private func name(module: String, _ name: String) throws(DataError) -> PickleName {
        guard let known = PickleName(module: module, name: name) else {
            throw refusal("“\(PickleMachine.visible(module)).\(PickleMachine.visible(name))”")
        }
        return known
    }

    /// The beginning of a name, with what a terminal would obey spelled out.
    private static func visible(_ text: String) -> String {
        text.unicodeScalars.prefix(100).map {
            $0.isASCII && $0.value >= 0x20 && $0.value < 0x7F ? String($0) : "\\u{\(hex($0.value))}"
        }
        .joined()
    }

    func error(_ code: DataError.Code, at place: Int? = nil, _ reason: String, remedy: String? = nil) -> DataError {
        DataError(code, file: file, at: .byte(base + (place ?? position)), reason, remedy: remedy)
    }

    /// What no state dictionary needs, by its name.
    func refusal(_ what: String) -> DataError {
        error(
            .unsupported, "\(what) is nothing that a state dictionary needs, and is refused",
            remedy: PickleMachine.remedy)
    }

    private static func instruction(_ code: UInt8) -> String {
        (others[code].map { $0 + " " } ?? "") + "0x\(hex(code))"
    }

    /// The other instructions of pickles, by their names.
    private static let others: [UInt8: String] = [
        0x30: "POP", 0x31: "POP_MARK", 0x32: "DUP", 0x46: "FLOAT", 0x49: "INT", 0x4C: "LONG", 0x50: "PERSID",
        0x53: "STRING", 0x54: "BINSTRING", 0x56: "UNICODE", 0x42: "BINBYTES", 0x43: "SHORT_BINBYTES", 0x64: "DICT",
        0x67: "GET", 0x69: "INST", 0x6C: "LIST", 0x6F: "OBJ", 0x70: "PUT", 0x81: "NEWOBJ", 0x82: "EXT1", 0x83: "EXT2",
        0x84: "EXT4", 0x8B: "LONG4", 0x8D: "BINUNICODE8", 0x8E: "BINBYTES8", 0x8F: "EMPTY_SET", 0x90: "ADDITEMS",
        0x91: "FROZENSET", 0x92: "NEWOBJ_EX", 0x96: "BYTEARRAY8", 0x97: "NEXT_BUFFER", 0x98: "READONLY_BUFFER",
    ]
}
