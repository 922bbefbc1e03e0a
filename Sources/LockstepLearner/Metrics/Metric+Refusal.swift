// SPDX-License-Identifier: Apache-2.0
// What outputs and targets the metrics of this module take: asked of those that somebody else has described.

import LockstepNN
import LockstepTensor

extension Metric {
    /// Why a batch with this output and target would stop the program; nil when it would not.
    final func refusal(of prediction: Outline, _ target: Outline, loss: any LossFunction) -> String? {
        let problem =
            switch self {
            case let metric as AccumMetric: metric.problem(prediction, target)
            case let metric as Dice: regionProblem(prediction, target, axis: metric.axis)
            case let metric as DiceMulti: regionProblem(prediction, target, axis: metric.axis)
            case let metric as ForegroundAcc: regionProblem(prediction, target, axis: metric.axis)
            case let metric as CorpusBLEU:
                prediction.rank ?? 3 == 3 && target.rank ?? 2 == 2
                    && Outline([prediction[0]]).fits(Outline([target[0]]))
                    ? axisProblem(prediction, metric.axis) : "outputs \(prediction) and targets \(target) are no texts"
            case let metric as LossMetric: metric.problem(loss)
            default: averageProblem(prediction, target)
            }
        return problem.map { "\(name): \($0)" }
    }

    /// What an argument was that the metric was made of.
    final func argument<Value>(_ name: String, as type: Value.Type = Value.self) -> Value? {
        (try? ExportRegistry.describe(self, at: ""))?.arguments.first { $0.name == name }?.value as? Value
    }

    private func averageProblem(_ prediction: Outline, _ target: Outline) -> String? {
        switch origin?.function.name {
        case "accuracy", "errorRate":
            let axis = argument("axis") ?? -1
            return axisProblem(prediction, axis) ?? countProblem(prediction.without(axis: axis), target)
        case "topKAccuracy":
            let (axis, k) = (argument("axis") ?? -1, argument("k", as: Int.self) ?? 1)
            if let problem = axisProblem(prediction, axis) { return problem }
            if let size = prediction[axis], k > size {
                return "k is \(k), but outputs \(prediction) have \(size) classes"
            }
            return prediction.without(axis: axis).fits(target) ? nil : "targets \(target) for outputs \(prediction)"
        case "accuracyMulti", "mse", "mae", "msle": return countProblem(prediction, target)
        default: return nil
        }
    }

    private func regionProblem(_ prediction: Outline, _ target: Outline, axis: Int) -> String? {
        axisProblem(prediction, axis) ?? countProblem(prediction.without(axis: axis), target)
    }
}

/// Whether there are classes along `axis`.
private func axisProblem(_ x: Outline, _ axis: Int) -> String? {
    x.rank != 0 && x.has(axis: axis) && x[axis] != 0 ? nil : "outputs \(x) have no classes along axis \(axis)"
}

private func countProblem(_ answers: Outline, _ target: Outline) -> String? {
    guard let count = answers.count, let targets = target.count, count != targets else { return nil }
    return "\(count) answers \(answers) but \(targets) targets \(target)"
}

extension Outline {
    /// The same without an axis that exists.
    fileprivate func without(axis: Int) -> Outline {
        guard var axes else { return .unknown }
        let place = axis < 0 ? axis + axes.count : axis
        if axes.indices.contains(place) { axes.remove(at: place) }
        return Outline(axes)
    }
}

extension AccumMetric {
    fileprivate func problem(_ prediction: Outline, _ target: Outline) -> String? {
        // Its softmax keeps the classes, its targets do not have them.
        let isRocAuc = self is RocAuc
        var answers = prediction
        if let axis = classAxis {
            if let problem = axisProblem(prediction, axis) { return problem }
            if !keepsClasses || isRocAuc { answers = prediction.without(axis: axis) }
        }
        if flatten || isRocAuc { return countProblem(answers, target) }
        // Tables of several labels for each item.
        guard answers.rank != 0, answers.fits(target) else { return "outputs \(answers) but targets \(target)" }
        guard let columns = answers[-1] else { return nil }
        let average = argument("average", as: Average.self)
        let labels = argument("labels", as: [Int].self) ?? []
        let used = labels + (average == .binary ? [argument("positive") ?? 0] : [])
        let strange = used.first { !(0..<columns).contains($0) }
        return strange.map { "there is no label \($0) among \(columns)" }
    }
}

extension LossMetric {
    fileprivate func problem(_ loss: any LossFunction) -> String? {
        guard let attribute else { return nil }
        guard let value = storedProperty(attribute, of: loss) else {
            return "\(loss.name) has no property \(attribute)"
        }
        switch unwrapped(value) {
        case is Tensor, is Double, is Float, is Int, nil: return nil
        case .some(let other): return "\(loss.name).\(attribute) is a \(Swift.type(of: other)), no number"
        }
    }
}
