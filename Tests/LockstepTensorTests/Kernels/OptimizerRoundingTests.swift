// SPDX-License-Identifier: Apache-2.0
// An element's update has the same bits wherever it stands: alone, in a vector, averaged in passing, past the caches.
import CLockstepKernels
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Rounding of optimizer steps") struct OptimizerRoundingTests {
    typealias Pointers = (
        p: UnsafeMutableRawPointer, g: UnsafeMutableRawPointer, m: UnsafeMutableRawPointer, v: UnsafeMutableRawPointer
    )
    struct Rule: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let step: @Sendable (Int, Pointers, lsk_update) -> Void
    }

    static let rules: [Rule] = [
        Rule(testDescription: "sgd") { lsk_sgd(LSK_FLOAT32, $0, $1.p, $1.g, nil, $2, 0.013, 0) },
        Rule(testDescription: "sgd with momentum") { lsk_sgd(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $2, 0.013, 0.9) },
        Rule(testDescription: "rmsprop") {
            lsk_rmsprop(LSK_FLOAT32, $0, $1.p, $1.g, nil, $1.v, $2, 0.013, 0, 0.99, 1e-8)
        },
        Rule(testDescription: "rmsprop with momentum") {
            lsk_rmsprop(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $1.v, $2, 0.013, 0.9, 0.99, 1e-8)
        },
        Rule(testDescription: "adam") {
            lsk_adam(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $1.v, $2, 0.013, 0.9, 0.99, 1e-5, 1.7)
        },
        Rule(testDescription: "radam, not adaptive") {
            lsk_radam(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $1.v, $2, 0.013, 0.9, 0.99, 1e-5, 1.7, 0, 0)
        },
        Rule(testDescription: "radam") {
            lsk_radam(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $1.v, $2, 0.013, 0.9, 0.99, 1e-5, 1.7, 0, 1)
        },
        Rule(testDescription: "radam with softplus") {
            lsk_radam(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $1.v, $2, 0.013, 0.9, 0.99, 1e-5, 1.7, 3.5, 1)
        },
        Rule(testDescription: "qhadam") {
            lsk_qhadam(LSK_FLOAT32, $0, $1.p, $1.g, $1.m, $1.v, $2, 0.013, 0.9, 0.99, 1e-5, 0.3, 0.2, 0.7, 0.9)
        },
    ]

    /// Scale of the gradient, decoupled decay, decay in the gradient.
    static let settings: [(Double, Double, Double)] = [(1, 1, 0), (0.731, 0.9987, 0), (1, 1, 0.01), (0.731, 1, 0.01)]

    /// Parameters, two gradients, moments: copies, so that every step starts alike.
    private func memory() -> [Tensor] {
        (0..<4).map { sample([101], seed: UInt64($0 + 1)) + 0 } + [sample([101], seed: 9, in: 0..<1) + 0]
    }

    private func at(_ tensors: [Tensor], _ offset: Int, gradient: Int) -> Pointers {
        let places = tensors.map { $0.unsafePointer + 4 * offset }
        return (places[0], places[gradient], places[3], places[4])
    }

    @Test("every element is updated alike, in every length, from every start", arguments: rules)
    func everywhere(_ rule: Rule) {
        let (share, rest): (Float, Float) = (0.37, 0.63)
        for (scale, decay, l2) in Self.settings {
            var update = lsk_update()
            (update.gradient_scale, update.decay, update.l2) = (scale, decay, l2)
            let (first, second) = (memory()[1].floats, memory()[2].floats)
            let average = zip(first, second).map { share * $0 + rest * $1 }
            // The reference: one element at a time.
            let alone = memory()
            Tensor.copy(Tensor(average, shape: [101]), into: alone[1])
            for index in 0..<101 { rule.step(1, at(alone, index, gradient: 1), update) }
            let expected = alone[0].floats.map(\.bitPattern)
            for count in [0, 1, 2, 7, 15, 16, 17, 31, 33, 64, 89] {
                for start in [0, 1, 5, 12] {
                    for (averages, streams) in [(false, 0), (false, 1), (true, 0), (true, 1)] as [(Bool, Int32)] {
                        let own = memory()
                        var step = update
                        step.streams = streams
                        if averages {
                            step.pair = (
                                UnsafePointer(own[1].unsafePointer.assumingMemoryBound(to: Float.self) + start),
                                UnsafePointer(own[2].unsafePointer.assumingMemoryBound(to: Float.self) + start)
                            )
                            step.share = (Double(share), Double(rest))
                        } else {
                            Tensor.copy(Tensor(average, shape: [101]), into: own[1])
                        }
                        rule.step(count, at(own, start, gradient: 1), step)
                        let bits = own[0].floats.map(\.bitPattern)[start..<(start + count)]
                        #expect(
                            Array(bits) == Array(expected[start..<(start + count)]),
                            "\(count) from \(start), averaging \(averages), past the caches \(streams), scale \(scale), decay \(decay), l2 \(l2)"
                        )
                    }
                }
            }
        }
    }
}
