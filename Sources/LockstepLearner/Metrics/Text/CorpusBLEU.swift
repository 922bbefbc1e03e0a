// SPDX-License-Identifier: Apache-2.0
// How well generated token sequences match their references.

public import LockstepTensor

/// The BLEU score of all sequences together (Papineni et al. 2002), of tokens with the largest output along `axis`.
///
/// The geometric mean of the shares of 1- to 4-grams that also are in the reference, times exp(1 − reference length /
/// prediction length) if predictions are shorter. An order of which a sequence has no match counts 1/2, then 1/4, and so
/// on within the sequence. Orders longer than every sequence are left out; nil when there are no tokens. Seen in
/// validation only. On several ranks the counts are added up. It needs no vocabulary size: n-grams are compared as they
/// are.
public final class CorpusBLEU: Metric {
    private static let orders = 4
    let axis: Int
    private let (file, line): (StaticString, UInt)
    private var matches = [Double](repeating: 0, count: orders)
    private var counts = [Int64](repeating: 0, count: orders)
    private var lengths: (prediction: Int64, target: Int64) = (0, 0)

    /// The score of the tokens that are largest along `axis`.
    public init(axis: Int = -1, file: StaticString = #fileID, line: UInt = #line) {
        (self.axis, self.file, self.line) = (axis, file, line)
    }

    public override var name: String { "corpus_bleu" }
    public override func reset() { state = MetricState() }

    public override func accumulate(_ learner: Learner) {
        guard !learner.training, let pred = learner.pred, let target = learner.yb.first else { return }
        let tokens = withNoGrad { pred.detached.argmax(axis: axis) }
        require(
            tokens.rank == 2 && target.rank == 2 && tokens.dim(0) == target.dim(0),
            "\(name): outputs of shape \(pred.shape) and targets of \(target.shape) are not [sequences, tokens, vocabulary] and [sequences, tokens]",
            file: file, line: line)
        let (predicted, wanted) = (tokens.ints, target.ints)
        for row in 0..<tokens.dim(0) {
            add(
                predicted[row * tokens.dim(1)..<(row + 1) * tokens.dim(1)],
                wanted[row * target.dim(1)..<(row + 1) * target.dim(1)])
        }
        // A token made of what is not a number is none.
        if hasNaN(pred) || hasNoClass(target) { matches[0] = .nan }
    }

    /// Takes one predicted sequence and its reference into account.
    public func add(_ prediction: some Sequence<Int>, _ reference: some Sequence<Int>) {
        let (prediction, reference) = (Array(prediction), Array(reference))
        lengths.prediction += Int64(prediction.count)
        lengths.target += Int64(reference.count)
        var smoothing = 1.0
        for order in 0..<CorpusBLEU.orders where prediction.count > order {
            let known = grams(reference, order + 1)
            let found = grams(prediction, order + 1).reduce(0) { $0 + min($1.value, known[$1.key] ?? 0) }
            if found == 0 { smoothing *= 2 }
            matches[order] += found == 0 ? 1 / smoothing : Double(found)
            counts[order] += Int64(prediction.count - order)
        }
    }

    public override var value: Double? {
        let known = (0..<CorpusBLEU.orders).filter { counts[$0] > 0 }
        guard !known.isEmpty else { return nil }
        let product = known.reduce(1) { $0 * matches[$1] / Double(counts[$1]) }
        let (prediction, target) = (Double(lengths.prediction), Double(lengths.target))
        let brevity = prediction < target ? exponential(1 - target / prediction) : 1
        return brevity * root(product, known.count)
    }

    public override var state: MetricState {
        get { MetricState(sums: matches, counts: counts + [lengths.prediction, lengths.target]) }
        set {
            let orders = CorpusBLEU.orders
            matches = newValue.sums.isEmpty ? .init(repeating: 0, count: orders) : newValue.sums
            let numbers = newValue.counts.isEmpty ? .init(repeating: 0, count: orders + 2) : newValue.counts
            (counts, lengths) = (Array(numbers[..<orders]), (numbers[orders], numbers[orders + 1]))
        }
    }

    private func grams(_ tokens: [Int], _ length: Int) -> [ArraySlice<Int>: Int] {
        guard tokens.count >= length else { return [:] }
        return (0...tokens.count - length).reduce(into: [:]) { $0[tokens[$1..<$1 + length], default: 0] += 1 }
    }
}

extension CorpusBLEU: Configurable {
    public static let configuration = Configuration(CorpusBLEU.self) {
        Field("axis", \.axis)
    } make: {
        CorpusBLEU(axis: try $0("axis"))
    }
}
