// SPDX-License-Identifier: Apache-2.0
// Where layers take their random numbers from: generators of the calling thread, restarted by a seed.

import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Restarts the random numbers of layers made and run on the calling thread: initial weights and dropout.
///
/// Every thread starts as if with seed 0, so a program that sets no seed gives the same model in every run and on every
/// rank. Ranks that are threads of one process have generators of their own.
public func setSeed(_ seed: UInt64) { RandomState.current.restart(seed: seed) }

/// Makes layers with random numbers of `seed`, and leaves the thread's own sequence where it was.
///
/// ```swift
/// let model = withSeed(42) { Sequential { Linear(64, 128); ReLU(); Linear(128, 10) } }
/// ```
public func withSeed<Result, Failure: Error>(
    _ seed: UInt64, _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let state = RandomState.current
    let saved = (state.initialization, state.dropout)
    state.restart(seed: seed)
    defer { (state.initialization, state.dropout) = saved }
    return try body()
}

/// The generators of one thread.
final class RandomState {
    var initialization = PhiloxGenerator(seed: 0, epoch: 0, item: 0, purpose: .initialization)
    var dropout = DropoutContext(seed: 0)

    func restart(seed: UInt64) {
        initialization = PhiloxGenerator(seed: seed, epoch: 0, item: 0, purpose: .initialization)
        dropout = DropoutContext(seed: seed)
    }

    /// The calling thread's state, made at first use and released when the thread ends.
    static var current: RandomState {
        if let pointer = pthread_getspecific(key) {
            return Unmanaged<RandomState>.fromOpaque(pointer).takeUnretainedValue()
        }
        let state = RandomState()
        pthread_setspecific(key, Unmanaged.passRetained(state).toOpaque())
        return state
    }

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let code = pthread_key_create(&key) { pointer in
            if let pointer { Unmanaged<RandomState>.fromOpaque(pointer).release() }
        }
        require(code == 0, "random state: the system has no thread-local key left (error \(code))")
        return key
    }()
}
