// SPDX-License-Identifier: Apache-2.0
// Tables larger than memory: files that pass through a window, values that lie on the disk.
import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tables: larger than memory")
struct LargeTableTests {
    private static let length = ColumnStore.blockLength

    /// A store whose values all lie on the disk, or in memory.
    private static func store(onDisk: Bool) -> ColumnStore { ColumnStore(memoryLimit: onDisk ? 0 : .max) }

    private static func values<Element>(_ elements: [Element], onDisk: Bool) throws -> CSVValues<Element> {
        let store = store(onDisk: onDisk)
        let builder = CSVValues<Element>.Builder(store)
        for element in elements { try builder.append(element) }
        try builder.seal()
        try store.finish()
        return builder.values()
    }

    @Test(
        "values are the same in memory and on the disk",
        arguments: [0, 1, 2, 15, 16, 17, 65_535, 65_536, 65_537, 200_003])
    func values(count: Int) throws {
        let numbers = (0..<count).map { $0 &* 2_654_435_761 % 1_000_003 }
        for onDisk in [false, true] {
            let found = try Self.values(numbers, onDisk: onDisk)
            #expect(found.count == count && found.elementsEqual(numbers))
            // What was given back is read again.
            found.release()
            #expect(Array(found) == numbers && found == CSVValues(numbers))
            let few = Array(found.indices.suffix(3)) + found.indices.prefix(2)
            var seen: [Int] = []
            found.forEach(in: few) { seen += [$0, $1] }
            #expect(seen == few.flatMap { [$0, numbers[$0]] })
            let marks = try Self.values(numbers.map { $0 % 2 == 0 }, onDisk: onDisk)
            #expect(marks.elementsEqual(numbers.map { $0 % 2 == 0 }))
        }
        #expect(CSVValues(numbers) != CSVValues(numbers + [1]))
    }

    @Test("a pipe is read once, from its one writer")
    func pipes() throws {
        try withTemporaryFolder { folder in
            let path = folder + "/pipe"
            #expect(mkfifo(path, 0o600) == 0)
            let bytes = Array("a,b\n1,2\n3,4\n".utf8)
            let writer = Thread { try? FileHandle(forWritingTo: URL(filePath: path)).write(contentsOf: Data(bytes)) }
            writer.start()
            Self.expectEqual(try CSV.read(path), try CSV.parse(bytes, file: path))
        }
    }

    @Test("a table is another one under another split")
    func fingerprints() throws {
        let rows = (0..<30).map { "\($0),\(Double($0) / 4)\n" }.joined()
        let table = try CSV.parse(Array(("x,y\n" + rows).utf8), file: "t.csv")
        func data(_ seed: UInt64) throws -> [any Dataset] {
            let split = Splitter.random(0.2, seed: seed)
            let loaders = try DataLoaders.table(table, target: "y", batchSize: 4, split: split).loaders
            return try [0, 1].map { try #require(loaders[$0].dataset) }
        }
        func sum(_ dataset: any Dataset) -> UInt64 {
            var fingerprint = Fingerprint()
            fingerprint.add(dataset)
            return fingerprint.value
        }
        let sums = try (data(1) + data(2)).map(sum)
        #expect(try Set(sums).count == 4 && data(1).map(sum) == Array(sums.prefix(2)))
    }

    @Test("what is given up leaves nothing, and more can be taken", arguments: [1, 65_536, 65_540])
    func givenUp(count: Int) throws {
        for onDisk in [false, true] {
            let store = Self.store(onDisk: onDisk)
            let (empty, again) = (CSVValues<Int>.Builder(store), CSVValues<Int>.Builder(store))
            for builder in [empty, again] {
                for number in 0..<count { try builder.append(number) }
                builder.drop()
            }
            try again.append(7)
            for builder in [empty, again] { try builder.seal() }
            try store.finish()
            #expect(empty.values().isEmpty && Array(again.values()) == [7])
        }
    }

    @Test("where the disk takes nothing, memory does")
    func noDisk() throws {
        let store = ColumnStore(memoryLimit: 0, folder: "/nowhere")
        let builder = CSVValues<Int>.Builder(store)
        for number in 0..<(2 * Self.length + 5) { try builder.append(number) }
        try builder.seal()
        try store.finish()
        #expect(builder.values().elementsEqual(0..<(2 * Self.length + 5)))
    }

    @Test("lines are those of their rows, however far apart")
    func lines() {
        for lines in [[], [2], [2, 3, 4], [2, 3, 7, 8, 9, 30], [1, 5, 9, 13], [3, 3, 3]] {
            let found = CSVLines(lines)
            #expect(Array(found) == lines && found.count == lines.count)
        }
    }

    /// Rows of all kinds: numbers that become wider or words late, gaps, quotes around line ends and delimiters.
    private static func text(rows: Int, end: String) -> String {
        var random = SplitMix64(seed: 7)
        var text = "whole,wide,late,word,gaps,empty" + end
        for row in 0..<rows {
            let wide = row < rows / 2 ? "\(row)" : "\(Double(row) / 3)"
            let late = row < rows - 1 ? "\(row % 5)" : "five"
            let word = ["a", "\"b,\(end)c\"", "\"d \"\"e\"\"\"", "é"][Int.random(in: 0..<4, using: &random)]
            let gap = Int.random(in: 0..<3, using: &random) == 0 ? "" : "\(row)"
            text += "\(row),\(wide),\(late),\(word),\(gap),\(end)" + (row % 11 == 0 ? end : "")
        }
        return text
    }

    private static func expectEqual(_ a: CSVTable, _ b: CSVTable) {
        #expect(a.rowCount == b.rowCount && a.lines == b.lines && a.names == b.names)
        for (a, b) in zip(a.columns, b.columns) {
            #expect(a.kind == b.kind && a.missing == b.missing && a.texts == b.texts, "\(a.name)")
            #expect(a.doubles?.map(\.bitPattern) == b.doubles?.map(\.bitPattern), "\(a.name)")
        }
    }

    @Test(
        "a file is read through a window as it is in memory, wherever the window ends", arguments: ["\n", "\r\n", "\r"])
    func windows(end: String) throws {
        let bytes = Array(Self.text(rows: 60, end: end).utf8)
        try withTemporaryFolder { folder in try windows(over: bytes, folder + "/t.csv") }
    }

    private func windows(over bytes: [UInt8], _ path: String) throws {
        try Files.writeAtomically([bytes], to: path)
        let whole = try CSV.parse(bytes, file: path)
        #expect(whole.rowCount == 60 && whole.columns.map(\.kind) == [.integer, .real, .text, .text, .integer, .real])
        // Odd ones, so that a window ends within everything.
        for window in Array(1...40) + [97, 1000] {
            let source = try CSVSource.opened(path, window: window)
            guard case .file = source else {
                Issue.record("the file is in memory")
                return
            }
            for onDisk in [false, true] {
                let table = try CSV.parse(
                    source, file: path, options: CSV.Options(), into: Self.store(onDisk: onDisk))
                Self.expectEqual(table, whole)
            }
            let found = CSV.Options().found(in: source, columns: ["wide"])
            #expect(found.delimiter == "," && found.decimal == ".")
        }
    }

    @Test("numbers become wider, and words, beyond what is in memory")
    func widening() throws {
        let rows = 2 * Self.length + 100
        let bytes = Array(Self.text(rows: rows, end: "\n").utf8)
        let tables = try [false, true].map {
            try CSV.parse(.bytes(bytes), file: "t.csv", options: CSV.Options(), into: Self.store(onDisk: $0))
        }
        Self.expectEqual(tables[0], tables[1])
        let wide = try #require(tables[1].column("wide").doubles)
        #expect((0..<rows).allSatisfy { wide[$0] == ($0 < rows / 2 ? Double($0) : Double($0) / 3) })
        let late = try tables[1].column("late")
        #expect(late.text(at: rows - 1) == "five" && late.text(at: rows - 2) == "\((rows - 2) % 5)")
        let gaps = try tables[1].column("gaps")
        #expect((0..<rows).allSatisfy { gaps.missing?[$0] == true || gaps.text(at: $0) == "\($0)" })
    }

    @Test("faults of a file are told with their lines through a window")
    func faults() throws {
        for (text, words) in [
            ("a,b\n1,2\n\n3\n", "line 4: 1 field, expected 2"),
            ("a,b\n1,\"2\n3,4\n", "line 2: the quote opened on this line"),
            ("a,b\n1,x\"2\n3,4\n", "line 2: a quote in the middle"), ("a,b\n1,\"2\"x\n", "line 2: text follows"),
        ] {
            try withTemporaryFolder { folder in
                let path = folder + "/t.csv"
                try Files.writeAtomically([Array(text.utf8)], to: path)
                for window in 1...text.utf8.count - 1 {
                    let error = dataError {
                        try CSV.parse(CSVSource.opened(path, window: window), file: path, options: CSV.Options())
                    }
                    #expect(error?.description.contains(words) == true, "\(window): \(String(describing: error))")
                }
            }
        }
    }

    @Test("tensors of rows are the same in memory and on the disk", arguments: [0, 1, 3, 70_000])
    func tensors(count: Int) throws {
        let table = CSVTable(file: "t", rowCount: count, columns: [], lines: [])
        let columns = [
            RowTensor.Column<Float> { Float($0) }, RowTensor.Column<Float> { -Float($0) / 3 },
        ]
        let rows = (0..<count).reversed().map { $0 }
        let found = try [0, Int.max].map {
            try RowTensor.filled(rows, width: 2, .float32, columns, of: table, memoryLimit: $0)
        }
        #expect(found.allSatisfy { $0.shape == [count, 2] } && found[0].floats == found[1].floats)
        #expect(found[0].floats == rows.flatMap { [Float($0), -Float($0) / 3] })
    }

    @Test("rows of neither part may hold what a model cannot have, and batches are those of the split")
    func selection() throws {
        let text = "x,y\n1,0.5\n1e300,0.5\n3,1.5\n4,2.5\n,3.5\n5,7\n"
        let table = try CSV.parse(Array(text.utf8), file: "t.csv")
        let split = Splitter { (_: Int) in Split(train: [3, 0, 2], valid: [4, 0]) }
        let data = try DataLoaders.table(table, target: "y", batchSize: 2, split: split)
        let (train, valid) = (
            try #require(data.loaders.trainDataset as? TabularDataset),
            try #require(data.loaders[1].dataset as? TabularDataset)
        )
        #expect(train.targets?.floats == [2.5, 0.5, 1.5] && valid.targets?.floats == [3.5, 0.5])
        #expect(train.count == 3 && valid.count == 2)
        let batch = try #require(try train.batch(at: [2, 0], epoch: 0))
        #expect(batch.targets[0].floats == [1.5, 2.5])
        let alone = try data.columns.dataset(table, rows: [2, 3])
        #expect(batch.inputs.last?.floats == alone.inputs.last?.floats)
        #expect(try train.item(at: 1).targets[0].floats == [0.5])
        #expect(data.loaders.train.batchCount == 1)
    }
}
