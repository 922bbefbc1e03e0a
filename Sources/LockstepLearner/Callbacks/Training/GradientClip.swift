// SPDX-License-Identifier: Apache-2.0
// Limiting the length of the gradient.

import LockstepOptim
public import LockstepTensor

/// Scales all gradients by `maxNorm / (norm + 1e-6)` before each step in which their norm, as one vector, is larger.
///
/// On several ranks it runs after the gradients have been averaged, so every rank sees the same norm.
/// - Note: fastai: `GradientClip`.
public final class GradientClip: Callback {
    /// The longest gradient that is left as it is.
    public let maxNorm: Double
    /// 2 for the Euclidean norm, `.infinity` for the largest magnitude.
    public let normType: Double
    /// The norm before clipping, in the last step.
    public private(set) var norm: Double?

    /// - Precondition: both numbers are positive.
    public init(maxNorm: Double = 1, normType: Double = 2, file: StaticString = #fileID, line: UInt = #line) {
        require(
            maxNorm > 0 && normType > 0, "GradientClip: a limit of \(maxNorm) on a norm of order \(normType)",
            file: file, line: line)
        (self.maxNorm, self.normType) = (maxNorm, normType)
        super.init()
        runValid = false
    }

    public override var order: Int { 11 }
    public override var gradientNeeds: GradientNeeds { normType == 2 ? [.values, .norm] : .values }

    public override func beforeStep(_ learner: Learner) {
        guard let arena = learner.optimizer?.arena else { return }
        let norm = arena.gradientNorm(order: normType)
        self.norm = norm
        let factor = maxNorm / (norm + 1e-6)
        if factor < 1 { arena.scaleGradients(by: factor) }
    }
}

extension GradientClip: Configurable {
    public static let configuration = Configuration(GradientClip.self) {
        Field("maxNorm", \.maxNorm, .positive)
        Field("normType", \.normType, .positive)
    } make: {
        GradientClip(maxNorm: try $0("maxNorm"), normType: try $0("normType"))
    }
}
