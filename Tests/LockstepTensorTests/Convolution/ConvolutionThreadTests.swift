// SPDX-License-Identifier: Apache-2.0
// Several ranks in one process convolve at the same time.
import CLockstepKernels
import Foundation
import LockstepTensor
import LockstepTesting
import Synchronization
import Testing

@Suite("Convolution on several threads") struct ConvolutionThreadTests {
    @Test(
        "ranks that meet a shape at the same moment all get the right result",
        arguments: [
            LSK_ENGINE_RULE, LSK_ENGINE_MEASURED, LSK_ENGINE_ONEDNN, LSK_ENGINE_BLAS, LSK_ENGINE_DIRECT,
        ])
    func concurrent(_ engine: lsk_convolution_engine) {
        let sizes = [5, 6, 7, 8]
        let worst = Mutex(0.0)
        DispatchQueue.concurrentPerform(iterations: 6) { _ in
            lsk_set_convolution_engine(engine)
            defer { lsk_set_convolution_engine(LSK_ENGINE_RULE) }
            for size in sizes {
                let c = ConvolutionCase(x: [3, 4, size, size], weight: [5, 4, 3, 3], padding: [1, 1])
                let (x, w, b) = (sample(Shape(c.x), seed: 1), sample(Shape(c.weight), seed: 2), sample([5], seed: 3))
                let leaf = w.requiringGradient()
                let y = c.run(x, leaf, b)
                y.sum().backward()
                let difference = (y.detached - c.direct(x, w, b).to(.float32)).floats.map { Double(abs($0)) }.max() ?? 0
                worst.withLock { $0 = max($0, difference) }
                #expect(leaf.gradient?.floats.allSatisfy(\.isFinite) == true)
            }
        }
        #expect(worst.withLock { $0 } < 1e-5)
    }
}
