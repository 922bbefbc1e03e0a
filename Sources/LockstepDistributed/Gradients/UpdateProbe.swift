// SPDX-License-Identifier: Apache-2.0
// Who should update: measured, on scratch memory, before training begins.

import LockstepComm
import LockstepOptim
import LockstepTensor

/// The times of a step's end, with owners updating and with every rank updating everything: what ``UpdatePolicy/automatic``
/// goes by.
///
/// Both run the code that trains, on scratch parameters: gradients written as a backward pass does, reduction, update, and
/// the parameters read once as the next forward pass does, because who wrote them decides how long that takes.
package struct UpdateProbe: Sendable, CustomStringConvertible {
    /// Seconds when each rank updates its slice: the median step of the slowest rank, the same number on every rank.
    package let owner: Double
    /// Seconds when every rank updates everything.
    package let replicated: Double
    /// How many parameters there were.
    package let elements: Int

    /// Fewer elements are not worth measuring: most of the time goes into agreeing, of which there is as much in both ways,
    /// and what is left fits every core's own cache. Owners update, which keep less.
    package static let fewest = 1 << 16
    /// More are not measured: a core's own cache is full, time grows in proportion, and so would the memory this takes.
    package static let most = 1 << 17
    /// From so many on, 64 MiB of values and as much of each state, memory decides and no clock: owners update.
    package static let memoryDecides = 1 << 24
    /// Whether so many parameters are measured.
    package static func isMeasured(_ count: Int) -> Bool { count > fewest && count < memoryDecides }

    /// Rounds of both, in turn, so that a slow moment of the machine meets both.
    private static let rounds = 2
    /// Steps of a round; the first warms up.
    private static let steps = 4

    /// Whether owners should update. They keep less memory, so what could be noise (a few steps vary by a third on a machine
    /// shared with others) does not decide against them.
    package var prefersOwner: Bool { owner <= replicated * 1.5 }

    package var description: String {
        func text(_ seconds: Double) -> String {
            let microseconds = Int((seconds * 1e6).rounded())
            return microseconds < 10_000 ? "\(microseconds) µs" : "\(microseconds / 1000) ms"
        }
        let chosen =
            prefersOwner ? "each rank updates its slice of the parameters" : "every rank updates all parameters"
        return
            "\(chosen): \(text(owner)) by slices, \(text(replicated)) by all, for the reduction and update of \(elements) parameters"
    }

    /// Measures steps of `optimizer`'s rule on scratch memory. Collective; nothing of the model is touched, and observers of
    /// `communicator` see nothing of it.
    ///
    /// - Parameter isSplit: Whether something looks at gradients between the reduction and the update.
    /// - Returns: nil where the arena is too small to measure or so large that memory decides, or where scratch memory cannot be shared.
    static func measure(
        _ optimizer: Optimizer, over communicator: any Communicator, isSplit: Bool
    ) throws -> UpdateProbe? {
        let elements = min(optimizer.arena.count, most)
        guard isMeasured(optimizer.arena.count) else { return nil }
        let observers = communicator.observers
        communicator.observers = []
        defer { communicator.observers = observers }
        guard let times = try times(optimizer.rule, elements, over: communicator, isSplit: isSplit) else { return nil }
        // An allocation frees what no rank of the node uses any more: without one the scratch memory would stay for good.
        _ = try communicator.allocateShared(byteCount: 0)
        Memory.trim()
        var slowest = [times.slices, times.copies].map { $0.sorted()[$0.count / 2] }
        try communicator.allReduce(&slowest, .max, name: "update probe")
        return UpdateProbe(owner: slowest[0], replicated: slowest[1], elements: elements)
    }

    /// Seconds of each timed step, both ways. The memory is free when this returns.
    private static func times(
        _ rule: any UpdateRule, _ elements: Int, over communicator: any Communicator, isSplit: Bool
    ) throws -> (slices: [Double], copies: [Double])? {
        let (slices, copies) = (
            try Scratch(rule, elements, communicator), try Scratch(rule, elements, communicator)
        )
        guard try slices.exchange.divideUpdates(of: slices.optimizer) == nil else { return nil }
        var times: (slices: [Double], copies: [Double]) = ([], [])
        for _ in 0..<rounds {
            for index in 0..<steps {
                let seconds = try slices.step(isSplit: isSplit)
                if index > 0 { times.slices.append(seconds) }
            }
            for index in 0..<steps {
                let seconds = try copies.step(isSplit: isSplit)
                if index > 0 { times.copies.append(seconds) }
            }
        }
        return times
    }

    /// One flat parameter with everything a step needs.
    private struct Scratch {
        let parameter: Parameter
        let optimizer: Optimizer
        let exchange: GradientExchange
        let gradient: Tensor

        init(_ rule: any UpdateRule, _ elements: Int, _ communicator: any Communicator) throws {
            parameter = Parameter(wrappedValue: .zeros([elements]))
            gradient = .zeros([elements])
            optimizer = Optimizer([[parameter]], rule: rule, lr: 0)
            exchange = try GradientExchange(optimizer.arena, over: communicator)
        }

        /// Seconds of one step.
        func step(isSplit: Bool) throws -> Double {
            try exchange.communicator.barrier(name: "update probe")
            let start = MonotonicClock.now
            parameter.gradient = gradient
            if isSplit {
                try exchange.reduce(weight: 1)
                if exchange.dividesUpdates { try exchange.updateSlice(optimizer) } else { optimizer.step() }
            } else {
                try exchange.step(optimizer, weight: 1)
            }
            optimizer.zeroGradients()
            _ = optimizer.arena.values.sum()
            return Double(MonotonicClock.now - start) * 1e-9
        }
    }
}
