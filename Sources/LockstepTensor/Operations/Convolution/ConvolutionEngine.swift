// SPDX-License-Identifier: Apache-2.0
// Which engine convolutions use, and what a checkpoint has to remember of that.

import CLockstepKernels

/// How this process chooses between the engines that can convolve: our own kernels, oneDNN, gathered patches.
///
/// By a rule over shape, direction, processor and build, so that equal programs on equal machines give equal bits
/// (decision 8). `LOCKSTEP_CONV` names one engine (`blas`, `onednn`, `direct`), or asks for a choice by timing (`measured`),
/// which two runs may make differently: a run that goes on where another stopped gets that one's ``choices``.
package enum ConvolutionEngine {
    /// Who computes the calling thread's convolutions; `rule` leaves it to `LOCKSTEP_CONV`, or else to the rule.
    package enum Choice: Int32, Sendable {
        case rule = 0
        case patches, oneDNN, direct, measured

        init(raw: Int32) { self = Choice(rawValue: raw) ?? .rule }
        var raw: Int32 { rawValue }
    }

    /// The rule's number: another rule gives other bits.
    private static let rule = 1

    /// Choices by timing that are more than any network has.
    private static let most = 1 << 12

    /// What decides besides the shape, in a line: where it and ``choices`` are equal, convolutions have equal bits.
    package static var identity: String {
        let way =
            switch Choice(raw: Int32(lsk_get_convolution_engine().rawValue)) {
            case .patches: "patches"
            case .oneDNN: "oneDNN"
            case .direct: "our kernels"
            case .measured: "timing"
            case .rule: "rule \(rule)"
            }
        let report = ProcessorReport.current
        let products = report.usesOwnProducts ? "AVX-512" : report.products
        let version = lsk_onednn_version()
        let library =
            lsk_has_onednn() != 0 ? "oneDNN \(version.major).\(version.minor).\(version.patch)" : "no oneDNN"
        return "\(way), \(products), \(library)"
    }

    /// What was chosen by timing, or restored: a line for each shape and direction, sorted. Empty where nobody measures.
    package static var choices: [String] {
        let count = lsk_get_convolution_choices(nil, 0)
        if count == 0 { return [] }
        let found = [lsk_convolution_choice](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = min(count, lsk_get_convolution_choices(buffer.baseAddress, count))
        }
        return found.map(ConvolutionChoice.text).sorted()
    }

    /// Replaces all choices of this process by `lines`, as ``choices`` gave them. From now on they hold whether engines are
    /// chosen by the rule or by timing.
    ///
    /// - Throws: ``ConvolutionChoiceError`` for the first line that is none, a shape that no convolution has, a second choice
    ///   for one shape, an engine that cannot run here; nothing is changed then.
    package static func restore(_ lines: [String]) throws(ConvolutionChoiceError) {
        guard lines.count <= most else {
            throw ConvolutionChoiceError(
                .malformed, "there are \(lines.count) choices of convolution engines; \(most) are the most")
        }
        var (parsed, known): ([lsk_convolution_choice], Set<String>) = ([], [])
        for (index, line) in lines.enumerated() {
            let choice = try ConvolutionChoice.parse(line, number: index + 1)
            let shape = ConvolutionChoice.text(choice).split(separator: " ").dropLast().joined(separator: " ")
            guard known.insert(shape).inserted else {
                throw ConvolutionChoiceError(.malformed, line, number: index + 1, "its shape has a choice already")
            }
            parsed.append(choice)
        }
        lsk_set_convolution_choices(parsed, parsed.count)
    }

    /// Forgets all choices.
    package static func forgetChoices() { lsk_set_convolution_choices(nil, 0) }
}
