// SPDX-License-Identifier: Apache-2.0
// Tests of the transforms of tensors: normalising, bytes to floats, numbers to tensors.

import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Tensor transforms")
struct TensorTransformTests {
    @Test("[TX-05] normalising and back: given statistics")
    func given() throws {
        let pipeline = Pipeline([Normalize(mean: [0.5], std: [0.25])])
        let image = TensorImage(Tensor.full([1, 1, 1, 1], 0.75))
        let normal = try #require(try pipeline.encode(image) as? TensorImage)
        #expect(normal.tensor.item() == 1)
        #expect((try pipeline.decode(normal) as? TensorImage)?.tensor.item() == 0.75)
        let plain = Tensor([0.75])
        #expect((try pipeline.encode(plain) as? Tensor)?.item() == 0.75, "what is no image stays")
        let single = try #require(try pipeline.encode(TensorImage(Tensor.full([1, 2, 2], 0.75))) as? TensorImage)
        #expect(single.tensor.shape == [1, 2, 2] && single.tensor.floats == [1, 1, 1, 1])
        #expect(Normalize.imageNet.mean?.count == 3)
    }

    @Test("[TX-05] statistics of the first batch as in fastai, and back")
    func learned() throws {
        let reference = try DataReference.load().normalize
        let images = (0..<4).map { Tensor(Array(reference.x[$0 * 30..<$0 * 30 + 30]), shape: [3, 2, 5]) }
        let data = try Datasets(images, transforms: [[FunctionTransform { (x: Tensor) in TensorImage(x) }]], nInputs: 1)
        let loader = try TransformedDataLoader(data, batchSize: 4, afterBatch: [Normalize()])
        let normalize = try #require(loader.transforms.afterBatch.transforms[0] as? Normalize)
        expectClose(try #require(normalize.mean), reference.mean)
        expectClose(try #require(normalize.std), reference.std)
        let batch = try loader.oneBatch()
        expectClose(batch.inputs[0].floats, reference.y)
        expectClose(try loader.decode(batch).inputs[0].floats, reference.back)
        let items = try loader.decodeBatch(batch, maxCount: 2)
        expectClose(try #require(items[1][0] as? TensorImage).tensor, images[1])
    }

    @Test("images far from 0 are normalised by the mean they have, and come back, also after storing")
    func farFromZero() throws {
        let x = (sample([4, 2, 3, 5], seed: 4, dtype: .float64) * 0.02 + 1e4).to(.float32)
        let images = (0..<4).map { x[$0] }
        let data = try Datasets(images, transforms: [[FunctionTransform { (x: Tensor) in TensorImage(x) }]], nInputs: 1)
        let loader = try TransformedDataLoader(data, batchSize: 4, afterBatch: [Normalize()])
        let batch = try loader.oneBatch()
        let wide = x.to(.float64)
        let distance = wide - wide.mean(axes: [0, 2, 3], keepDims: true)
        let expected = distance / (distance.square().sum(axes: [0, 2, 3], keepDims: true) / 59).sqrt()
        expectClose(batch.inputs[0].doubles, expected.doubles, relative: 0, absolute: 2e-5)
        expectClose(try loader.decode(batch).inputs[0], x, relative: 1.2e-7, absolute: 0)
        let normalize = try #require(loader.transforms.afterBatch.transforms[0] as? Normalize)
        let stored = try JSONDecoder().decode(Normalize.self, from: JSONEncoder().encode(normalize))
        #expect(stored == normalize)
    }

    @Test("learning from data without images is an error that says what to do")
    func nothing() {
        let data = TensorDataset(inputs: [Tensor([1, 2])])
        let error = dataError { try TransformedDataLoader(data, afterBatch: [Normalize()]) }
        #expect(error?.reason == "the first batch holds no images to learn mean and deviation from")
        let empty = dataError {
            try TransformedDataLoader(
                ImageDataset(pixels: [], labels: [], imageShape: [1, 1, 1]), afterBatch: [Normalize()])
        }
        #expect(empty?.reason.hasPrefix("there is no batch to learn") == true)
        let one = dataError {
            try TransformedDataLoader(
                ImageDataset(pixels: [1], labels: [0], imageShape: [1, 1, 1]), afterBatch: [Normalize()])
        }
        #expect(one?.reason.contains("less than two values per channel") == true)
    }

    @Test("bytes to floats as in fastai and back to the nearest; masks to classes")
    func bytes() throws {
        let reference = try DataReference.load().intToFloat
        let pipeline = Pipeline([IntToFloat(maskDivisor: 5)])
        let image = TensorImage(Tensor(stride(from: 0, to: 256, by: 17).map { UInt8($0) }, shape: [16]))
        let mask = TensorMask(Tensor(stride(from: 0, to: 40, by: 7).map { UInt8($0) }, shape: [6]))
        let floats = try #require(try pipeline.encode(image) as? TensorImage).tensor
        expectClose(floats.floats, reference.image)
        #expect(floats.dtype == .float32)
        let classes = try #require(try pipeline.encode(mask) as? TensorMask).tensor
        #expect(classes.ints == reference.mask && classes.dtype == .int64)
        let back = try pipeline.decode(TensorImage(Tensor([-0.5, 0, 0.25, 0.999, 1, 1.5])))
        #expect((back as? TensorImage)?.tensor.ints == reference.decoded)
        #expect((try pipeline.decode(TensorImage(floats)) as? TensorImage)?.tensor.dtype == .uint8)
    }

    @Test("every byte comes back as it was, and so does every number of 16 bits; masks are divided exactly")
    func bytesComeBack() throws {
        for (divisor, values) in [(255.0, Array(0..<256)), (65535, Array(stride(from: 0, to: 65536, by: 17)))] {
            let pipeline = Pipeline([IntToFloat(divisor: divisor)])
            let image = TensorImage(Tensor(values, shape: [values.count]).to(.int32))
            let back = try #require(try pipeline.decode(try pipeline.encode(image)) as? TensorImage).tensor
            #expect(back.ints == values)
            #expect(back.dtype == (divisor > 255 ? .int32 : .uint8))
        }
        let odd = try Pipeline([IntToFloat()]).decode(TensorImage(Tensor([.nan, .infinity, -.infinity, 0.4999 / 255])))
        #expect((odd as? TensorImage)?.tensor.ints == [0, 255, 0, 0])
        let large = TensorMask(Tensor([(1 << 53) + 1, -1, -6, 7] as [Int], shape: [4]))
        let classes = try Pipeline([IntToFloat(maskDivisor: 3)]).encode(large) as? TensorMask
        #expect(classes?.tensor.ints == [((1 << 53) + 1) / 3, -1, -2, 2])
        #expect(throws: DataError.self) { _ = try Pipeline([IntToFloat(maskDivisor: 0)]).encode(large) }
    }

    @Test("numbers and arrays to tensors")
    func toTensor() throws {
        let pipeline = Pipeline([ToTensor()])
        for (value, dtype, shape) in [
            (3, .int64, []), (3.5, .float32, []), (Float(1), .float32, []), (true, .bool, []), ([1, 2], .int64, [2]),
            ([1.0], .float32, [1]), ([Float](), .float32, [0]), ([true], .bool, [1]),
        ] as [(Any, DType, Shape)] {
            let tensor = try #require(try pipeline.encode(value) as? Tensor)
            #expect(tensor.dtype == dtype && tensor.shape == shape)
        }
        #expect(try pipeline.encode("a") as? String == "a")
    }
}
