// SPDX-License-Identifier: Apache-2.0
// The least work that a part of a training step can be done with, whoever does it.

/// Arithmetic of products, and bytes that have to pass between memory and the core.
///
/// Only what no implementation can leave out counts: every product reads its operands and writes its result once;
/// activations, biases and losses are free, because they can be done while a product's result is in registers.
struct Work: Equatable, Sendable {
    /// Floating-point operations of products, a multiply-add being two.
    var flops = 0.0
    /// Bytes read and written.
    var bytes = 0.0
    /// How many different bytes those are, which decides the cache they come from.
    var footprint: Double

    init(flops: Double = 0, bytes: Double, footprint: Double? = nil) {
        (self.flops, self.bytes, self.footprint) = (flops, bytes, footprint ?? bytes)
    }

    private static let float = 4.0

    /// One product `[m, k] · [k, n]`, `count` times.
    static func product(_ m: Int, _ n: Int, _ k: Int, count: Int = 1, share: Double = 1) -> Work {
        Work(
            flops: 2 * Double(m) * Double(n) * Double(k) * Double(count) * share,
            bytes: float * (Double(m) * Double(k) + Double(k) * Double(n) + Double(m) * Double(n)) * Double(count))
    }

    /// A linear layer over `rows` rows, forward and backward: three products, two when nobody asks for its input's gradient.
    static func linear(_ rows: Int, _ inputs: Int, _ outputs: Int, isFirst: Bool = false) -> [Work] {
        Array(repeating: product(rows, outputs, inputs), count: isFirst ? 2 : 3)
    }

    /// A convolution with a square kernel over `images` images whose output has `side`² pixels; `stride` says how many
    /// more the input has.
    static func convolution(
        _ images: Int, side: Int, _ inputs: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1, isFirst: Bool = false
    ) -> [Work] {
        let pixels = Double(images * side * side)
        let weights = Double(kernel * kernel * inputs * outputs)
        let one = Work(
            flops: 2 * pixels * weights,
            bytes: float * (pixels * Double(inputs * stride * stride) + pixels * Double(outputs) + weights))
        return Array(repeating: one, count: isFirst ? 2 : 3)
    }

    /// A batch normalisation of `count` numbers: one pass that reads and writes forward (the statistics can be taken while
    /// the input is made), one that reads both and one that reads both and writes backward.
    static func batchNorm(_ count: Int) -> [Work] {
        [Work(bytes: 2 * float * Double(count)), Work(bytes: 5 * float * Double(count))]
    }

    /// A layer normalisation of `count` numbers: rows fit in registers or the nearest cache, so each pass is one.
    static func layerNorm(_ count: Int) -> [Work] {
        [Work(bytes: 2 * float * Double(count)), Work(bytes: 3 * float * Double(count))]
    }

    /// Causal self-attention of `problems` heads: two products forward, four backward, over half of the score matrix.
    static func causalAttention(problems: Int, length: Int, width: Int) -> [Work] {
        Array(repeating: product(length, width, length, count: problems, share: 0.5), count: 6)
    }

    /// Rows taken from a table, and their gradients added back.
    static func embedding(_ rows: Int, _ width: Int) -> [Work] {
        Array(repeating: Work(bytes: 2 * float * Double(rows * width)), count: 2)
    }

    /// Adam: reads value, gradient and both moments, writes value and moments, clears the gradient.
    static func adam(_ parameters: Int) -> Work {
        Work(bytes: 8 * float * Double(parameters), footprint: 4 * float * Double(parameters))
    }
}
