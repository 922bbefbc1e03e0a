// SPDX-License-Identifier: Apache-2.0
// Update rules as a program that uses this package would write them: with what is public.

import LockstepOptim

/// `u = sign(β₁m + (1−β₁)g); p ← p − lr·u; m ← β₂m + (1−β₂)g`. Chen et al., arXiv 2302.06675.
struct Lion: UpdateRule {
    let name = "lion"
    var defaults: [(name: String, value: Double)] { [("mom", 0.9), ("sqr_mom", 0.99), ("wd", 0.1)] }
    let stateNames = ["grad_avg"]

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        let (lr, β1, β2) = (stretch.lr, stretch["mom"], stretch["sqr_mom"])
        let average = stretch.state("grad_avg")
        stretch.forEach { index, value, gradient in
            let direction = β1 * average[index] + (1 - β1) * gradient
            value -= direction > 0 ? lr : direction < 0 ? -lr : 0
            average[index] = β2 * average[index] + (1 - β2) * gradient
        }
    }
}

/// Adam with Nesterov's momentum and a largest second moment, as AMSGrad has: three states. Dozat, 2016.
struct NAdam: UpdateRule {
    let name = "nadam"
    let decouplesDecay = false
    var defaults: [(name: String, value: Double)] {
        [("mom", 0.9), ("sqr_mom", 0.999), ("eps", 1e-8), ("wd", 0.01)]
    }
    let stateNames = ["grad_avg", "sqr_avg", "sqr_max"]

    func update<Scalar>(_ stretch: Stretch<Scalar>) {
        let (β1, β2, eps) = (stretch["mom"], stretch["sqr_mom"], stretch["eps"])
        func power(_ base: Double, _ count: Int) -> Double { (0..<count).reduce(1) { power, _ in power * base } }
        let now = Scalar((1 - stretch.hyper("mom")) / (1 - power(stretch.hyper("mom"), stretch.step)))
        let next = Scalar(stretch.hyper("mom") / (1 - power(stretch.hyper("mom"), stretch.step + 1)))
        let root = Scalar(1 / (1 - power(stretch.hyper("sqr_mom"), stretch.step))).squareRoot()
        let (mean, squares, largest) = (stretch.state("grad_avg"), stretch.state("sqr_avg"), stretch.state("sqr_max"))
        let lr = stretch.lr
        stretch.forEach { index, value, gradient in
            mean[index] = β1 * mean[index] + (1 - β1) * gradient
            squares[index] = β2 * squares[index] + (1 - β2) * gradient * gradient
            largest[index] = max(largest[index], squares[index])
            value -= lr * (now * gradient + next * mean[index]) / (largest[index].squareRoot() * root + eps)
        }
    }
}
