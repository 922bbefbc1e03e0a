// SPDX-License-Identifier: Apache-2.0
// Splits CSV bytes into records and fields without copying; knows the line numbers.

/// Where one field lies in the file's bytes, without its quotes.
struct CSVField {
    var start: Int
    var end: Int
    /// It holds doubled quotes that stand for one.
    var hasEscapes: Bool
}

/// A cursor over the records of a CSV file. Copies are independent, and hold what is in memory of the file together.
struct CSVScanner {
    /// What is in memory of the file; fields lie in it until the next record is asked for.
    private(set) var bytes: [UInt8]
    let file: String
    private let delimiter: UInt8
    private var position: Int
    private var line = 1
    /// The line on which the latest record starts.
    private(set) var recordLine = 1
    /// The file, of which `bytes` ends where `end` says; nil once nothing follows.
    private var rest: CSVSource.OpenFile?
    private var end: Int

    /// - Throws: `DataError` (`.unreadable`).
    init(_ source: CSVSource, delimiter: UInt8, file: String) throws(DataError) {
        self.file = file
        self.delimiter = delimiter
        (position, end) = (0, 0)
        switch source {
        case .bytes(let all): bytes = all
        case .file(let opened):
            (bytes, rest) = ([], opened)
            try readOn()
        }
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Drops what lies before the position, and reads at least as much again as is left.
    private mutating func readOn() throws(DataError) {
        guard let rest else { return }
        bytes.removeSubrange(..<position)
        position = 0
        try Room.require(2 * bytes.count, for: "has a record of more than \(bytes.count) bytes", file: file)
        let more = try rest.read(max(rest.window, bytes.count), at: end)
        end += more.count
        bytes += more
        if more.isEmpty { self.rest = nil }
    }

    /// Puts the next record's fields into `fields`; false at the end of the file. Lines without a byte are skipped.
    mutating func nextRecord(into fields: inout [CSVField]) throws(DataError) -> Bool {
        while true {
            let (start, startLine) = (position, line)
            do throws(DataError) {
                let isRecord = try scanRecord(into: &fields)
                if rest == nil || position < bytes.count { return isRecord }
            } catch {
                if rest == nil || position < bytes.count { throw error }
            }
            // What ends where the memory does may go on in the file.
            (position, line) = (start, startLine)
            try readOn()
        }
    }

    private mutating func scanRecord(into fields: inout [CSVField]) throws(DataError) -> Bool {
        fields.removeAll(keepingCapacity: true)
        while position < bytes.count, isLineEnd(bytes[position]) { endLine() }
        guard position < bytes.count else { return false }
        recordLine = line
        while true {
            fields.append(try position < bytes.count && bytes[position] == quote ? quotedField() : plainField())
            guard position < bytes.count else { return true }
            if bytes[position] == delimiter {
                position += 1
            } else {
                endLine()
                return true
            }
        }
    }

    /// The field as a string.
    ///
    /// - Throws: `DataError` when it is not UTF-8.
    func text(_ field: CSVField) throws(DataError) -> String {
        let slice = bytes[field.start..<field.end]
        let text =
            field.hasEscapes
            ? String(validating: unescaped(slice), as: UTF8.self) : String(validating: slice, as: UTF8.self)
        guard let text else {
            throw DataError(
                .malformed, file: file, at: .line(recordLine), "a field is not UTF-8 text",
                remedy: "Convert the file first, for example: iconv -f LATIN1 -t UTF-8")
        }
        return text
    }

    /// Calls `body` with the bytes of the field's text.
    func withBytes<Result>(of field: CSVField, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        if field.hasEscapes { return unescaped(bytes[field.start..<field.end]).withUnsafeBytes(body) }
        return bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[field.start..<field.end])) }
    }

    private let quote = UInt8(ascii: "\"")

    private func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    /// Steps over CRLF, LF or CR.
    private mutating func endLine() {
        if bytes[position] == 0x0D, position + 1 < bytes.count, bytes[position + 1] == 0x0A { position += 1 }
        position += 1
        line += 1
    }

    private mutating func plainField() throws(DataError) -> CSVField {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            if byte == delimiter || isLineEnd(byte) { break }
            if byte == quote {
                throw DataError(
                    .malformed, file: file, at: .line(line), "a quote in the middle of an unquoted field",
                    remedy: "Put the whole field in double quotes and double the quotes inside it")
            }
            position += 1
        }
        return CSVField(start: start, end: position, hasEscapes: false)
    }

    private mutating func quotedField() throws(DataError) -> CSVField {
        let openedOn = line
        position += 1
        var field = CSVField(start: position, end: position, hasEscapes: false)
        while position < bytes.count {
            let byte = bytes[position]
            if isLineEnd(byte) {
                endLine()
            } else if byte != quote {
                position += 1
            } else if position + 1 < bytes.count, bytes[position + 1] == quote {
                field.hasEscapes = true
                position += 2
            } else {
                field.end = position
                position += 1
                guard position == bytes.count || bytes[position] == delimiter || isLineEnd(bytes[position]) else {
                    throw DataError(
                        .malformed, file: file, at: .line(line), "text follows the closing quote of a field",
                        remedy: "A quote inside a quoted field must be doubled")
                }
                return field
            }
        }
        throw DataError(.truncated, file: file, at: .line(openedOn), "the quote opened on this line is never closed")
    }

    private func unescaped(_ slice: ArraySlice<UInt8>) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(slice.count)
        var index = slice.startIndex
        while index < slice.endIndex {
            result.append(slice[index])
            // Inside a field every quote is the first of two.
            index += slice[index] == quote ? 2 : 1
        }
        return result
    }
}
