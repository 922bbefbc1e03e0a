// SPDX-License-Identifier: Apache-2.0
// How much each class counts in the loss, for the recipes that have classes.

import ArgumentParser
import Lockstep
import LockstepData

/// Weights of classes.
enum ClassWeights: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case none, balanced

    /// scikit-learn's “balanced”: items / (classes · items of the class).
    static func balanced(_ numbers: [Int], classes: Int) -> Tensor {
        var counts = [Int](repeating: 0, count: classes)
        for number in numbers { counts[number] += 1 }
        return Tensor(counts.map { Float(numbers.count) / Float(classes * max(1, $0)) })
    }
}

/// `--class-weights`.
struct ClassWeightsOption: SettingGroup {
    static let classWeights = Setting(
        "classWeights", ClassWeights.none,
        help: "How much an item of each class counts in the loss: balanced makes all classes count alike.",
        onResume: .sameIfKnown)
    @Option(ClassWeightsOption.classWeights) var classWeights: ClassWeights?

    static var settings: [BoundSetting<Self>] { [BoundSetting(classWeights, \.classWeights)] }

    var isBalanced: Bool { classWeights == .balanced }

    /// The loss of classes, weighted by the training items of `dls`.
    ///
    /// - Throws: ``Failure`` where these have no classes.
    func loss(of dls: DataLoaders) throws -> any LossFunction {
        guard isBalanced else { return .crossEntropy }
        guard let data = dls.trainDataset as? any ClassLabelled, let numbers = try data.classNumbers(),
            case .category(let classes)? = dls.trainDataset?.targetKind
        else { throw Failure.usage("--class-weights balanced: the targets are no classes") }
        return .crossEntropy(weight: ClassWeights.balanced(numbers, classes: classes))
    }
}
