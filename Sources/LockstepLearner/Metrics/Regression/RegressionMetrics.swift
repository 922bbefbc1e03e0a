// SPDX-License-Identifier: Apache-2.0
// RMSE, RMSPE, R², explained variance and correlations over all items.

public import LockstepTensor

extension Metric {
    /// Square root of the mean squared error over all items.
    public static var rmse: Metric {
        AccumMetric(named: "rmse", .numbers) { preds, targets in
            meanSquare(preds.doubles, targets.doubles)?.squareRoot()
        }
        .made(by: rmseConfiguration, of: ())
    }

    static let rmseConfiguration = Configuration(function: "rmse", of: Void.self) {
    } make: { _ in
        rmse
    }

    /// Root mean squared relative error of exp(prediction): for targets that are logarithms.
    public static var expRMSPE: Metric {
        AccumMetric(named: "exp_rmspe", .numbers) { preds, targets in
            // (eᵗ − eᵖ) / eᵗ = 1 − eᵖ⁻ᵗ, which does not overflow for large t.
            let ratios = (preds.to(.float64) - targets.to(.float64)).exp().doubles
            return meanSquare(ratios, [Double](repeating: 1, count: ratios.count))?.squareRoot()
        }
        .made(by: expRMSPEConfiguration, of: ())
    }

    static let expRMSPEConfiguration = Configuration(function: "expRMSPE", of: Void.self) {
    } make: { _ in
        expRMSPE
    }
}

/// The share of the targets' variance that predictions explain: 1 − SSres / SStot. Nil for fewer than two items.
///
/// For targets that are all the same it is 1 when the predictions are exact, else 0.
public final class R2Score: AccumMetric, Configurable {
    /// R² under a name.
    public init(name: String = "r2_score") {
        super.init(named: name, .numbers) { preds, targets in
            let (preds, targets) = (preds.doubles, targets.doubles)
            if targets.count < 2 { return nil }
            let residuals = zip(targets, preds).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            return shareExplained(residuals, squaredDeviations(targets))
        }
    }

    public static let configuration = Configuration(R2Score.self) {
        Field("name", \.name)
    } make: {
        R2Score(name: try $0("name"))
    }
}

/// As ``R2Score``, but a constant error does not count: 1 − Var(t − p) / Var(t). Nil without items.
public final class ExplainedVariance: AccumMetric, Configurable {
    /// The explained share under a name.
    public init(name: String = "explained_variance_score") {
        super.init(named: name, .numbers) { preds, targets in
            let (preds, targets) = (preds.doubles, targets.doubles)
            if targets.isEmpty { return nil }
            return shareExplained(squaredDeviations(zip(targets, preds).map { $0 - $1 }), squaredDeviations(targets))
        }
    }

    public static let configuration = Configuration(ExplainedVariance.self) {
        Field("name", \.name)
    } make: {
        ExplainedVariance(name: try $0("name"))
    }
}

/// Pearson's correlation of predictions and targets. Nil where either never changes.
public final class PearsonCorrCoef: AccumMetric, Configurable {
    let activation: AccumMetric.Activation
    let argmaxAxis: Int?
    let threshold: Double?

    /// The correlation of what activation, argmax and threshold make of the outputs (see ``AccumMetric``).
    public init(
        activation: AccumMetric.Activation = .none, argmaxAxis: Int? = nil, threshold: Double? = nil,
        name: String = "pearsonr"
    ) {
        (self.activation, self.argmaxAxis, self.threshold) = (activation, argmaxAxis, threshold)
        super.init(
            named: name, .numbers, activation: activation, argmaxAxis: argmaxAxis, threshold: threshold
        ) { preds, targets in
            correlation(preds.doubles, targets.doubles)
        }
    }

    public static let configuration = Configuration(PearsonCorrCoef.self) {
        Field("activation", \.activation)
        Field("argmaxAxis", \.argmaxAxis)
        Field("threshold", \.threshold, python: "thresh")
        Field("name", \.name)
    } make: {
        PearsonCorrCoef(
            activation: try $0("activation"), argmaxAxis: try $0("argmaxAxis"), threshold: try $0("threshold"),
            name: try $0("name"))
    }
}

/// Spearman's correlation: that of the ranks, ties sharing their mean rank. Nil where either never changes.
public final class SpearmanCorrCoef: AccumMetric, Configurable {
    let activation: AccumMetric.Activation
    let argmaxAxis: Int?
    let threshold: Double?

    /// The correlation of what activation, argmax and threshold make of the outputs (see ``AccumMetric``).
    public init(
        activation: AccumMetric.Activation = .none, argmaxAxis: Int? = nil, threshold: Double? = nil,
        name: String = "spearmanr"
    ) {
        (self.activation, self.argmaxAxis, self.threshold) = (activation, argmaxAxis, threshold)
        super.init(
            named: name, .numbers, activation: activation, argmaxAxis: argmaxAxis, threshold: threshold,
            isRanking: true
        ) { preds, targets in
            correlation(ranks(of: preds.doubles), ranks(of: targets.doubles))
        }
    }

    public static let configuration = Configuration(SpearmanCorrCoef.self) {
        Field("activation", \.activation)
        Field("argmaxAxis", \.argmaxAxis)
        Field("threshold", \.threshold, python: "thresh")
        Field("name", \.name)
    } make: {
        SpearmanCorrCoef(
            activation: try $0("activation"), argmaxAxis: try $0("argmaxAxis"), threshold: try $0("threshold"),
            name: try $0("name"))
    }
}

private func shareExplained(_ residuals: Double, _ total: Double) -> Double {
    if total == 0 { return residuals.isNaN ? .nan : residuals == 0 ? 1 : 0 }
    return 1 - residuals / total
}

/// Σ (x − mean)²; 0 for values that are all the same, whatever rounding makes of their mean.
private func squaredDeviations(_ values: [Double]) -> Double {
    deviations(of: values).reduce(0) { $0 + $1 * $1 }
}

/// x − mean.
private func deviations(of values: [Double]) -> [Double] {
    guard let first = values.first else { return [] }
    if values.allSatisfy({ $0 == first }) { return values.map { $0 - first } }
    let center = mean(of: values) ?? 0
    let deviations = values.map { $0 - center }
    // What rounding took from the mean.
    let rest = mean(of: deviations) ?? 0
    return deviations.map { $0 - rest }
}

private func correlation(_ a: [Double], _ b: [Double]) -> Double? {
    func direction(_ values: [Double]) -> (parts: [Double], length: Double) {
        let parts = deviations(of: values)
        // Squares of what is far from 1 would leave the range of numbers.
        let scale = parts.reduce(0) { max($0, $1.magnitude) }
        let scaled = scale > 0 && scale.isFinite ? parts.map { $0 / scale } : parts
        return (scaled, scaled.reduce(0) { $0 + $1 * $1 }.squareRoot())
    }
    let (a, b) = (direction(a), direction(b))
    if a.length == 0 || b.length == 0 { return a.length.isNaN || b.length.isNaN ? .nan : nil }
    let together = zip(a.parts, b.parts).reduce(0) { $0 + $1.0 / a.length * ($1.1 / b.length) }
    // max and min take a NaN for the greatest or the least.
    return together.isNaN ? together : min(1, max(-1, together))
}

private func ranks(of values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
        var end = start
        while end < order.count, values[order[end]] == values[order[start]] { end += 1 }
        for place in start..<end { ranks[order[place]] = Double(start + end - 1) / 2 }
        start = max(end, start + 1)  // NaN, of which the metric says nothing, equals not even itself
    }
    return ranks
}
