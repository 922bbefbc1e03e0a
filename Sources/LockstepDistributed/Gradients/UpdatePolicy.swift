// SPDX-License-Identifier: Apache-2.0
// Who applies the optimizer to which parameters.

/// How the ranks of a node divide the optimizer's work.
///
/// Whichever is used, training has the same bits: the two sum gradients in the same order and round every update alike.
public enum UpdatePolicy: Sendable, Hashable {
    /// ``owner`` where it is possible, unless ``replicated`` measures faster; ``replicated`` elsewhere. The default.
    ///
    /// The choice is made once, before the first step, by a few steps of both on scratch memory, and said on standard error
    /// with both times. Up to 65,536 parameters nothing is measured, and owners update. The choice changes no bit of
    /// what is trained.
    case automatic
    /// Each rank of a node averages and updates one slice of the parameters, which lie once in memory that all ranks of the
    /// node read; it keeps the optimizer's state of its slice only. Work, state and parameter memory of a rank fall with the
    /// number of ranks (Rajbhandari et al., arXiv 1910.02054, stage 1, with nothing to gather).
    ///
    /// Possible when all ranks share memory, for rules that treat elements one by one. A program that assigns to a parameter
    /// while the ranks train makes them go back to ``replicated`` for the rest of the fit.
    case owner
    /// Every rank keeps all parameters and state, and makes every update itself.
    case replicated
}
