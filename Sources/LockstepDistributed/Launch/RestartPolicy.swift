// SPDX-License-Identifier: Apache-2.0
// Whether a job that has failed is started again: as long as it gets somewhere, and not more often than it was asked.

/// The state of a job that may be started again, and the rule.
///
/// It is told how each attempt ended. A job that fails at the step at which it failed before would go on to do so. Where
/// nobody could tell the step, it is the same unless something was saved in between.
package struct RestartPolicy: Equatable {
    /// How far the job has come.
    package enum State: Equatable {
        /// It has not failed yet.
        case fresh
        /// It has failed, and was started again so many times: `after` its last failure in training; `kills` is how often it was killed
        /// in a row without having got further.
        case restarted(times: Int, after: JobFailure?, kills: Int)
        /// It has come to its end.
        case over(Ending)
    }

    /// Why a job is not started again.
    package enum Ending: Equatable {
        /// It is done, or ended as all ranks have agreed.
        case ended
        /// It would end the same way again: words, data, files.
        case refused
        /// It failed before it began to train.
        case beforeTraining
        /// It failed at the step at which it had failed before.
        case sameStep(Int)
        /// It failed again, and nothing was saved in between.
        case noProgress
        /// It was started again as often as allowed.
        case exhausted(Int)
    }

    /// SIGKILL comes from outside, now and then at the same place; so often in a row without having got further it is no accident
    /// (memory that runs out).
    static let mostKills = 5

    /// The most times that it is started again.
    package let most: Int
    package private(set) var state = State.fresh

    package init(most: Int) { self.most = most }

    /// Whether the next attempt may begin.
    package var goesOn: Bool {
        if case .over = state { false } else { true }
    }

    /// How many times it was started again.
    package var restarts: Int {
        if case .restarted(let times, _, _) = state { times } else { 0 }
    }

    /// An attempt has ended: moves to the next state.
    package mutating func take(_ end: JobEnd) {
        let (former, times, kills): (JobFailure?, Int, Int)
        switch state {
        case .over: return
        case .fresh: (former, times, kills) = (nil, 0, 0)
        case .restarted(let count, let failure, let row): (former, times, kills) = (failure, count, row)
        }
        switch end {
        case .done, .agreed: state = .over(.ended)
        case .refused: state = .over(.refused)
        case .failed(let failure):
            // A program that has trained before, and tells nothing this time, had no time to.
            let isStart = failure.stage == .starting || failure.stage == .unknown && former?.stage == .training
            let standstill = isStart ? Ending.beforeTraining : former.flatMap { RestartPolicy.repeats($0, failure) }
            let row = !failure.wasKilled ? 0 : standstill == nil ? 1 : kills + 1
            if let standstill, !failure.wasKilled || row >= RestartPolicy.mostKills {
                state = .over(standstill)
            } else if times >= most {
                state = .over(.exhausted(times))
            } else {
                state = .restarted(times: times + 1, after: isStart ? former : failure, kills: row)
            }
        }
    }

    /// How `failure` is the one before over again; nil when it is another.
    private static func repeats(_ former: JobFailure, _ failure: JobFailure) -> Ending? {
        // It got further.
        if former.stage != .training, failure.stage == .training { return nil }
        // A machine that is gone is not to blame twice.
        if failure.lostHost != nil, failure.lostHost != former.lostHost { return nil }
        if let step = failure.step, let earlier = former.step { return step == earlier ? .sameStep(step) : nil }
        // Where the program does not tell what it saves, an attempt that goes on later than the one before shows it.
        guard failure.savedStep != nil || former.savedStep != nil else {
            let goesOn = failure.firstStep.map { $0 > (former.firstStep ?? Int.max) } ?? false
            return goesOn ? nil : .noProgress
        }
        let hasSaved = failure.savedStep.map { $0 > (former.savedStep ?? former.firstStep ?? -1) } ?? false
        return hasSaved ? nil : .noProgress
    }
}
