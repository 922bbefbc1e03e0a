// SPDX-License-Identifier: Apache-2.0
// Weights by a formula that Tests/Reference/cases/vision.py knows too: large networks are compared without files of weights.

import LockstepData
package import LockstepNN
package import LockstepTensor

/// Numbers that follow from a name, the same in Python.
package enum FormulaWeights {
    /// `count` numbers from −1 to 1: MurmurHash3's finaliser of crc32(name) + index.
    package static func numbers(_ name: String, _ count: Int) -> [Float] {
        let start = crc32(name)
        return [Float](unsafeUninitializedCapacity: count) { numbers, made in
            var index = 0
            while index < count {  // a range costs ten times as much in a debug build
                var x = start &+ UInt32(truncatingIfNeeded: index)
                x = (x ^ (x >> 16)) &* 0x85EB_CA6B
                x = (x ^ (x >> 13)) &* 0xC2B2_AE35
                x ^= x >> 16
                numbers[index] = Float(Double(x) / 2_147_483_648 - 1)
                index += 1
            }
            made = count
        }
    }

    /// The tensor called `name`.
    package static func tensor(_ name: String, _ shape: Shape) -> Tensor {
        Tensor(numbers(name, shape.elementCount), shape: shape)
    }

    /// The weight called `name`: matrices as Kaiming has them, scales around 1, offsets around 0.
    static func weight(_ name: String, _ shape: Shape) -> Tensor {
        let v = tensor(name, shape)
        let last = name.split(separator: ".").last ?? ""
        if last == "running_var" { return v / 5 + 1 }
        if last == "running_mean" || last == "bias" { return v / 10 }
        if shape.rank < 2 || v.count == shape[0] { return v / 10 + 1 }
        return v * Double(Float((6 * Double(shape[0]) / Double(v.count)).squareRoot()))
    }

    /// Gives every real tensor of the state its value by the formula.
    package static func fill(_ model: Module) throws {
        let state = model.stateDictionary(copying: false).map { name, tensor in
            (name: name, tensor: tensor.dtype.isFloatingPoint ? weight(name, tensor.shape) : tensor)
        }
        try model.loadStateDictionary(state)
    }

    /// Nothing is dropped, so that training mode is a function.
    package static func removeChance(from model: Module) {
        for module in model.modules() {
            (module as? Dropout)?.p = 0
            (module as? DropPath)?.p = 0
        }
    }

    /// One number for the names and shapes of a state dictionary, in its order.
    package static func keys(of model: Module) -> Int {
        let lines = model.stateDictionary(copying: false).map { name, tensor in
            "\(name) [\(tensor.shape.dimensions.map(String.init).joined(separator: ", "))]"
        }
        return Int(crc32(lines.joined(separator: "\n")))
    }

    /// Of a tensor its product with a direction that follows from the name, and its norm.
    package static func summary(_ name: String, _ tensor: Tensor) -> [Double] {
        let values = tensor.doubles
        let direction = numbers("direction " + name, values.count)
        var (product, square) = (0.0, 0.0)
        for (value, weight) in zip(values, direction) {
            product += value * Double(weight)
            square += value * value
        }
        return [product, square.squareRoot()]
    }

    private static func crc32(_ text: String) -> UInt32 {
        Safetensors.checksum(ofFile: [Array(text.utf8)[...]])
    }
}
