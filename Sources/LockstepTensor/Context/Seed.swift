// SPDX-License-Identifier: Apache-2.0
// Where random numbers come from that nobody gave a generator: generators of the calling thread, restarted by a seed.

import CLockstepKernels

/// Restarts the random numbers of the calling thread: initial weights, dropout, and what is drawn without a generator, as by
/// `Tensor.normal([3])`. Each has numbers of its own: drawing data does not change the weights of the layers made after it.
///
/// Every thread starts as if with seed 0, so a program that sets no seed gives the same model in every run and on every
/// rank. Ranks that are threads of one process have generators of their own.
public func setSeed(_ seed: UInt64) {
    PhiloxGenerator.initialization = PhiloxGenerator(seed: seed, epoch: 0, item: 0, purpose: .initialization)
    PhiloxGenerator.current = PhiloxGenerator(seed: seed, epoch: 0, item: 0, purpose: .user)
    DropoutContext.current = DropoutContext(seed: seed)
}

/// Makes layers, and draws, with random numbers of `seed`, and leaves the thread's own sequences where they were.
///
/// ```swift
/// let model = withSeed(42) { Sequential { Linear(64, 128); ReLU(); Linear(128, 10) } }
/// ```
public func withSeed<Result, Failure: Error>(
    _ seed: UInt64, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let context = lsk_current_context()
    let before = context.pointee
    setSeed(seed)
    defer {
        (context.pointee.initialization, context.pointee.dropout) = (before.initialization, before.dropout)
        context.pointee.own = before.own
    }
    return try body()
}

extension PhiloxGenerator {
    /// The calling thread's generator of initial weights.
    package static var initialization: PhiloxGenerator {
        get { PhiloxGenerator(raw: lsk_current_context().pointee.initialization) ?? seedZero }
        set { lsk_current_context().pointee.initialization = newValue.raw }
    }

    /// The calling thread's generator, which is drawn from where none is given: `Tensor.normal([3])`. ``setSeed(_:)`` restarts it.
    ///
    /// ```swift
    /// setSeed(1)
    /// let die = Int.random(in: 1...6, using: &PhiloxGenerator.current)
    /// ```
    /// Equal on every rank for as long as every rank draws alike. What differs from item to item of a batch must not come from
    /// here, since a rank has only some of the items: it is drawn by item, with ``init(seed:epoch:item:purpose:)``. A run that
    /// goes on after an interruption starts with the seed's first numbers.
    public static var current: PhiloxGenerator {
        get { PhiloxGenerator(raw: lsk_current_context().pointee.own) ?? ownSeedZero }
        set { lsk_current_context().pointee.own = newValue.raw }
    }

    private static let seedZero = PhiloxGenerator(seed: 0, epoch: 0, item: 0, purpose: .initialization)
    private static let ownSeedZero = PhiloxGenerator(seed: 0, epoch: 0, item: 0, purpose: .user)
}
