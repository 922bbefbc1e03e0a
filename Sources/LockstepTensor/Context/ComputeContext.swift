// SPDX-License-Identifier: Apache-2.0
// How the calling thread computes: threads of a kernel, engine of convolutions, precision of products.

import CLockstepKernels

/// How operations compute that the calling thread runs.
///
/// A context belongs to one thread, so ranks that are threads of one process do not disturb each other. What it does not say
/// holds for the process: ``defaultThreads``, and `LOCKSTEP_CONV`.
///
/// ```swift
/// let product = ComputeContext.with(threads: 4) { a.matmul(b) }
/// ```
/// Recording (`withNoGrad`), the place of dropout masks (``DropoutContext``) and the generator of initial weights (`setSeed`)
/// are parts of the same structure, with scopes of their own.
public struct ComputeContext: Sendable, Equatable {
    /// Threads a kernel may use (a product, a convolution, a pass over a large tensor), the caller's among them: 1 to 256.
    ///
    /// Results have the same bits for any number, but for matrix products that OpenBLAS computes (float64; without AVX-512 float32,
    /// too): there one thread may give other last bits than several.
    public var threads: Int
    /// Who computes convolutions.
    package var convolution: ConvolutionEngine.Choice
    /// What matrix products round their operands and results to; nil is float32. See `withAutocast`.
    public var precision: ReducedPrecision?

    /// The calling thread's. Assigning lasts until the next assignment on this thread; prefer a scope.
    public static var current: ComputeContext {
        get {
            let raw = lsk_current_context().pointee
            return ComputeContext(
                threads: Int(lsk_get_threads()), convolution: ConvolutionEngine.Choice(raw: raw.convolution_engine),
                precision: ReducedPrecision(raw: raw.precision))
        }
        set {
            require(newValue.threads >= 1, "ComputeContext: \(newValue.threads) threads; at least 1 is needed")
            let raw = lsk_current_context()
            // What nobody has changed goes on following the process.
            if newValue.threads != Int(lsk_get_threads()) { raw.pointee.threads = Int32(clamping: newValue.threads) }
            raw.pointee.convolution_engine = newValue.convolution.raw
            raw.pointee.precision = newValue.precision?.raw ?? 0
        }
    }

    /// Threads a kernel may use on threads of execution that do not say; 1, `LOCKSTEP_THREADS`, or what the launcher shares
    /// out. For the whole process: set it before anything is computed, or use ``with(threads:precision:_:)``.
    /// - Note: PyTorch: `torch.set_num_threads`.
    public static var defaultThreads: Int {
        get { Int(lsk_get_default_threads()) }
        set {
            require(newValue >= 1, "ComputeContext.defaultThreads: \(newValue) threads; at least 1 is needed")
            lsk_set_default_threads(Int32(clamping: newValue))
        }
    }

    /// Runs `body` with other values on this thread. What is left out stays as it is.
    public static func with<Result, Failure: Error>(
        threads: Int? = nil, precision: ReducedPrecision?? = .none, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let scope = Scope(threads: threads, precision: precision)
        defer { scope.end() }
        return try body()
    }

    /// Sums that are cut alike whatever the machine has to offer: one thread, convolutions by patches.
    package static func fixed() -> Scope { Scope(threads: 1, convolution: .patches) }
}

extension ComputeContext {
    /// Other values from its making to ``end()``, for what begins in one call and ends in another.
    package final class Scope {
        private let thread = lsk_current_context()
        private let before: lsk_context
        private let (changesThreads, changesConvolution, changesPrecision): (Bool, Bool, Bool)
        private var isOver = false

        package init(
            threads: Int? = nil, convolution: ConvolutionEngine.Choice? = nil, precision: ReducedPrecision?? = .none
        ) {
            before = thread.pointee
            (changesThreads, changesConvolution) = (threads != nil, convolution != nil)
            changesPrecision = precision != nil
            if let threads {
                require(threads >= 1, "ComputeContext: \(threads) threads; at least 1 is needed")
                thread.pointee.threads = Int32(clamping: threads)
            }
            if let convolution { thread.pointee.convolution_engine = convolution.raw }
            if let precision { thread.pointee.precision = precision?.raw ?? 0 }
        }

        /// Puts back what it has changed. A second call does nothing, nor does one on another thread: a context is one
        /// thread's own.
        package func end() {
            guard !isOver, thread == lsk_current_context() else { return }
            isOver = true
            if changesThreads { thread.pointee.threads = before.threads }
            if changesConvolution { thread.pointee.convolution_engine = before.convolution_engine }
            if changesPrecision { thread.pointee.precision = before.precision }
        }

        deinit { end() }
    }
}
