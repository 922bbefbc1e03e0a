// SPDX-License-Identifier: Apache-2.0
// Tests of splitters and labellers against fastai, and of the files below a folder.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Splitters")
struct SplitterTests {
    let table = "x,is_valid,part\n0,true,a\n1,false,b\n2,false,c\n3,true,b\n4,false,a\n"

    func rows() throws -> ItemList { ItemList(rowsOf: try CSV.parse(Array(table.utf8), file: "t.csv")) }
    func parts(_ split: Split) -> [[Int]] { [split.train, split.valid] }

    @Test("splits by marks, functions, folders, lists and columns agree with fastai")
    func reference() throws {
        let expected = try DataReference.load().splitters
        let paths = ["d/train/a/1.png", "d/valid/a/2.png", "d/test/a/3.png", "d/train/b/4.png", "valid/5.png"]
        #expect(try parts(Splitter.grandparent()(ItemList(paths))) == expected.grandparent)
        #expect(parts(Splitter.mask([true, false, true, false, false])(5)) == expected.mask)
        #expect(parts(Splitter.function { ($0 as? Int ?? 0) > 2 }(5)) == expected.function)
        #expect(parts(Splitter.indices([1, 3])(5)) == expected.index)
        #expect(
            parts(Splitter.end(0.4)(5)) == expected.end && parts(Splitter.end(0.4, last: false)(5)) == expected.first)
        #expect(try parts(Splitter.column()(rows())) == expected.column)
        #expect(try parts(Splitter.column("part", on: "b")(rows())) == expected.columnOn)
        for (count, sizes) in expected.counts {
            let count = try #require(Int(count))
            let (all, some) = (Splitter.random(0.25)(count), Splitter.randomSubset(train: 0.5, valid: 0.3)(count))
            #expect([all.train.count, all.valid.count, some.train.count, some.valid.count] == sizes)
            #expect(Set(some.train).isDisjoint(with: some.valid))
        }
    }

    @Test("a stratified split keeps the classes' proportions, its size, and does not depend on the process")
    func stratified() throws {
        let labels = (0..<100).map { $0 < 60 ? "a" : $0 < 90 ? "b" : "c" }
        let split = Splitter.stratified(0.25, labels: labels, seed: 3)(100)
        #expect(split.valid.count == 25 && (split.train + split.valid).sorted() == Array(0..<100))
        let counts = ["a", "b", "c"].map { label in split.valid.filter { labels[$0] == label }.count }
        #expect(counts == [15, 8, 2] || counts == [15, 7, 3])
        #expect(Splitter.stratified(0.25, labels: labels, seed: 3)(100) == split)
        #expect(Splitter.stratified(0.25, labels: labels, seed: 4)(100) != split)
        #expect(Splitter.stratified(labels: [])(0) == Split(train: [], valid: []))
        #expect(Splitter.stratified(0.5, labels: ["a", "b"])(2).valid.count == 1)
    }

    @Test("a list of file names for validation")
    func file() throws {
        try withTemporaryFolder { folder in
            try Files.writeAtomically([Array("b.png\nd.png\r\n".utf8)], to: folder + "/valid.txt")
            let split = try Splitter.file(folder + "/valid.txt")(ItemList(["x/a.png", "x/b.png", "y/c.png", "d.png"]))
            #expect(split == Split(train: [0, 2], valid: [1, 3]))
            try Files.writeAtomically([[0xFF, 0xFE]], to: folder + "/bad.txt")
            #expect(dataError { try Splitter.file(folder + "/bad.txt") }?.code == .malformed)
            #expect(dataError { try Splitter.file(folder + "/none.txt") }?.code == .unreadable)
        }
    }

    @Test("items that do not fit a rule are errors, or stop with a sentence where only a number is given")
    func misfits() async throws {
        #expect(
            dataError { try Splitter.grandparent()(ItemList([1])) }?.reason
                == "an item is a Int, not the path of a file")
        #expect(dataError { try Splitter.column()(ItemList([1])) }?.code == .mismatch)
        #expect(dataError { try Splitter.column("none")(rows()) }?.remedy == "Its columns are: x, is_valid, part")
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Splitter.grandparent()(3)
        }
        #expect(sentence(result).contains("this rule needs the items, not only their number"))
        let parts = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Splitter.randomSubset(train: 0.7, valid: 0.4)
        }
        #expect(sentence(parts).contains("are not parts of a whole"))
    }

    @Test("labels from folders, patterns and columns agree with fastai")
    func labellers() throws {
        let expected = try DataReference.load().labellers
        #expect(ParentLabel.label(of: "d/cat/1.png") == expected.parent && ParentLabel.label(of: "1.png") == "")
        let labeller = try RegexLabeller(#"/([^/]+)_\d+\.jpg$"#)
        #expect(try labeller.label(of: "pets/great_dane_12.jpg") == expected.regex)
        #expect(
            dataError { try labeller.label(of: "x") }?.reason == #"“/([^/]+)_\d+\.jpg$” finds no group in “x”"#)
        #expect(dataError { try RegexLabeller("(") }?.code == .malformed)
        #expect(try RegexLabeller("(b)", atStart: true).label(of: "ba") == "b")
        #expect(dataError { try RegexLabeller("(b)", atStart: true).label(of: "ab") } != nil)
        let table = try CSV.parse(Array("name,tags,size\na,x y,1\nb,,2\n".utf8), file: "t.csv")
        func read(_ reader: ColumnReader) throws -> [Any] {
            try ItemList(rowsOf: table).all().map { try Pipeline([reader]).encode($0) }
        }
        #expect(try read(ColumnReader("size")) as? [Int] == expected.plain)
        #expect(try read(ColumnReader("name", prefix: "p/", suffix: ".png")) as? [String] == expected.affixed)
        #expect(try read(ColumnReader("tags", delimiter: " ")) as? [[String]] == expected.tags)
        #expect(try read(ColumnReader("name", "size")) as? [[String]] == [["a", "1"], ["b", "2"]])
        #expect(try read(ColumnReader("tags"))[1] as? String == "#na#")
        #expect(dataError { try read(ColumnReader("none")) }?.remedy == "Its columns are: name, tags, size")
    }

    @Test("rows of their own: values by column, missing ones, quotes")
    func ownRows() throws {
        let row = try TableRow(["a": "1", "b": "x \"y\", z", "c": "", "d": "2.5"])
        #expect(try row.value("a") as? Int == 1 && row.value("d") as? Double == 2.5)
        #expect(try row.text("b") == "x \"y\", z" && row.text("c") == nil)
        #expect(dataError { try row.text("e") }?.remedy == "Its columns are: a, b, c, d")
    }

    @Test("the files below a folder: sorted, hidden ones skipped, by ending, by folder, circles found")
    func files() throws {
        try withTemporaryFolder { folder in
            for name in ["b/2.PNG", "b/1.jpg", "a/c/3.png", ".hidden/4.png", "a/.5.png", "6.txt"] {
                try Files.writeAtomically([[1]], to: "\(folder)/\(name)")
            }
            func found(_ extensions: [String]?, recurse: Bool = true, folders: [String]? = nil) throws -> [String] {
                try FileList.files(in: folder, extensions: extensions, recurse: recurse, folders: folders)
                    .map { String($0.dropFirst(folder.count + 1)) }
            }
            #expect(try found(nil) == ["6.txt", "a/c/3.png", "b/1.jpg", "b/2.PNG"])
            #expect(try found(["png"]) == ["a/c/3.png", "b/2.PNG"] && found([".JPG"]) == ["b/1.jpg"])
            #expect(
                try found(nil, recurse: false) == ["6.txt"] && found(nil, folders: ["b"]) == ["b/1.jpg", "b/2.PNG"])
            #expect(dataError { try FileList.files(in: folder + "/none") }?.code == .unreadable)
            try FileManager.default.createSymbolicLink(atPath: folder + "/a/back", withDestinationPath: folder)
            #expect(dataError { try found(nil) }?.code == .unreadable)
        }
    }
}
