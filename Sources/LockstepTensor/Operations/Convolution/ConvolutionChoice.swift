// SPDX-License-Identifier: Apache-2.0
// A choice of a convolution's engine as a line of text.

import CLockstepKernels

/// Why a list of choices cannot be restored.
package struct ConvolutionChoiceError: Error, CustomStringConvertible {
    /// What kind of problem.
    package enum Code: Sendable {
        /// The text is not what ``ConvolutionEngine/choices`` writes.
        case malformed
        /// The engine is not built in, or the processor cannot run it.
        case unavailable
    }
    package let code: Code
    /// One sentence, without the name of a file, which the caller knows.
    package let description: String

    init(_ code: Code, _ sentence: String) { (self.code, description) = (code, sentence) }

    init(_ code: Code, _ line: String, number: Int, _ reason: String) {
        let shown = line.count > 120 ? "\(line.prefix(120))…" : line
        self.init(code, "choice \(number) of a convolution engine, “\(shown)”: \(reason)")
    }
}

/// `forward 16x14x14 32x14x14 kernel 3x3 stride 1x1 dilation 1x1 padding 1,1,1,1 groups 1 onednn`
enum ConvolutionChoice {
    private static let ways: [(String, lsk_convolution_way)] = [
        ("forward", LSK_FORWARD), ("data", LSK_BACKWARD_DATA), ("weight", LSK_BACKWARD_WEIGHT),
    ]
    private static let engines: [(String, lsk_convolution_engine)] = [
        ("blas", LSK_ENGINE_BLAS), ("onednn", LSK_ENGINE_ONEDNN), ("direct", LSK_ENGINE_DIRECT),
    ]
    /// No size of a convolution is larger: products of three fit an Int.
    private static let largest = 1 << 20

    static func text(_ choice: lsk_convolution_choice) -> String {
        let c = choice.shape
        let way = ways.first { $0.1 == choice.way }?.0 ?? "forward"
        let engine = engines.first { $0.1 == choice.engine }?.0 ?? "blas"
        return "\(way) \(c.in_channels)x\(c.in_height)x\(c.in_width) \(c.out_channels)x\(c.out_height)x\(c.out_width)"
            + " kernel \(c.kernel_height)x\(c.kernel_width) stride \(c.stride_height)x\(c.stride_width)"
            + " dilation \(c.dilation_height)x\(c.dilation_width)"
            + " padding \(c.pad_top),\(c.pad_left),\(c.pad_bottom),\(c.pad_right) groups \(c.groups) \(engine)"
    }

    static func parse(_ line: String, number: Int) throws(ConvolutionChoiceError) -> lsk_convolution_choice {
        func wrong(_ reason: String) -> ConvolutionChoiceError {
            ConvolutionChoiceError(.malformed, line, number: number, reason)
        }
        guard line.utf8.count <= 400 else { throw wrong("it is longer than any") }
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard words.count == 14,
            [3, 5, 7, 9, 11].map({ words[$0] }) == ["kernel", "stride", "dilation", "padding", "groups"],
            let way = ways.first(where: { $0.0 == words[0] })?.1
        else { throw wrong("it does not name a direction, two images, kernel, stride, dilation, padding and groups") }
        func sizes(_ word: Int, _ count: Int, separator: Character = "x", from least: Int = 1) -> [Int]? {
            let parts = words[word].split(separator: separator, omittingEmptySubsequences: false)
            let numbers = parts.compactMap { Int($0) }.filter { $0 >= least && $0 <= largest }
            return parts.count == count && numbers.count == count ? numbers : nil
        }
        // A transposed convolution's padding behind may be negative.
        guard let input = sizes(1, 3), let output = sizes(2, 3), let kernel = sizes(4, 2), let stride = sizes(6, 2),
            let dilation = sizes(8, 2), let padding = sizes(10, 4, separator: ",", from: -largest),
            let groups = sizes(12, 1)?.first
        else { throw wrong("a size is missing, no number, or out of range") }
        guard let engine = engines.first(where: { $0.0 == words[13] })?.1 else {
            throw wrong("there is no engine “\(words[13])”")
        }
        for axis in 0..<2 {
            let room = input[axis + 1] + padding[axis] + padding[axis + 2] - dilation[axis] * (kernel[axis] - 1) - 1
            guard room >= 0, room / stride[axis] + 1 == output[axis + 1] else {
                throw wrong("no convolution makes such an image of the other")
            }
        }
        guard input[0] % groups == 0, output[0] % groups == 0, padding[0] >= 0, padding[1] >= 0 else {
            throw wrong("no convolution has such groups or such padding")
        }
        if engine == LSK_ENGINE_ONEDNN && lsk_has_onednn() == 0
            || engine == LSK_ENGINE_DIRECT && lsk_uses_own_products() == 0
        {
            throw ConvolutionChoiceError(.unavailable, line, number: number, "this engine cannot run here")
        }
        let shape = lsk_convolution(
            batch: 0, groups: groups, in_channels: input[0], in_height: input[1], in_width: input[2],
            out_channels: output[0], out_height: output[1], out_width: output[2], kernel_height: kernel[0],
            kernel_width: kernel[1], stride_height: stride[0], stride_width: stride[1], dilation_height: dilation[0],
            dilation_width: dilation[1], pad_top: padding[0], pad_left: padding[1], pad_bottom: padding[2],
            pad_right: padding[3])
        return lsk_convolution_choice(shape: shape, way: way, engine: engine)
    }
}
