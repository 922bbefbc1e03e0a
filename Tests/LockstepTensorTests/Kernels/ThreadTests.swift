// SPDX-License-Identifier: Apache-2.0
// Threads of a rank: all work is done once, results have the same bits for any number, and no thread outlives its process.
import CLockstepKernels
import Foundation
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Threads") struct ThreadTests {
    @Test(
        "every index is worked on once, whatever the number of threads, the grain and the length")
    func coverage() async {
        let result = await #expect(processExitsWith: .success) {
            for threads in [1, 2, 3, 7] as [Int32] {
                lsk_set_default_threads(threads)
                for count in [0, 1, 2, 15, 16, 17, 97, 1000] {
                    for grain in [1, 3, 16, 2000] {
                        var hits = [Int32](repeating: 0, count: count + 1)
                        hits.withUnsafeMutableBufferPointer { buffer in
                            lsk_parallel(
                                count, grain,
                                { context, begin, end in
                                    let hits = context?.assumingMemoryBound(to: Int32.self)
                                    for index in begin..<end { hits?[index] += 1 }
                                }, buffer.baseAddress)
                        }
                        precondition(hits.dropLast().allSatisfy { $0 == 1 } && hits[count] == 0)
                    }
                }
            }
        }
        #expect(result != nil)
    }

    @Test(
        "products, passes over elements and rows, and attention have the same bits on 1, 2 and 3 threads")
    func sameBits() async {
        let result = await #expect(processExitsWith: .success) {
            // OpenBLAS's products have a test of their own.
            guard ProcessorReport.current.usesOwnProducts else { return }
            func bits() -> [[UInt32]] {
                var results: [Tensor] = []
                // Rows packed, columns packed, few of either, primes, and neighbours of the tile's 12 and the panel's 32.
                let shapes = [
                    (64, 512, 300), (512, 64, 300), (257, 131, 67), (33, 1023, 64), (1000, 17, 97), (31, 31, 1200),
                    (1024, 10, 512), (10, 1024, 512),
                ]
                for (m, n, k) in shapes {
                    let (a, b) = (sample([m, k], seed: 1), sample([k, n], seed: 2))
                    results.append(a.matmul(b))
                    let (at, bt) = (a.transposed().contiguous(), b.transposed().contiguous())
                    results.append(at.transposed().matmul(bt.transposed()))
                }
                let sequence = sample([33, 3, 20], seed: 6, in: -0.5..<0.5)
                let weights = [20, 70].map { sample([280, $0], seed: 7, in: -0.1..<0.1).requiringGradient() }
                let recurrent = sequence.lstm(inputWeight: weights[0], hiddenWeight: weights[1]).output
                recurrent.sum().backward()
                results += [recurrent, weights[0].gradient ?? recurrent, weights[1].gradient ?? recurrent]
                let x = sample([259, 131], seed: 3)
                results += [x.gelu(), x.relu(), x * x, x.exp(), x.sin(), (x * 100).sigmoid(), x.softmax(axis: 1)]
                let images = [8, 9].map { sample([5, 17, 23, 19], seed: $0).channelsLast() }
                results += [images[0] + images[1], images[0] / images[1]]
                let y = sample([700, 128], seed: 4).requiringGradient()
                let out = (y.gelu() * y).softmax(axis: 1).logSoftmax(axis: 1)
                out.sum().backward()
                results.append(y.gradient ?? y)
                results.append(sample([300, 130], seed: 5).layerNorm(normalizedShape: [130]))
                let q = sample([3, 4, 37, 16], seed: 6).requiringGradient()
                let attended = Tensor.scaledDotProductAttention(q, q, q)
                attended.sum().backward()
                results += [attended, q.gradient ?? q]
                return results.map { $0.floats.map(\.bitPattern) }
            }
            let alone = bits()
            for threads in [2, 3] {
                ComputeContext.defaultThreads = threads
                for _ in 0..<3 { precondition(bits() == alone, "\(threads) threads") }
            }
        }
        #expect(result != nil)
    }

    @Test(
        "products that OpenBLAS computes have the same bits on 2, 3 and 7 threads, and those of one thread to rounding")
    func openBLAS() async {
        let result = await #expect(processExitsWith: .success) {
            func products() -> [Tensor] {
                // Cut by rows, by columns, not at all; blocks of which the last is short.
                let shapes = [
                    (2000, 30, 129), (30, 2000, 129), (193, 191, 257), (97, 95, 513), (1000, 17, 97), (700, 512, 300),
                    (512, 700, 300), (3, 3, 3), (1, 900, 900), (0, 5, 4), (4, 5, 0),
                ]
                return shapes.flatMap { m, n, k in
                    let a = sample([m, k], seed: 1).to(.float64)
                    let b = sample([k, n], seed: 2).to(.float64)
                    let (at, bt) = (a.transposed().contiguous(), b.transposed().contiguous())
                    return [a.matmul(b), at.transposed().matmul(bt.transposed())]
                }
            }
            let one = products()
            let two = ComputeContext.with(threads: 2) { products() }
            for (x, y) in zip(one, two) {
                precondition(zip(x.doubles, y.doubles).allSatisfy { abs($0 - $1) <= 1e-12 * max(1, abs($0)) })
            }
            for threads in [3, 7] {
                let more = ComputeContext.with(threads: threads) { products() }
                precondition(zip(two, more).allSatisfy { $0.doubles.map(\.bitPattern) == $1.doubles.map(\.bitPattern) })
            }
        }
        #expect(result != nil)
    }

    @Test("an optimizer's step has the same bits on 1, 2 and 3 threads, stored in place or past the caches")
    func optimizer() async {
        let result = await #expect(processExitsWith: .success) {
            func stepped(_ count: Int, streams: Int32) -> [UInt32] {
                let state = (0..<4).map { sample([count + 3], seed: UInt64($0), in: 0..<1) }
                var update = lsk_update()
                (update.gradient_scale, update.decay, update.streams) = (0.5, 0.99, streams)
                let at = state.map { $0.unsafePointer + 12 }  // not on a cache line
                lsk_adam(LSK_FLOAT32, count, at[0], at[1], at[2], at[3], update, 1e-2, 0.9, 0.99, 1e-8, 1.5)
                return state.flatMap { $0.floats.map(\.bitPattern) }
            }
            for count in [0, 1, 16_384, 16_385, 50_001] {
                for streams in [0, 1] as [Int32] {
                    lsk_set_default_threads(1)
                    let alone = stepped(count, streams: streams)
                    for threads in [2, 3] as [Int32] {
                        lsk_set_default_threads(threads)
                        precondition(stepped(count, streams: streams) == alone, "\(count), \(threads) threads")
                    }
                }
            }
        }
        #expect(result != nil)
    }

    @Test("a process with threads ends at once: by exit, by returning, by a trap")
    func ending() async {
        let exited = await #expect(processExitsWith: .exitCode(7)) {
            ComputeContext.defaultThreads = 3
            _ = sample([512, 512]).matmul(sample([512, 512]))
            exit(7)
        }
        #expect(exited != nil)
        let aborted = await #expect(processExitsWith: .signal(SIGABRT)) {
            ComputeContext.defaultThreads = 3
            _ = sample([512, 512]).matmul(sample([512, 512]))
            abort()
        }
        #expect(aborted != nil)
    }
}
