// SPDX-License-Identifier: Apache-2.0
// Tests of tables: kinds of columns, categories, filling, standardising, targets, errors.

import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Tabular")
struct TabularTests {
    func table(_ text: String) throws -> CSVTable { try CSV.parse(Array(text.utf8), file: "people.csv") }

    let text = """
        id,name,colour,size,weight,rooms,empty,label
        1,Ada,red,3,1.5,2,,yes
        2,Bob,blue,1,,2,,no
        3,Cid,red,2,2.5,3,,yes
        4,Dee,,3,3.5,2,,no
        5,Eve,green,9,NA,2,,yes
        6,Fay,blue,2,100,4,,no

        """

    /// The first four rows train, the last two validate.
    func fitted(_ options: TabularOptions = TabularOptions()) throws -> TabularColumns {
        try TabularColumns(fitting: table(text), target: "label", training: [0, 1, 2, 3], options: options)
    }

    @Test("columns are told apart; categories and statistics come from the training rows only [TX-01]")
    func fitting() throws {
        var options = TabularOptions()
        options.maxCategories = 3
        let columns = try fitted(options)
        #expect(columns.categorical.map(\.name) == ["colour", "size", "weight_na", "rooms"])
        #expect(columns.categorical[0].vocabulary == ["#na#", "blue", "red"])
        #expect(columns.categorical[1].vocabulary == ["#na#", "1", "2", "3"])
        #expect(columns.categorical[2].marksMissing == "weight")
        #expect(columns.continuous.map(\.name) == ["id", "weight"])
        #expect(columns.continuous[1].median == 2.5)
        #expect(columns.continuous[1].mean == 2.5)
        #expect(abs(columns.continuous[1].deviation - 0.5.squareRoot()) < 1e-12)
        #expect(columns.ignored.map(\.name) == ["name", "empty"])
        #expect(columns.target == TargetColumn(name: "label", kind: .classification(classes: ["no", "yes"])))
        #expect(columns.target.outputCount == 2)
        #expect(
            columns.description.split(separator: "\n").prefix(2)
                == ["target       label: 2 classes: no, yes", "categorical  colour: 2 categories, embedding 3 × 3"])
        #expect(columns.description.contains("continuous   weight: mean 2.5, deviation 0.7071, median 2.5"))
        #expect(
            columns.description.hasSuffix(
                "ignored      name: text that differs in every row\nignored      empty: no values"))
    }

    @Test("rows become indices, with 0 for missing and unknown, and standardised numbers with the median filled in")
    func applying() throws {
        var options = TabularOptions()
        options.maxCategories = 3
        let columns = try fitted(options)
        let data = try columns.dataset(table(text), rows: [1, 3, 4, 5])
        #expect(data.inputs.map(\.shape) == [[4, 4], [4, 2]])
        #expect(data.inputs[0].ints == [1, 1, 2, 1, /**/ 0, 3, 1, 1, /**/ 0, 0, 2, 1, /**/ 1, 2, 1, 0])
        let numbers = data.inputs[1].doubles
        #expect(abs(numbers[0] - (2 - 2.5) / 1.25.squareRoot()) < 1e-6)
        #expect(numbers[1] == 0)
        #expect(abs(numbers[3] - 1 / 0.5.squareRoot()) < 1e-6)
        #expect(numbers[5] == 0)
        #expect(data.targets[0].ints == [0, 0, 1, 0] && data.targets[0].dtype == .int64)
        let unlabelled = try table("colour,size,weight,rooms,id\nred,1,2.5,2,1\n")
        let test = try columns.dataset(unlabelled, rows: [0], withTarget: false)
        #expect(test.targets.isEmpty && test.inputs[0].ints == [2, 1, 1, 1])
    }

    @Test("what is said beforehand is followed")
    func said() throws {
        var options = TabularOptions()
        options.categorical = ["name"]
        options.continuous = ["size"]
        options.ignored = ["id", "weight"]
        let columns = try fitted(options)
        #expect(columns.categorical.map(\.name) == ["name", "colour", "rooms"])
        #expect(columns.continuous.map(\.name) == ["size"])
        #expect(columns.ignored.map(\.reason) == ["as told", "as told", "no values"])
    }

    @Test("a kind without columns has no tensor; a number as target is [N, 1]")
    func kinds() throws {
        let numbers = try table("x,y\n0.5,1.5\n1.5,2.5\n2.5,3\n")
        let columns = try TabularColumns(fitting: numbers, target: "y", training: [0, 1, 2])
        let data = try columns.dataset(numbers, rows: [0, 1])
        #expect(data.inputs.map(\.shape) == [[2, 1]] && data.inputs[0].dtype == .float32)
        #expect(data.targets[0].shape == [2, 1] && data.targets[0].floats == [1.5, 2.5])
        #expect(columns.target.outputCount == 1)
        let words = try table("x,y\na,0\nb,1\na,1\n")
        let other = try TabularColumns(fitting: words, target: "y", training: [0, 1, 2])
        #expect(try other.dataset(words, rows: [0]).inputs.map(\.dtype) == [.int64])
        #expect(other.target.kind == .classification(classes: ["0", "1"]))
        var options = TabularOptions()
        options.target = .regression
        #expect(
            try TabularColumns(fitting: words, target: "y", training: [0, 1, 2], options: options).target.kind
                == .regression)
    }

    @Test("a constant column does no harm, nor one that rounding makes differ")
    func degenerate() throws {
        let data = try table("c,i,y\n5.5,0.3,a\n5.5,0.30000000000000004,b\n5.5,0.3,a\n")
        let columns = try TabularColumns(fitting: data, target: "y", training: [0, 1, 2])
        #expect(columns.continuous.map(\.deviation) == [1, 1])
        #expect(try columns.dataset(data, rows: [0, 1, 2]).inputs[0].floats.allSatisfy { abs($0) < 1e-6 })
    }

    @Test(
        "fastai's rule for embedding sizes",
        arguments: [(2, 2), (3, 3), (10, 6), (100, 21), (1000, 77), (1_000_000, 600)])
    func embeddings(count: Int, width: Int) {
        #expect(embeddingWidth(count) == width)
    }

    @Test("mistakes are errors that name the file, and the line or the columns")
    func errors() throws {
        func message(_ text: String, target: String = "y", training: [Int] = [0, 1]) throws -> String {
            let table = try table(text)
            let error = dataError {
                let columns = try TabularColumns(fitting: table, target: target, training: training)
                return try columns.dataset(table, rows: Array(0..<table.rowCount))
            }
            return error?.description ?? ""
        }
        #expect(
            try message("x,y\n1,2\n3,4\n", target: "z") == "people.csv: there is no column “z”. Its columns are: x, y")
        #expect(try message("x,y\n1,a\n\n3,\n").hasPrefix("people.csv: line 4: the target “y” is missing"))
        #expect(try message("x,y\n1,a\n2,a\n").hasPrefix("people.csv: the target “y” has one value only: a"))
        #expect(try message("y\na\nb\n") == "people.csv: no column is left to predict “y” from")
        #expect(try message("x,y\n", training: []) == "people.csv: there are no rows to train on: 0 in the table")
        #expect(try message("x,y\n1,0.5\n2,inf\n").hasPrefix("people.csv: line 3: the target “y” is inf. "))
    }

    @Test("a file becomes loaders, and a test loader")
    func loaders() throws {
        try withTemporaryFolder { folder in
            let rows = (0..<50).map { "\($0),\(Double($0) / 2),\($0 % 2 == 0 ? "even" : "odd")\n" }.joined()
            try Files.writeAtomically([Array(("n,half,parity\n" + rows).utf8)], to: folder + "/n.csv")
            let data = try DataLoaders.csv(path: folder + "/n.csv", target: "parity", batchSize: 8)
            #expect(data.loaders.trainDataset?.count == 40 && data.loaders.validDataset?.count == 10)
            let batch = try data.loaders.oneBatch()
            #expect(batch.inputs.map(\.shape) == [[8, 2]] && batch.targets[0].shape == [8])
            let test = try data.testLoader(for: CSV.read(folder + "/n.csv"))
            #expect(test.itemCount == 50 && test.batchCount == 7)
            #expect(try test.oneBatch().targets.isEmpty)
            #expect(dataError { try DataLoaders.csv(path: folder + "/m.csv", target: "x") }?.code == .unreadable)
        }
    }
}
