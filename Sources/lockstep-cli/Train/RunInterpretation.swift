// SPDX-License-Identifier: Apache-2.0
// What a model that was trained gets wrong, as a file for the page of its run.

import Foundation
import Lockstep
import LockstepData
import LockstepLearner

/// Which classes are taken for which, and the items with the largest losses.
struct RunInterpretation {
    static let file = "interpretation.json"
    /// More classes fill no table that somebody looks at.
    private static let mostClasses = 40
    private static let items = 12

    private let confusion: ConfusionMatrix?
    private let confused: [ClassificationInterpretation.Confusion]
    private let worst: [Interpretation.TopLoss]
    private let shown: [ShownResults.Item]

    /// Goes over the validation data once. Collective; the writing rank has all, the others nothing.
    init(_ learner: Learner) throws {
        let interpretation: Interpretation
        var matrix: ConfusionMatrix?
        var pairs: [ClassificationInterpretation.Confusion] = []
        if learner.lossFunction.usesIntegerTargets {
            let found = try ClassificationInterpretation(
                learner: learner, vocabulary: learner.dls.columns?.classes ?? learner.dls.vocabulary)
            // A text has a decision for each token: what is taken for what is no question there.
            if found.actual.count + found.undecided == found.losses.count {
                if found.vocabulary.count <= Self.mostClasses { matrix = found.confusionMatrix() }
                pairs = Array(found.mostConfused().prefix(20))
            }
            interpretation = found
        } else {
            interpretation = try Interpretation(learner: learner)
        }
        (confusion, confused) = (matrix, pairs)
        worst = interpretation.topLosses(Self.items)
        let places = worst.map(\.index)
        shown = learner.coordinator.isWriter ? try learner.showResults(at: places, console: nil).items : []
    }

    /// As JSON.
    var json: String {
        let items = zip(worst, shown).map { top, item in
            JSONValue.object([
                ("item", .whole(top.index)), ("loss", .number(top.loss)),
                ("inputs", .list(item.inputs.map(Self.value))), ("targets", .list(item.targets.map(Self.value))),
                ("predictions", .list(item.predictions.map(Self.value))),
                ("probability", .number(item.probability)),
            ])
        }
        let pairs = confused.map { pair in
            JSONValue.object([
                ("actual", .text(pair.actual)), ("predicted", .text(pair.predicted)), ("count", .whole(pair.count)),
            ])
        }
        return JSONValue.object([
            ("classes", .list((confusion?.labels ?? []).map { .text($0) })),
            ("confusion", .list((confusion?.counts ?? []).map { .list($0.map { .whole($0) }) })),
            ("confused", .list(pairs)), ("top_losses", .list(items)),
        ]).text + "\n"
    }

    private static func value(_ content: ShownResults.Content) -> JSONValue {
        switch content {
        case .text(let text): .object([("text", .text(text))])
        case .picture(let pixels): .object([("png", .text(pixels.png.map { Data($0).base64EncodedString() } ?? ""))])
        }
    }
}
