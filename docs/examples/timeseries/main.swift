// SPDX-License-Identifier: Apache-2.0
// A time series: tomorrow's load from the last four weeks, by a small network, beside "as a week ago".

import Foundation
import Lockstep

/// Days of a load with a week's rhythm, a slow rise and noise.
let days: [Float] = {
    var random = PhiloxGenerator(seed: 1)
    return (0..<900).map { day in
        let week = [1.0, 1.1, 1.1, 1.05, 0.95, 0.5, 0.4][day % 7]
        return Float(
            week + 0.0005 * Double(day) + 0.2 * sin(Double(day) / 60) + Double.random(in: -0.05...0.05, using: &random))
    }
}()

Lockstep.run {
    let length = 28
    let windows = MapDataset(0..<(days.count - length)) { [days] start in
        // What is to be learned is how tomorrow differs from the same day a week before.
        let base = days[start + length - 7]
        let past = days[start..<start + length].map { $0 - base }
        return (Tensor(past), Tensor([days[start + length] - base]))
    }
    // The end is kept for validation: the past must not learn from the future.
    let dls = Datasets(windows, split: .end(0.2)).dataLoaders(batchSize: 32)
    setSeed(1)
    let model = Sequential {
        Linear(length, 16); GELU(); Linear(16, 1)
    }
    let learner = Learner(dls: dls, model: model, loss: .mse, metrics: [.mae])
    try learner.distributed { try learner.fitOneCycle(8, lrMax: 1e-2) }

    let first = days.count - length - (dls.validDataset?.count ?? 0)
    let weekAgo = (first..<days.count - length).map { abs(days[$0 + length] - days[$0 + length - 7]) }
    let error = try learner.validateNamed()["mae"] ?? .nan
    print("error", error, "where “as a week ago” has", weekAgo.reduce(0, +) / Float(weekAgo.count))
}
