// SPDX-License-Identifier: Apache-2.0
// How a ready-made metric remembers what it was made of, so that an exported learner can make it again.

/// The name and the options a metric was made with.
struct MetricRecipe {
    let name: String
    let arguments: ExportRegistry.Arguments
}

extension Metric {
    /// This metric with a note of how it was made; `name` is what ``ExportRegistry`` calls it.
    func remembering(_ name: String, _ arguments: ExportRegistry.Arguments = [:]) -> Self {
        recipe = MetricRecipe(name: name, arguments: arguments)
        return self
    }
}
