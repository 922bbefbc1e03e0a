// SPDX-License-Identifier: Apache-2.0
// What this core can do at best: products per second, and bytes per second by how much memory is walked through.

import Lockstep

/// The limits of one core, measured with this library's own product and the system's copy.
public struct Ceilings: Sendable, Equatable {
    /// The fastest product of several shapes, in floating-point operations per second.
    public private(set) var flops = 0.0
    /// Bytes read plus bytes written per second of a copy, by the bytes it touches.
    public private(set) var copies: [(bytes: Double, rate: Double)]

    private static let sizes = [64 << 10, 512 << 10, 4 << 20, 16 << 20, 64 << 20]
    private static let shapes = [
        (256, 256, 256), (512, 512, 512), (64, 512, 784), (2048, 512, 128), (1024, 1024, 1024),
    ]

    public init() { copies = Self.sizes.map { (Double($0), 0) } }

    /// Ceilings known from elsewhere.
    init(flops: Double, copies: [(bytes: Double, rate: Double)]) { (self.flops, self.copies) = (flops, copies) }

    public static func == (a: Ceilings, b: Ceilings) -> Bool {
        a.flops == b.flops && a.copies.map(\.bytes) == b.copies.map(\.bytes)
            && a.copies.map(\.rate) == b.copies.map(\.rate)
    }

    /// Measures again and keeps the better of every figure: what else runs on the machine can only slow a measurement.
    public mutating func measure() {
        for (m, n, k) in Self.shapes {
            let (a, b) = (Tensor.ones([m, k]), Tensor.ones([k, n]))
            let work = 2 * Double(m) * Double(n) * Double(k)
            let seconds = best(of: 8, runs: max(1, Int(1e8 / work))) { _ = a.matmul(b) }
            flops = max(flops, work / seconds)
        }
        for (index, size) in Self.sizes.enumerated() {
            let half = size / 2
            let (from, to) = (
                UnsafeMutableRawPointer.allocate(byteCount: half, alignment: 64),
                UnsafeMutableRawPointer.allocate(byteCount: half, alignment: 64)
            )
            defer {
                from.deallocate()
                to.deallocate()
            }
            from.initializeMemory(as: UInt8.self, repeating: 1, count: half)
            to.initializeMemory(as: UInt8.self, repeating: 2, count: half)
            let seconds = best(of: 8, runs: max(1, (16 << 20) / size)) { to.copyMemory(from: from, byteCount: half) }
            copies[index].rate = max(copies[index].rate, Double(size) / seconds)
        }
    }

    /// Seconds that `work` takes at least: its products or its bytes, whichever takes longer.
    func seconds(_ work: Work) -> Double {
        let rate = copies.first { $0.bytes >= work.footprint }?.rate ?? copies[copies.count - 1].rate
        return max(work.flops / flops, work.bytes / rate)
    }

    private func best(of rounds: Int, runs: Int, _ body: () -> Void) -> Double {
        (0..<rounds).map { _ in
            let start = ContinuousClock.now
            for _ in 0..<runs { body() }
            return start.secondsAgo / Double(runs)
        }.min() ?? .infinity
    }
}
