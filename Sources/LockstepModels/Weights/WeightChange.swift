// SPDX-License-Identifier: Apache-2.0
// How a file's tensor becomes that of a model where the two differ in type, order of axes or channels.

import LockstepTensor

/// One thing that is done to a file's tensor.
enum WeightChange: Equatable {
    /// Elements of another type; done when it is copied.
    case type(String, DType)
    /// Axes in another order, as MLX keeps its convolutions (channels last).
    case channelsFirst([Int])
    /// GPT-2's `Conv1D`, which keeps a linear layer's weight the other way round.
    case transposed
    /// The first convolution's inputs summed in groups of three: an image of one channel for one of three.
    case summedInputs(from: Int)
    /// The first convolution's inputs repeated, and made smaller so that sums stay what they were.
    case repeatedInputs(from: Int, to: Int)
    /// A single number with other axes.
    case reshaped

    var description: String {
        switch self {
        case .type(let type, let dtype): "\(type) to \(dtype)"
        case .channelsFirst: "channels moved to the front"
        case .transposed: "transposed"
        case .summedInputs(let from): "summed over its \(from) input channels"
        case .repeatedInputs(let from, let to): "its \(from) input channels repeated to \(to)"
        case .reshaped: "reshaped"
        }
    }

    /// `tensor` after the change, for a place of `shape`.
    func applied(to tensor: Tensor, shape: Shape) -> Tensor {
        switch self {
        case .type: return tensor
        case .channelsFirst(let axes): return tensor.permuted(axes)
        case .transposed: return tensor.transposed()
        case .reshaped: return tensor.reshaped(shape)
        case .summedInputs:
            let groups = shape[1]
            let wide = tensor.to(.float32).contiguous()
            return wide.reshaped([wide.dim(0), groups, wide.dim(1) / groups, wide.dim(2), wide.dim(3)]).sum(axes: [2])
        case .repeatedInputs(let from, let to):
            let wide = tensor.to(.float32)
            let times = (to + from - 1) / from
            let all = Tensor.concatenated([Tensor](repeating: wide, count: times), axis: 1)
            return all[.all, 0..<to] * (Double(from) / Double(to))
        }
    }

    /// What makes a first convolution's weight `[outputs, inputs, height, width]` one of another number of inputs, as timm does
    /// it; nil where there is no rule.
    static func inputs(from found: [Int], to wanted: [Int]) -> WeightChange? {
        guard found.count == 4, wanted.count == 4, found[0] == wanted[0], found[2...] == wanted[2...] else {
            return nil
        }
        let (from, to) = (found[1], wanted[1])
        guard from > 0, to > 0, from != to else { return nil }
        // Stems that turn space into depth have three inputs for each place.
        if to == 1 && from <= 3 || from % 3 == 0 && from == 3 * to { return .summedInputs(from: from) }
        return from == 3 ? .repeatedInputs(from: from, to: to) : nil
    }
}
