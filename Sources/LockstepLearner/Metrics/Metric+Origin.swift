// SPDX-License-Identifier: Apache-2.0
// How a ready-made metric that is a function remembers what it was made of, so that an exported learner can make it again.

import LockstepTensor

/// The function that made a metric, and the function's arguments.
struct MetricOrigin {
    let function: Configuration
    let options: Any

    func arguments() throws -> [(name: String, value: any Encodable)] { try function.arguments(in: options) ?? [] }
}

extension Metric {
    /// This metric with a record of the function that made it and of the function's arguments, as the function's
    /// configuration reads them.
    func made<Options>(by function: Configuration, of options: Options) -> Self {
        origin = MetricOrigin(function: function, options: options)
        return self
    }
}
