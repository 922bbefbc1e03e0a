// SPDX-License-Identifier: Apache-2.0
// A tensor of a module that is saved but not trained.

public import LockstepTensor

/// State of a module that is saved with it and not trained, such as the running mean of a batch normalisation.
///
/// ```swift
/// @Buffer("running_mean") var runningMean = Tensor.zeros([8])
/// ```
///
/// Assigning a tensor of the same shape and type writes into the same memory: deliberate sharing, so that what reads the
/// memory (a broadcast between ranks) need not look the buffer up again. Read ``value`` and copy to keep an old value.
@propertyWrapper
public final class Buffer {
    /// The current value. Never records.
    public private(set) var value: Tensor
    /// A name in saved files that differs from the property's.
    public let savedName: String?
    /// Whether the buffer is part of the state dictionary.
    public let isSaved: Bool

    /// A buffer with a value of its own.
    public init(wrappedValue: Tensor, _ savedName: String? = nil, isSaved: Bool = true) {
        value = wrappedValue.detached.contiguous()
        self.savedName = savedName
        self.isSaved = isSaved
    }

    /// The value; assigned, it is copied where the shapes are equal.
    public var wrappedValue: Tensor {
        get { value }
        set {
            if newValue.shape == value.shape && newValue.dtype == value.dtype {
                Tensor.copy(newValue.detached, into: value)
            } else {
                value = newValue.detached.contiguous()
            }
        }
    }

    /// The buffer itself: `$runningMean`.
    public var projectedValue: Buffer { self }

    /// Makes `memory` the value, as it is, and keeps the old contents of `memory`.
    package func adopt(_ memory: Tensor) { value = memory }
}
