// SPDX-License-Identifier: Apache-2.0
// Tests of data put together from blocks, and of tables as transformed datasets.

import Foundation
import LockstepTensor
import Testing

@testable import LockstepData

@Suite("Data blocks")
struct DataBlockTests {
    let paths = ["cat/1", "dog/2", "cat/3", "dog/4", "ant/5"]
    let length = FunctionTransform { (path: String) in Float(path.count) }

    @Test("blocks, functions and a splitter make datasets and loaders")
    func assembly() throws {
        let block = DataBlock(
            blocks: [.input, .category], getX: [length], getY: [ParentLabel()], splitter: .indices([4, 1]))
        let data = try block.datasets(paths)
        #expect(data.vocabulary == ["cat", "dog"] && data.targetKind == .category(count: 2) && data.inputCount == 1)
        #expect(data.train.count == 3 && data.valid.count == 2)
        #expect(try data[1].members.map { "\($0)" } == ["5.0", "1"])
        #expect(dataError { try data[4] }?.reason.contains("“ant” was not included") == true)
        let dls = try block.dataLoaders(paths, batchSize: 2, shuffle: false)
        let batch = try dls.oneBatch()
        #expect(batch.inputs[0].floats == [5, 5] && batch.targets[0].ints == [0, 0] && dls.train.batchCount == 2)
        #expect(try dls.testLoader(for: ["x/yz"]).oneBatch().inputs[0].floats == [4])
        #expect(try dls.decodeBatch(batch).map { $0[1] as? String } == ["cat", "cat"])
    }

    @Test("where items come from: a function, a table, a list; anything else is an error")
    func sources() throws {
        let from = DataBlock(
            blocks: [.regression], getItems: { ItemList(0..<($0 as? Int ?? 0)) }, splitter: .none)
        #expect(try from.datasets(3).count == 3 && from.datasets(3).inputCount == 1)
        let table = try CSV.parse(Array("x,y\n1,2\n3,4\n".utf8), file: "t.csv")
        let rows = DataBlock(
            blocks: [.input, .regression], getX: [ColumnReader("x")], getY: [ColumnReader("y")], splitter: .none)
        #expect(try rows.datasets(table).item(at: 1).targets[0].item() == 4)
        #expect(try rows.datasets(ItemList(rowsOf: table)).targetKind == .regression(count: 1))
        #expect(dataError { try rows.datasets(7) }?.reason == "a Int is not a collection of items")
    }

    @Test("several inputs and targets, labels in lists, and transforms of which the last of a type counts")
    func several() throws {
        let block = DataBlock(
            blocks: [.input, .input, .multiCategory],
            getY: [FunctionTransform { (x: Int) in x == 1 ? ["a", "b"] : ["b"] }],
            splitter: .none, itemTransforms: [AddOne(), AddOne()])
        #expect(block.inputCount == 2)
        let dls = try block.dataLoaders(0..<2, batchSize: 2, shuffle: false)
        let batch = try dls.oneBatch()
        #expect(batch.inputs.map(\.ints) == [[1, 2], [1, 2]], "one AddOne is left")
        #expect(batch.targets[0].floats == [1, 2, 2, 2] && dls.targetKind == .multiCategory(count: 2))
        let encoded = DataBlock(
            blocks: [.multiCategory(encoded: true, vocab: ["x", "y"])], splitter: .none)
        #expect(try encoded.datasets([[1, 0]]).vocabulary == ["x", "y"])
    }

    @Test("a wrong number of functions stops with both numbers")
    func traps() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = DataBlock(blocks: [.input, .category], getX: [ParentLabel(), ParentLabel()])
        }
        #expect(sentence(result).contains("2 functions in getX for 1 inputs"))
    }

    // MARK: Tables

    let text = "colour,weight,label\nred,1.5,yes\nblue,,no\nred,3,yes\ngreen,5,no\nblue,2,yes\nred,4,no\n"

    func tabular() throws -> (DataLoaders, CSVTable) {
        let table = try CSV.parse(Array(text.utf8), file: "t.csv")
        let data = try DataLoaders.table(table, target: "label", batchSize: 2, split: .indices([4, 5]))
        return (data.loaders, table)
    }

    @Test("a table's loaders know columns, classes, targets; batches stay whole gathers")
    func table() throws {
        let (dls, _) = try tabular()
        #expect(dls.columns?.target.name == "label" && dls.vocabulary == ["no", "yes"])
        #expect(dls.targetKind == .category(count: 2))
        let loader = try #require(dls.train as? TransformedDataLoader)
        #expect(loader.readsWholeBatches && loader.ordersBySeed && loader.splitIndex == 0)
        let items = try dls.decodeBatch(#require(dls.valid as? DataLoader).oneBatch())
        #expect(items[0][0] as? [String] == ["blue", "false"] && items[0][2] as? String == "yes")
        #expect((items[1][1] as? [Double])?.map { ($0 * 1000).rounded() / 1000 } == [4])
    }

    @Test("new rows of a table, of a file, and alone, become what training rows became, also without the old items")
    func rows() throws {
        let (dls, table) = try tabular()
        let whole = try dls.testLoader(for: table).new(batchSize: 6).oneBatch()
        let emptied = dls.newEmpty()
        #expect(emptied.columns == dls.columns)
        #expect(emptied.inputCount == 2)
        #expect(emptied.train.batchCount == 0)
        for loaders in [dls, emptied] {
            let rows = try loaders.testLoader(for: ItemList(rowsOf: table)).new(batchSize: 6).oneBatch()
            #expect(rows.inputs.map(\.doubles) == whole.inputs.map(\.doubles) && rows.targets.isEmpty)
            let one = try loaders.testLoader(for: [["colour": "blue", "weight": ""]]).oneBatch()
            #expect(one.inputs.map(\.doubles) == whole.inputs.map { $0[1].doubles })
            let labelled = try loaders.testLoader(for: table, withTarget: true).new(batchSize: 6).oneBatch()
            #expect(labelled.targets[0].ints == [1, 0, 1, 0, 1, 0])
            let decoded = try loaders.decodeBatch(Batch(inputs: one.inputs, targets: [Tensor([1], shape: [1])]))
            #expect(decoded[0][2] as? String == "yes")
        }
        #expect(dataError { try dls.testLoader(for: [["colour": "red"]]) }?.reason == "there is no column “weight”")
        #expect(dataError { try dls.testLoader(for: [3]) }?.remedy?.hasPrefix("Give a TableRow") == true)
        let plain = DataLoaders([Numbers(count: 1)])
        #expect(dataError { try plain.testLoader(for: table) }?.code == .mismatch)
        let again = try JSONDecoder().decode(TabularColumns.self, from: JSONEncoder().encode(#require(dls.columns)))
        #expect(again == dls.columns)
        #expect(TabularDataset(columns: again).inputCount == 2)
    }

    @Test("a table split by a column; a number as target")
    func numberTarget() throws {
        let table = try CSV.parse(Array("x,y,is_valid\n1.5,2.5,0\n2.5,3.5,0\n3.5,1.5,1\n".utf8), file: "t.csv")
        var options = TabularOptions()
        options.ignored = ["is_valid"]
        let data = try DataLoaders.table(table, target: "y", batchSize: 2, split: .column(), options: options)
        #expect(data.loaders.validDataset?.count == 1 && data.loaders.targetKind == .regression(count: 1))
        #expect(data.loaders.vocabulary == nil)
        let items = try data.loaders.decodeBatch(#require(data.loaders.valid as? DataLoader).oneBatch())
        #expect(items[0][1] as? Double == 1.5)
    }
}
