// SPDX-License-Identifier: Apache-2.0
// What networks for texts put out, and what they refuse.

package import LockstepNN
import LockstepTensor

extension TextBody: Outlining {
    package func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline] {
        try insist(
            (1...3).contains(inputs.count),
            "\(label): takes numbers of tokens, a mask and types; the data have \(inputs.count) inputs: \(inputs)")
        let ids = inputs[0]
        try insist(
            ids.kind ?? .integer == .integer && ids.rank ?? 2 == 2, "\(label): needs integers [N, T], not \(ids)")
        let steps = ids[1]
        try insist(
            (1...context).contains(steps ?? 1), "\(label): \(ids) has no token, or more than its context of \(context)")
        try insist(
            ids.values.map { $0.isInside(vocabulary) } ?? true, "\(label): some token is none of its \(vocabulary)")
        for other in inputs.dropFirst() {
            try insist(
                other.rank ?? 2 == 2 && other.fits(Outline([ids[0], steps])),
                "\(label): a mask or types \(other) for tokens \(ids)")
        }
        if inputs.count > 2, let types = sizes.types {
            let given = inputs[2]
            try insist(
                given.kind ?? .integer == .integer && given.values.map { $0.isInside(types) } ?? true,
                "\(label): some type is none of its \(types)")
        }
        let (layers, hidden, width) = (Double(sizes.layers), Double(sizes.hidden), Double(width))
        try trial.called(12 * sizes.layers)
        // Products of all layers, and each step looks at every other; told of the widest output that there is.
        let work = layers * (4 * width * width + 2 * width * hidden + 2 * width * Double(steps ?? 1))
        let widest = max(sizes.hidden, 3 * self.width)
        _ = try trial.made(Outline([ids[0], steps, widest], kind: .real), by: self, work: work / Double(widest))
        return [Outline([ids[0], steps, self.width], kind: .real)]
    }
}

extension ClosedRange<Int> {
    /// Whether all are numbers of a table of `count` rows.
    fileprivate func isInside(_ count: Int) -> Bool { lowerBound >= 0 && upperBound < count }
}

extension GPT2LanguageModel: UnaryOutlining {
    package func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline {
        let hidden = try trial.output(body, x)
        return try trial.made(
            Outline([hidden[0], hidden[1], body.vocabulary], kind: .real), by: self, work: Double(body.width))
    }
}

extension TextClassifier: Outlining {
    package func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline] {
        let hidden = try trial.outputs(body, inputs)[0]
        _ = try trial.made(Outline([hidden[0], body.width], kind: .real), by: self, work: Double(body.width))
        return [try trial.made(Outline([hidden[0], classes], kind: .real), by: self, work: Double(body.width))]
    }
}
