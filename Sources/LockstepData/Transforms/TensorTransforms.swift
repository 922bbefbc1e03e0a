// SPDX-License-Identifier: Apache-2.0
// Numbers to tensors, bytes to floats.

public import LockstepTensor

/// Numbers, booleans and arrays of them to tensors: whole numbers int64, others float32. Order 5.
///
/// fastai's `ToTensor`.
public struct ToTensor: Transform, Codable, Hashable, Sendable {
    /// Makes tensors of numbers.
    public init() {}

    /// The place in a pipeline: lower first.
    public var order: Int { 5 }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (value: Int) in Tensor([value], shape: []) },
            TypedFunction { (value: Float) in Tensor([value], shape: []) },
            TypedFunction { (value: Double) in Tensor([try Float.held(value)], shape: []) },
            TypedFunction { (value: Bool) in Tensor([value], shape: []) },
            TypedFunction { (values: [Int]) in Tensor(values, shape: [values.count]) },
            TypedFunction { (values: [Float]) in Tensor(values) },
            TypedFunction { (values: [Double]) in Tensor(try values.map { try Float.held($0) }) },
            TypedFunction { (values: [Bool]) in Tensor(values, shape: [values.count]) },
        ]
    }
}

extension ToTensor: Configurable {
    public static let configuration = Configuration(codable: ToTensor.self)
}

/// Images of bytes to float32 0 … 1, masks to class numbers (int64). Order 10.
///
/// Decoding clamps an image to 0 … 1 and gives the nearest whole numbers, so that bytes come back as they were: uint8, or
/// int32 where the divisor is above 255. NaN becomes 0. fastai's `IntToFloatTensor`, which cuts off and is one too low often.
public struct IntToFloat: Transform, Codable, Hashable, Sendable {
    /// What an image is divided by.
    public let divisor: Double
    /// What a mask is divided by, rounding down.
    public let maskDivisor: Int

    /// Divides images and masks.
    public init(divisor: Double = 255, maskDivisor: Int = 1) {
        (self.divisor, self.maskDivisor) = (divisor, maskDivisor)
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 10 }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage) in TensorImage(image.tensor.to(.float32) / divisor) },
            TypedFunction { (mask: TensorMask) in
                guard maskDivisor > 0 else {
                    throw DataError(.item, file: "IntToFloat", "divides masks by \(maskDivisor), which is not positive")
                }
                if maskDivisor == 1 { return TensorMask(mask.tensor.to(.int64)) }
                let classes = mask.tensor.ints.map { pixel in
                    let (whole, rest) = pixel.quotientAndRemainder(dividingBy: maskDivisor)
                    return rest < 0 ? whole - 1 : whole
                }
                return TensorMask(Tensor(classes, shape: mask.tensor.shape))
            },
        ]
    }

    /// What it does on the way back to a person.
    public var decodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage) in
                let pixels = (image.tensor.clamped(min: 0, max: 1) * divisor).round()
                return TensorImage(pixels.filled(where: pixels.isNaN(), with: 0).to(divisor > 255 ? .int32 : .uint8))
            }
        ]
    }
}

extension IntToFloat: Configurable {
    public static let configuration = Configuration(codable: IntToFloat.self)
}
