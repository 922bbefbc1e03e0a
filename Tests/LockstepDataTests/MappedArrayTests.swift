// SPDX-License-Identifier: Apache-2.0
// Arrays that are mapped are those that are read, and files that cannot be mapped say so.

import Foundation
import LockstepData
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Mapped arrays") struct MappedArrayTests {
    private func withFile(_ bytes: [UInt8], _ body: (String) throws -> Void) throws {
        try withTemporaryFolder { folder in
            let path = folder.path + "/data"
            try Data(bytes).write(to: URL(filePath: path))
            try body(path)
        }
    }

    private func npy(_ header: String, _ data: [UInt8]) -> [UInt8] {
        let padded = header + String(repeating: " ", count: 127 - 10 - header.utf8.count) + "\n"
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(padded.utf8.count), 0] + Array(padded.utf8) + data
    }

    private func failure(_ body: () throws -> Void) -> DataError? { #expect(throws: DataError.self, performing: body) }

    @Test("an .npy file is the tensor that reading it gives; writing to the tensor leaves the file alone")
    func npyFile() throws {
        let values = (0..<12).map { Float($0) / 3 }
        let bytes = npy(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }", values.withUnsafeBytes { Array($0) })
        try withFile(bytes) { path in
            let mapped = try MappedArray.npy(path)
            #expect(mapped.shape == [3, 4] && mapped.floats == values)
            let read = try NPY.read(path)
            #expect(read.floats == values)
            Tensor.copy(.zeros([3, 4]), into: mapped)
            let again = try MappedArray.npy(path)
            #expect(again.floats == values)
            // Rows of it are batches, without copying.
            let data = TensorDataset(inputs: [try MappedArray.npy(path)])
            #expect(data.batch(at: [1, 2], epoch: 0)?.inputs[0].floats == Array(values[4...]))
        }
    }

    @Test("what would have to be converted is refused with the type")
    func conversions() throws {
        for (descr, order, word) in [
            (">f4", "False", "big-endian float32"), ("<f4", "True", "column-major float32"), ("<i2", "False", "int16"),
        ] {
            let size = descr.hasSuffix("2") ? 8 : 16
            let bytes = npy(
                "{'descr': '\(descr)', 'fortran_order': \(order), 'shape': (2, 2), }",
                [UInt8](repeating: 0, count: size))
            try withFile(bytes) { path in
                let error = failure { _ = try MappedArray.npy(path) }
                #expect(error?.code == .unsupported && error?.description.contains(word) == true)
            }
        }
    }

    @Test("a file that is too short or too long is refused before anything is looked at")
    func lengths() throws {
        for size in [0, 15, 17] {
            let bytes = npy(
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }", [UInt8](repeating: 0, count: size))
            try withFile(bytes) { path in _ = failure { _ = try MappedArray.npy(path) } }
        }
        try withFile([]) { path in
            _ = failure { _ = try MappedArray.npy(path) }
            _ = failure { _ = try MappedArray.idx(path) }
            _ = failure { _ = try MappedArray.safetensors(path) }
        }
        #expect(failure { _ = try MappedArray.npy("/nowhere") }?.code == .unreadable)
        #expect(failure { _ = try MappedArray.npy("/tmp") }?.code == .unreadable)
    }

    @Test("IDX files of bytes, with no items too")
    func idxFile() throws {
        try withFile([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3] + [1, 2, 3, 4, 5, 6]) { path in
            let mapped = try MappedArray.idx(path)
            #expect(mapped.shape == [2, 3] && mapped.dtype == .uint8 && mapped.ints == [1, 2, 3, 4, 5, 6])
        }
        try withFile([0, 0, 8, 1, 0, 0, 0, 0]) { path in
            let empty = try MappedArray.idx(path)
            #expect(empty.shape == [0])
        }
        try withFile([0, 0, 0x0D, 1, 0, 0, 0, 1, 0, 0, 0, 0]) { path in
            #expect(failure { _ = try MappedArray.idx(path) }?.code == .unsupported)
        }
        try withFile([0, 0, 8, 1, 0, 0, 0, 9, 1]) { path in
            #expect(failure { _ = try MappedArray.idx(path) }?.code == .truncated)
        }
    }

    @Test("the tensors of a safetensors file")
    func safetensorsFile() throws {
        let (x, y) = (sample([5, 3], seed: 1), Tensor.arange(7))
        func item(_ name: String, _ type: Safetensors.ElementType, _ tensor: Tensor) -> Safetensors.Item {
            let bytes =
                type == .float32
                ? tensor.floats.withUnsafeBytes { Array($0) } : tensor.ints.withUnsafeBytes { Array($0) }
            return Safetensors.Item(name: name, type: type, shape: tensor.shape.dimensions, bytes: bytes)
        }
        try withTemporaryFolder { folder in
            let path = folder.path + "/pair.safetensors"
            try Safetensors.write([item("x", .float32, x), item("y", .int64, y)], to: path)
            let mapped = try MappedArray.safetensors(path)
            #expect(mapped.map(\.name) == ["x", "y"])
            #expect(mapped[0].tensor.floats == x.floats && mapped[1].tensor.ints == y.ints)
            let half = folder.path + "/half.safetensors"
            try Safetensors.write([.init(name: "h", type: .float16, shape: [1], bytes: [0, 0])], to: half)
            #expect(failure { _ = try MappedArray.safetensors(half) }?.code == .unsupported)
        }
    }

    @Test("a loader starts at any batch, with the batches it would have come to")
    func startInTheMiddle() throws {
        let rows = Tensor.arange(11).to(.float32).reshaped([11, 1])
        for workers in [0, 2] {
            let loader = DataLoader(
                TensorDataset(inputs: [rows]), batchSize: 3, shuffle: true, numWorkers: workers, seed: 5)
            func batches(_ first: Int) throws -> [[Float]] {
                var iterator = try loader.makeIterator(epoch: 2, from: first)
                var result: [[Float]] = []
                while let batch = try iterator.next() { result.append(batch.inputs[0].floats) }
                return result
            }
            let all = try batches(0)
            for first in 0...5 { #expect(try batches(first) == Array(all.dropFirst(first))) }
        }
        let list = BatchList((0..<3).map { Batch(inputs: [Tensor([Float($0)])]) })
        var rest = try list.makeIterator(epoch: 0, from: 2)
        #expect(try rest.next()?.inputs[0].floats == [2])
        #expect(try rest.next()?.size == nil)
    }
}
