// SPDX-License-Identifier: Apache-2.0
// Files and models of any size for `lockstep bench growth`, the same every time.

import Foundation
import Lockstep

enum GrowthFiles {
    /// Rows of seven columns of texts of 24 characters, of a thousand each, and a class.
    static func texts(_ rows: Int, to path: String) throws {
        try lines(rows, to: path, header: "a,b,c,d,e,f,g,y") { row in
            let words = (0..<7).map {
                "category number \(100_000 + ((row &* 2_654_435_761 &+ $0 &* 40_503) & .max) % 1000)"
            }
            return words.joined(separator: ",") + ",\(row % 2 == 0 ? "yes" : "no")"
        }
    }

    /// Rows of columns of numbers, and a number.
    static func numbers(_ rows: Int, columns: Int = 20, to path: String) throws {
        let header = (0..<columns).map { "x\($0)" }.joined(separator: ",") + ",y"
        try lines(rows, to: path, header: header) { row in
            (0...columns).map { "\(Double(((row &* 2_654_435_761 &+ $0 &* 40_503) & .max) % 1_000_003) / 1000)" }
                .joined(separator: ",")
        }
    }

    /// Four rows of each category, and a number.
    static func categories(_ count: Int, to path: String) throws {
        try lines(4 * count, to: path, header: "a,y") { row in "category \(row % count),\(Double(row % 101) / 4)" }
    }

    /// A NumPy file of an array [rows, 64] of float32.
    static func array(bytes: Int, to path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        defer { try? file.close() }
        let rows = bytes / 256
        let words = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), 64), }"
        let header = words + String(repeating: " ", count: 117 - words.utf8.count) + "\n"
        try file.write(contentsOf: Data([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8)))
        let part = Data(count: 1 << 20)
        var left = rows * 256
        while left > 0 {
            try file.write(contentsOf: part.prefix(left))
            left -= part.count
        }
    }

    /// Lines of words.
    static func characters(_ bytes: Int, to path: String) throws {
        try lines(bytes / 64, to: path, header: "") { row in
            String("\(row) the quick brown fox jumps over the lazy dog; how vexingly quick daft zebras".prefix(63))
        }
    }

    private static func lines(_ rows: Int, to path: String, header: String, _ line: (Int) -> String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw CocoaError(.fileWriteUnknown) }
        defer { try? file.close() }
        var text = header.isEmpty ? "" : header + "\n"
        for row in 0..<rows {
            text += line(row) + "\n"
            if text.utf8.count > 1 << 20 {
                try file.write(contentsOf: Data(text.utf8))
                text = ""
            }
        }
        try file.write(contentsOf: Data(text.utf8))
    }

    /// A model of about so many parameters, in six tensors.
    static func model(parameters: Int) -> Sequential { Sequential([GrowthWeights(6, each: parameters / 6)]) }

    /// A model of so many tensors.
    static func model(tensors: Int) -> Sequential { Sequential([GrowthWeights(tensors, each: 16)]) }
}

/// Weights that are there to be saved, each of which has a gradient.
private final class GrowthWeights: Module, UnaryLayer {
    private let weights: [GrowthWeight]

    init(_ count: Int, each: Int) {
        weights = (0..<count).map { _ in GrowthWeight(each) }
        super.init()
    }

    func callAsFunction(_ input: Tensor) -> Tensor { weights.reduce(input) { $0 + $1.weight.sum() } }
}

private final class GrowthWeight: Module {
    @Parameter var weight: Tensor

    init(_ count: Int) {
        _weight = Parameter(wrappedValue: .zeros([count]))
        super.init()
    }
}
