// SPDX-License-Identifier: Apache-2.0
// Dropout while predicting, to see how sure a model is.

import LockstepNN
public import LockstepTensor

/// Leaves dropout on while validating or predicting. Gal and Ghahramani, arXiv 1506.02142.
///
/// ```swift
/// let sure = MCDropoutCallback()
/// let passes = try (0..<10).map { _ in try learner.predictions(callbacks: [sure]).predictions }
/// ```
/// Every pass drops other values; the passes of two callbacks made alike are alike. Masks go by the item's place in the
/// global batch: any number of ranks draws the same.
/// - Note: fastai: `MCDropoutCallback`.
public final class MCDropoutCallback: Callback, Resumable {
    private var passes = 0
    private var switchedOn: [Module] = []

    public override init() { super.init() }

    /// How many passes have drawn: the next draws others.
    public func exchangeState(with archive: StateArchive) throws { try archive.integer("passes", &passes) }

    public override func around(_ phase: Phase, _ learner: Learner, _ level: () throws -> Void) throws {
        guard phase == .validate else { return try level() }
        let context = DropoutContext.current
        defer {
            for layer in switchedOn { layer.eval() }
            (switchedOn, DropoutContext.current) = ([], context)
        }
        try level()
    }

    public override func beforeValidate(_ learner: Learner) {
        switchedOn = learner.model.modules().filter { $0 is Dropout && !$0.isTraining }
        for layer in switchedOn { layer.train() }
        passes += 1
    }

    public override func beforeBatch(_ learner: Learner) {
        guard !learner.training else { return }
        let pass = PhiloxGenerator.block(seed: learner.seed, stream: UInt64(passes), counter: 0)
        DropoutContext.current = DropoutContext(
            seed: UInt64(pass.0) << 32 | UInt64(pass.1), step: learner.iter, firstItem: learner.batchFirstItem,
            itemCount: learner.batchItemCount)
    }
}

extension MCDropoutCallback: Configurable {
    public static let configuration = Configuration(MCDropoutCallback.self) { _ in MCDropoutCallback() }
}
