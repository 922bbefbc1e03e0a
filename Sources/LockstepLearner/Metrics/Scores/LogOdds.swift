// SPDX-License-Identifier: Apache-2.0
// Scores that order as probabilities do and do not saturate: in float32 a sigmoid of 17 is 1, and so is one of 98.

import LockstepTensor

extension Tensor {
    /// log(p / (1 − p)) of every class along `axis`, p being its softmax, in float64.
    ///
    /// Equal for rows whose outputs are the same in another order. Not a number where the softmax is none. A class without
    /// others is the one output of a sigmoid, which is its log odds.
    func logOdds(axis: Int) -> Tensor {
        let axis = axis < 0 ? axis + rank : axis
        let order = (0..<rank).filter { $0 != axis } + [axis]
        let moved = detached.to(.float64).permuted(order)
        let classes = moved.dim(-1)
        var values = moved.doubles
        values.withUnsafeMutableBufferPointer { all in
            for start in stride(from: 0, to: all.count, by: Swift.max(classes, 1)) {
                makeLogOdds(UnsafeMutableBufferPointer(rebasing: all[start..<start + classes]))
            }
        }
        let back = (0..<rank).map { place in order.firstIndex(of: place) ?? place }
        return Tensor(values, shape: moved.shape).permuted(back)
    }
}

/// The log odds of one item's classes, in place of their outputs.
private func makeLogOdds(_ row: UnsafeMutableBufferPointer<Double>) {
    if row.count == 1 { return }
    // The softmax of infinity is none, nor is that of nothing but −∞.
    guard let top = row.max(), top.isFinite, !row.contains(where: \.isNaN) else {
        for index in row.indices { row[index] = .nan }
        return
    }
    if row.count == 2 {
        let difference = row[1] - row[0]
        (row[0], row[1]) = (-difference, difference)
        return
    }
    // In order, so that the sums do not depend on which class has which output.
    let distances = row.map { $0 - top }.sorted()
    let others = distances.dropLast()
    let total = distances.reduce(0) { $0 + exponential($1) }
    // The others of the greatest, which may all be far below it.
    let second = others.last ?? -.infinity
    let rest =
        second == -.infinity ? second : second + logarithm(others.reduce(0) { $0 + exponential($1 - second) })
    for index in row.indices {
        let distance = row[index] - top
        row[index] = distance == 0 ? -rest : distance - logarithm(total - exponential(distance))
    }
}

/// Where a sigmoid reaches `probability`: −∞ for 0 and below, no number above 1, where it never does.
func logit(_ probability: Double) -> Double {
    probability <= 0 ? -.infinity : logarithm(probability) - logarithm(1 - probability)
}
