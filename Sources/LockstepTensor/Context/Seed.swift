// SPDX-License-Identifier: Apache-2.0
// Where layers take their random numbers from: generators of the calling thread, restarted by a seed.

import CLockstepKernels

/// Restarts the random numbers of layers made and run on the calling thread: initial weights and dropout.
///
/// Every thread starts as if with seed 0, so a program that sets no seed gives the same model in every run and on every
/// rank. Ranks that are threads of one process have generators of their own.
public func setSeed(_ seed: UInt64) {
    PhiloxGenerator.initialization = PhiloxGenerator(seed: seed, epoch: 0, item: 0, purpose: .initialization)
    DropoutContext.current = DropoutContext(seed: seed)
}

/// Makes layers with random numbers of `seed`, and leaves the thread's own sequence where it was.
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
    defer { (context.pointee.initialization, context.pointee.dropout) = (before.initialization, before.dropout) }
    return try body()
}

extension PhiloxGenerator {
    /// The calling thread's generator of initial weights.
    package static var initialization: PhiloxGenerator {
        get { PhiloxGenerator(raw: lsk_current_context().pointee.initialization) ?? seedZero }
        set { lsk_current_context().pointee.initialization = newValue.raw }
    }

    private static let seedZero = PhiloxGenerator(seed: 0, epoch: 0, item: 0, purpose: .initialization)
}
