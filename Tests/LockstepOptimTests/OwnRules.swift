// SPDX-License-Identifier: Apache-2.0
// Rules as a program that uses this package would write them.

import LockstepOptim

/// Adam, without its kernel.
struct OwnAdam: UpdateRule {
    let name = "own adam"
    var decouplesDecay = true
    var defaults: [(name: String, value: Double)] {
        [("mom", 0.9), ("sqr_mom", 0.99), ("wd", 0.01), ("eps", 1e-5)]
    }
    let stateNames = ["grad_avg", "sqr_avg"]

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        let (β1, β2, eps) = (stretch["mom"], stretch["sqr_mom"], stretch["eps"])
        let debias = Scalar(1 - power(stretch.hyper("mom"), stretch.step))
        let root = Scalar(1 / (1 - power(stretch.hyper("sqr_mom"), stretch.step))).squareRoot()
        let (mean, squares) = (stretch.state("grad_avg"), stretch.state("sqr_avg"))
        let rate = stretch.lr / debias
        stretch.forEach { index, value, gradient in
            mean[index] = β1 * mean[index] + (1 - β1) * gradient
            squares[index] = β2 * squares[index] + (1 - β2) * gradient * gradient
            value -= rate * mean[index] / (squares[index].squareRoot() * root + eps)
        }
    }

    private func power(_ base: Double, _ count: Int) -> Double { (0..<count).reduce(1) { power, _ in power * base } }
}

/// Lamb, which looks at norms.
struct OwnLamb: UpdateRule {
    let name = "own lamb"
    let isPerParameter = true
    var defaults: [(name: String, value: Double)] { [("mom", 0.9), ("sqr_mom", 0.99), ("eps", 1e-5)] }
    let stateNames = ["sqr_avg", "grad_avg", "direction"]

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        let (β1, β2, eps) = (stretch["mom"], stretch["sqr_mom"], stretch["eps"])
        let powers = (0..<stretch.step).reduce((1.0, 1.0)) { powers, _ in
            (powers.0 * stretch.hyper("mom"), powers.1 * stretch.hyper("sqr_mom"))
        }
        let (debias, root) = (Scalar(1 / (1 - powers.0)), Scalar(1 / (1 - powers.1)).squareRoot())
        let (mean, squares) = (stretch.state("grad_avg"), stretch.state("sqr_avg"))
        let direction = stretch.state("direction")
        let slope = stretch.sum { index, _, gradient in
            mean[index] = β1 * mean[index] + (1 - β1) * gradient
            squares[index] = β2 * squares[index] + (1 - β2) * gradient * gradient
            direction[index] = mean[index] * debias / (squares[index].squareRoot() * root + eps)
            return Double(direction[index] * direction[index])
        }.squareRoot()
        let size = stretch.sum { _, value, _ in Double(value * value) }.squareRoot()
        let ratio = size == 0 || slope == 0 ? 1 : min(size / slope, 10)
        let rate = stretch.lr * Scalar(ratio)
        stretch.forEach { index, value, _ in value -= rate * direction[index] }
    }
}

/// A rule that is told what to do with a stretch of floats or doubles.
struct Plain: UpdateRule {
    let name = "plain"
    var defaults: [(name: String, value: Double)] = [("mom", 0.9)]
    var stateNames: [String] = []
    var decouplesDecay = true

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        let lr = stretch.lr
        stretch.forEach { _, value, gradient in value -= lr * gradient }
    }
}

/// Makes one mistake.
struct Mistaken: UpdateRule {
    enum Mistake: Sendable { case hyper, state, twice, sum, sumAfter, index, late }
    let mistake: Mistake
    let name = "mistaken"
    var isPerParameter: Bool { mistake == .sumAfter }
    var defaults: [(name: String, value: Double)] { [("wd", 0), ("mom", 0.9)] }
    let stateNames = ["grad_avg"]

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        switch mistake {
        case .hyper: _ = stretch["momentum"]
        case .state: _ = stretch.state("average")
        case .twice: for _ in 0..<2 { stretch.forEach { _, value, gradient in value -= gradient } }
        case .sum: _ = stretch.sum { _, value, _ in Double(value) }
        case .sumAfter:
            stretch.forEach { _, value, gradient in value -= gradient }
            _ = stretch.sum { _, value, _ in Double(value) }
        case .late: break  // Keeping makes it
        case .index: stretch.state("grad_avg")[stretch.count] = 1
        }
    }
}

/// Keeps what it is given beyond its call, which the type of a rule does not forbid.
struct Keeping: UpdateRule {
    final class Kept: @unchecked Sendable {
        var stretch: Stretch<Float>?
        var state: StateElements<Float>?
    }
    let kept = Kept()
    let name = "keeping"
    var defaults: [(name: String, value: Double)] { [("mom", 0.9)] }
    let stateNames = ["grad_avg"]

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        (kept.stretch, kept.state) = (stretch as? Stretch<Float>, stretch.state("grad_avg") as? StateElements<Float>)
        stretch.forEach { _, value, gradient in value -= gradient }
    }
}
