// SPDX-License-Identifier: Apache-2.0
// In which order of axes a file keeps its convolutions and products, found out from all of them together.

import LockstepData
import LockstepNN
import LockstepTensor

/// How a file lays out what a model has in PyTorch's order.
struct WeightLayout {
    /// The order of axes that makes PyTorch's of MLX's, by the name of a convolution's weight.
    private var axes: [String: [Int]] = [:]
    private var firstConvolution: String?
    private var isChannelsLast = false
    private var isTransposed = false

    /// What GPT-2's `Conv1D` layers are called.
    private static let transposable: Set<String> = ["c_attn", "q_attn", "c_proj", "c_fc"]

    init(_ weights: WeightFile, _ model: Module, _ pairs: [(name: String, wanted: Shape, source: WeightFile.Entry?)]) {
        for (name, module) in model.namedModules() {
            let order: [Int]
            switch module {
            case is Conv1d: order = [0, 2, 1]
            case is Conv2d: order = [0, 3, 1, 2]
            case is ConvTranspose2d: order = [3, 0, 1, 2]
            default: continue
            }
            let weight = name.isEmpty ? "weight" : name + ".weight"
            axes[weight] = order
            if firstConvolution == nil, module is Conv2d { firstConvolution = weight }
        }
        var (turned, straight) = (false, false)
        for (name, wanted, source) in pairs {
            guard let source else { continue }
            let wanted = wanted.dimensions
            if let order = axes[name], source.shape.count == order.count {
                let moved = order.map { source.shape[$0] }
                if moved == wanted, source.shape != wanted { turned = true }
                if source.shape == wanted, moved != wanted { straight = true }
            }
            if WeightLayout.isTransposable(name), wanted.count == 2, source.shape == wanted.reversed(),
                source.shape != wanted
            {
                isTransposed = true
            }
        }
        // Square ones look alike both ways: the others decide, or what the file says of itself.
        isChannelsLast = !straight && (turned || weights.metadata.contains { $0.key == "format" && $0.value == "mlx" })
    }

    /// What has to be done to `source` to be the tensor called `name`; nil where it does not fit.
    func changes(_ name: String, _ value: Tensor, _ source: WeightFile.Entry) -> [WeightChange]? {
        var (shape, changes) = (source.shape, [WeightChange]())
        let wanted = value.shape.dimensions
        // Whole numbers for weights are quantised ones, which mean nothing without their scale.
        guard value.dtype.isFloatingPoint == source.type.tensorType.isFloatingPoint else { return nil }
        if source.type.dtype != value.dtype { changes.append(.type(source.type.rawValue, value.dtype)) }
        if isChannelsLast, let order = axes[name], shape.count == order.count {
            shape = order.map { shape[$0] }
            changes.append(.channelsFirst(order))
        }
        if isTransposed, WeightLayout.isTransposable(name), shape.count == 2 {
            shape.reverse()
            changes.append(.transposed)
        }
        if shape == wanted { return changes }
        if name == firstConvolution, let change = WeightChange.inputs(from: shape, to: wanted) {
            return changes + [change]
        }
        if shape.reduce(1, *) == 1, value.count == 1 { return changes + [.reshaped] }
        return nil
    }

    private static func isTransposable(_ name: String) -> Bool {
        let parts = name.split(separator: ".")
        return parts.count >= 2 && parts.last == "weight" && transposable.contains(String(parts[parts.count - 2]))
    }
}
