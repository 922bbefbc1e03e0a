// SPDX-License-Identifier: Apache-2.0
// The texts that are predicted or made into vectors: rows of a table, lines, or files.

import Foundation
import Lockstep
import LockstepData

/// Texts from the place that a command names.
struct TextList {
    /// The rows, lines or files, as items of a data set.
    let items: [Any]
    /// The texts alone, second ones behind first ones: how long an item is.
    let texts: [String]
    /// What leads a line of answers: the name of a text's file; nil where the order says it.
    let names: [String]?

    /// What says that a file holds a text a line.
    static let endings = ["txt", "text", "txt.gz", "text.gz"]

    /// Reads `place`: `-` for the lines of standard input, a `.txt` for the lines of a file, a folder for its `.txt` files, a text each,
    /// and otherwise a CSV table with `columns`. Collective where it is standard input, which one rank has.
    ///
    /// - Throws: ``Failure``, and `DataError` naming the file, and the line where a text is missing or not UTF-8.
    init(_ place: String, _ columns: TextColumns, over ranks: any Communicator) throws {
        let isStandardInput = RowsInput.isStandardInput(place)
        if !isStandardInput, Files.isFolder(place) {
            let files = try FileList.files(in: place, extensions: ["txt", "text"])
            guard !files.isEmpty else { throw Failure.noInput("\(place): holds no text files (.txt, .text)") }
            try Self.refusePairs(columns, place)
            names = files
            texts = try files.map { try Self.text(try Files.read($0), $0) }
            items = texts
        } else if isStandardInput || Self.endings.contains(where: { place.lowercased().hasSuffix("." + $0) }) {
            try Self.refusePairs(columns, place)
            let name = isStandardInput ? "standard input" : place
            let bytes = isStandardInput ? try RowsInput.standardInput(over: ranks) : try Files.read(place)
            texts = try Self.lines(Self.unpacked(bytes, name), name)
            (items, names) = (texts, nil)
        } else {
            let table = try CSV.read(place, options: columns.readingOptions(of: Set(columns.inputs)))
            let all = try columns.inputs.map { name in
                try table.column(name).texts.enumerated().map { row, text in
                    if let text { return text }
                    throw DataError(
                        .mismatch, file: place, at: .line(table.lines[row]), "has no value in the column “\(name)”",
                        remedy: "Leave the row out, or fill it in")
                }
            }
            // As in training: further columns follow the first, and the second text comes last.
            let parts = columns.pair == nil ? all[...] : all.dropLast()
            let firsts = (0..<table.rowCount).map { row in parts.map { $0[row] }.joined(separator: "\n") }
            let pairs = columns.pair == nil ? nil : all.last
            items = pairs.map { zip(firsts, $0).map { [$0, $1] } } ?? firsts
            texts = pairs.map { zip(firsts, $0).map { $0 + $1 } } ?? firsts
            names = nil
        }
    }

    private static func refusePairs(_ columns: TextColumns, _ place: String) throws {
        guard let pair = columns.pair else { return }
        throw Failure.usage(
            "\(place): a class is that of two texts; give a CSV table with the columns \(columns.text) and \(pair)")
    }

    private static func unpacked(_ bytes: [UInt8], _ file: String) throws -> [UInt8] {
        Gzip.isGzip(bytes) ? try Gzip.decompress(bytes, file: file) : bytes
    }

    /// The lines of a text, which end with a line feed, or a carriage return and one; the last need not.
    private static func lines(_ bytes: [UInt8], _ file: String) throws -> [String] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        if lines.last?.isEmpty ?? false { lines.removeLast() }
        return try lines.map { try text($0.last == 0x0D ? Array($0.dropLast()) : Array($0), file) }
    }

    private static func text(_ bytes: [UInt8], _ file: String) throws -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw DataError(
                .malformed, file: file, "is not UTF-8 text", remedy: "Convert it, for example with iconv -t UTF-8")
        }
        return text
    }
}

extension TextList {
    /// The batches that a rank computes, every n-th: the longest come first, so that all get as much.
    func batches(_ size: Int, over ranks: any Communicator) -> [[Int]] {
        let all = LengthOrder.batches(of: texts, batchSize: size)
        return stride(from: ranks.rank, to: all.count, by: ranks.size).map { all[$0] }
    }

    /// Rows of numbers, made by all ranks batch by batch, in the order of the texts: on rank 0, nil elsewhere. Collective.
    ///
    /// - Parameters:
    ///   - own: those of this rank's batches.
    ///   - width: numbers in a row.
    func gathered<Number: BitwiseCopyable & AdditiveArithmetic>(
        _ own: [Number], _ batches: [[Int]], width: Int, over ranks: any Communicator, name: String
    ) throws -> [Number]? {
        let parts = try ranks.gatherVariable(own, to: 0, name: name)
        let places = try ranks.gatherVariable(batches.flatMap(\.self), to: 0, name: name)
        guard let parts, let places else { return nil }
        var result = [Number](repeating: .zero, count: texts.count * width)
        for (numbers, rows) in zip(parts, places) {
            for (row, place) in rows.enumerated() {
                result.replaceSubrange(
                    place * width..<(place + 1) * width, with: numbers[row * width..<(row + 1) * width])
            }
        }
        return result
    }
}
