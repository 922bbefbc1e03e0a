// SPDX-License-Identifier: Apache-2.0
// Where a rank has to agree with the others, as a table without a communicator.

import LockstepLearner

/// Says at each point of the loop whether a rank agrees with the others there, so that all ranks agree equally often whatever signals
/// one of them raises.
///
/// ```
/// point                         position   agrees                           goes on as
/// enter batch                   any        always                           begun
/// the middle (before_step)      begun      always                           reduced
/// enter step                    reduced    if someone looks at gradients    committed
/// leave batch, step             outside    for "enter batch"                committed
///                               begun      for the middle, in training      committed
///                               reduced    for "enter step", if that agrees committed
///                               else       late, with a signal for a batch or more; otherwise not
/// enter, leave any other level  any        always, but for backward, or with a signal of a level that was left
/// ```
/// A rank that leaves a batch early so makes up for the agreement the others are at, and each of them throws what it wants. With a
/// signal that all throw nobody agrees until its level has caught it.
struct AgreementTable {
    /// How far the batch at hand has come.
    enum Position: CaseIterable { case outside, begun, reduced, committed }

    /// What a rank does at a point.
    enum Move: Equatable {
        /// It goes on, with what signal it has.
        case goesOn(CancelSignal?)
        /// It agrees with the others, saying what signal it has; all go on with the strongest.
        case agrees(CancelSignal?)
        /// It agrees with them where they are next: they may be through with the batch.
        case agreesLate(CancelSignal)
        /// It leaves the fit with a signal that nobody here catches, and the others must not: they learn of it as an error.
        case escapes(CancelSignal)
    }

    private(set) var position = Position.outside
    /// The signal that all ranks throw.
    private(set) var inFlight: CancelSignal?
    /// Whether this rank is leaving the fit with a signal that nobody catches.
    private var isEscaping = false
    /// Whether batches train: ranks then agree in their middle, too.
    var trains = false
    /// Whether callbacks that look at reduced gradients may still cancel the step.
    var agreesBeforeUpdate = false

    /// A level begins.
    mutating func enter(_ phase: Phase) -> Move {
        switch phase {
        case .batch:
            position = .begun
            return .agrees(nil)
        case .step where position == .reduced && agreesBeforeUpdate:
            position = .committed
            return .agrees(nil)
        // A signal raised where a phase begins: nobody goes on into it.
        case .fit, .epoch, .train, .validate:
            return .agrees(nil)
        case .backward, .step:
            return .goesOn(nil)
        }
    }

    /// The middle of a batch, where ranks always agree.
    mutating func middle() { position = .reduced }

    /// A level ends here, with `signal` if one was raised.
    mutating func leave(_ phase: Phase, with signal: CancelSignal?) -> Move {
        defer { if phase == .batch { position = .outside } }
        if let agreed = inFlight {
            if agreed == phase.signal { inFlight = nil }
            return .goesOn(agreed)
        }
        switch phase {
        case .backward:
            return .goesOn(signal)
        case .train, .validate, .epoch, .fit:
            isEscaping = isEscaping || signal.map(phase.enters) ?? false
            if let signal, isEscaping { return .escapes(signal) }
            return .agrees(signal)
        case .step, .batch:
            break
        }
        switch position {
        case .outside,
            .begun where trains, .reduced where agreesBeforeUpdate:
            position = .committed
            return .agrees(signal)
        case .begun, .reduced, .committed:
            guard let signal, phase == .batch else { return .goesOn(signal) }
            return .agreesLate(signal)
        }
    }

    /// What has come of an agreement where a level ends: all ranks go on with `signal`.
    mutating func left(_ phase: Phase, with signal: CancelSignal?) {
        inFlight = signal == phase.signal ? nil : signal
    }

    /// All ranks throw `signal` from where they are.
    mutating func throwing(_ signal: CancelSignal) { inFlight = signal }
}

extension Phase {
    /// Whether ranks that go on in this level enter one that catches `signal`: who has left such a level with it is past that.
    fileprivate func enters(_ signal: CancelSignal) -> Bool {
        switch self {
        case .train, .validate: signal == .batch
        case .epoch: signal == .validate
        case .fit: signal == .epoch
        case .batch, .backward, .step: false
        }
    }
}
