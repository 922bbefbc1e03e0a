// SPDX-License-Identifier: Apache-2.0
// What a recorder has recorded, as curves.

extension Recorder {
    /// Training loss batch by batch, and validation loss epoch by epoch.
    ///
    /// What is not there is left out. The same on every rank; draw it on the one that writes.
    ///
    /// - Parameters:
    ///   - skipStart: Batches to leave out at the start, where the loss is large.
    ///   - withValid: Whether to draw the validation loss.
    ///   - log: Whether both axes are logarithmic.
    ///   - showEpochs: Whether to mark the ends of epochs.
    /// - Note: fastai: `plot_loss`.
    public func plotLoss(
        skipStart: Int = 5, withValid: Bool = true, log: Bool = false, showEpochs: Bool = false
    ) -> Plot {
        var plot = Plot(title: "learning curve", xLabel: "steps", yLabel: "loss", logX: log, logY: log)
        let shown = losses.indices.dropFirst(max(0, skipStart))
        plot.curves.append(Plot.Curve("train", x: shown.map(Double.init), y: shown.map { losses[$0] }))
        if withValid {
            let points = zip(iters, rows).compactMap { iteration, row in
                iteration < skipStart ? nil : row["valid_loss"].map { (Double(iteration), $0) }
            }
            if !points.isEmpty {
                plot.curves.append(
                    Plot.Curve("valid", x: points.map(\.0), y: points.map(\.1), isScatter: points.count == 1))
            }
        }
        if showEpochs { plot.verticals = iters.map(Double.init) }
        return plot
    }

    /// Each scheduled hyper-parameter, batch by batch; the learning rates when nothing was scheduled.
    ///
    /// - Parameter keys: Which ones; nil for all.
    /// - Note: fastai: `plot_sched`.
    public func plotSchedule(keys: [String]? = nil) -> [Plot] {
        let recorded = hps.isEmpty ? ["lr": lrs] : hps
        return (keys ?? recorded.keys.sorted()).compactMap { key in
            recorded[key].map { values in
                let curve = Plot.Curve(key, x: values.indices.map(Double.init), y: values)
                return Plot(title: key, xLabel: "steps", yLabel: key, curves: [curve])
            }
        }
    }
}

extension LRFindResult {
    /// The loss over the rate, with the suggestions marked.
    ///
    /// - Parameters:
    ///   - skipEnd: Points to leave out at the end, where the loss explodes.
    ///   - showsSuggestions: Whether to mark them.
    /// - Note: fastai: `plot_lr_find`.
    public func plot(skipEnd: Int = 5, suggestions showsSuggestions: Bool = true) -> Plot {
        let count = max(0, losses.count - max(0, skipEnd))
        var plot = Plot(xLabel: "learning rate", yLabel: "loss", logX: true)
        plot.curves.append(Plot.Curve("loss", x: Array(lrs.prefix(count)), y: Array(losses.prefix(count))))
        guard showsSuggestions else { return plot }
        for (name, point) in suggestions {
            plot.curves.append(Plot.Curve(name, x: [point.mark.lr], y: [point.mark.loss], isScatter: true))
        }
        return plot
    }
}
