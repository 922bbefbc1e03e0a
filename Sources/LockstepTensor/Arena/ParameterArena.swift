// SPDX-License-Identifier: Apache-2.0
// All parameters in one stretch of memory, all gradients in another of the same layout.

import CLockstepKernels
import Glibc

/// The values and gradients of a model's parameters, each in one contiguous tensor.
///
/// Optimizer steps, reductions, clipping, checksums and broadcasts are passes over ranges of it. Parameters become views;
/// nobody outside notices. Order: groups in the order given, parameters in the order within their group; every parameter
/// starts on a 64-byte boundary and the gaps hold zeros.
///
/// ```
///  values     | p₀ …  | p₁ …        | p₂ … |
///  gradients  | g₀ …  | g₁ …        | g₂ … | tail: what a reduction carries along
/// ```
public final class ParameterArena {
    /// One parameter's place.
    public struct Slot {
        /// Whose it is.
        public let parameter: Parameter
        /// Elements of the arena, without the gap that follows.
        public let range: Range<Int>
        /// Index of its parameter group.
        public let group: Int
    }

    /// Every parameter, frozen ones included, in the order of memory.
    public let slots: [Slot]
    /// Where each group lies, gaps included.
    public let groupRanges: [Range<Int>]
    /// Elements of `values`; a multiple of 16.
    public let count: Int
    /// Extra elements after the gradients, free for whoever reduces them.
    public let tailCount: Int
    /// All values: `[count]`.
    @exclusivity(unchecked) public private(set) var values: Tensor
    /// All gradients: `[count]`, of ``gradientType``. Meaningful where a gradient has arrived since the last `zeroGradients`.
    public var gradients: Tensor {
        deferred.materialize()
        return deferred.memory
    }
    /// The type of the gradients, and of what an optimizer computes in and keeps: that of the values, but float32 where these
    /// are bfloat16, which is for storage only.
    public let gradientType: DType
    /// What is still to be done to the gradients before they can be read.
    package let deferred: DeferredGradients
    /// Whether the values lie in memory that several ranks read.
    @exclusivity(unchecked) package private(set) var sharesValues = false
    /// Where each parameter stands among the slots, once somebody has asked.
    private var places: [ObjectIdentifier: Int] = [:]
    /// The elements after the gradients: `[tailCount]`.
    @exclusivity(unchecked) package private(set) var tail: Tensor

    /// Moves the parameters of `groups` into one arena.
    ///
    /// - Precondition: at least one parameter; none twice; all of one floating element type.
    public init(_ groups: [[Parameter]], file: StaticString = #fileID, line: UInt = #line) {
        let all = groups.flatMap { $0 }
        guard let first = all.first else {
            stop("ParameterArena: there are no parameters to train", file: file, line: line)
        }
        let dtype = first.value.dtype
        require(
            Set(all.map(ObjectIdentifier.init)).count == all.count,
            "ParameterArena: a parameter is listed twice", file: file, line: line)
        for (index, parameter) in all.enumerated() {
            require(
                parameter.value.dtype == dtype,
                "ParameterArena: parameter \(index) is \(parameter.value.dtype), the first is \(dtype); convert the model to one type",
                file: file, line: line)
        }
        var slots: [Slot] = []
        var ranges: [Range<Int>] = []
        var end = 0
        for (group, parameters) in groups.enumerated() {
            let start = end
            for parameter in parameters {
                let size = parameter.value.count
                slots.append(Slot(parameter: parameter, range: end..<end + size, group: group))
                end = (end + size + 15) / 16 * 16
            }
            ranges.append(start..<end)
        }
        self.slots = slots
        groupRanges = ranges
        count = end
        tailCount = (4 + slots.count + 15) / 16 * 16
        values = .zeros([count], dtype: dtype)
        gradientType = Tensor.arithmeticType(dtype, dtype)
        let memory = Tensor.zeros([count + tailCount], dtype: gradientType)
        deferred = DeferredGradients(memory.view([count], strides: [1]))
        tail = memory.view([tailCount], strides: [1], offset: count)
        for slot in slots {
            slot.parameter.move(to: view(of: values, slot))
            slot.parameter.arena = self
            slot.parameter.leaf.move(to: view(of: deferred.memory, slot), deferred: deferred)
        }
        // Where the values lay until now, nothing as large comes again.
        if valueByteCount >= 1 << 24 { Memory.trim() }
    }

    private func view(of memory: Tensor, _ slot: Slot) -> Tensor {
        let shape = slot.parameter.value.shape
        return memory.view(shape, strides: shape.contiguousStrides, offset: slot.range.lowerBound)
    }

    /// Where the values lie, if their type is one that steps are made in; nil for a storage type.
    package var valueMemory: UnsafeMutableRawPointer? {
        values.dtype == gradientType ? values.unsafePointer : nil
    }

    /// All gradients as they lie in memory, and what they are still to be multiplied by.
    package var unscaledGradients: (memory: UnsafeMutableRawPointer, scale: Double) {
        (deferred.memory.unsafePointer, deferred.scale)
    }

    /// Bytes that the values need.
    package var valueByteCount: Int { count * values.dtype.byteCount }

    /// Moves the gradients (and the tail) into `storage`, keeping what they hold. For a window that ranks share.
    package func placeGradients(in storage: Storage) {
        let memory = whole(of: storage, elements: count + tailCount, dtype: gradientType)
        memory.fillMemory(0)
        Tensor.copy(gradients, into: memory.view([count], strides: [1]))
        deferred.memory = memory.view([count], strides: [1])
        tail = memory.view([tailCount], strides: [1], offset: count)
        for slot in slots { slot.parameter.leaf.move(to: view(of: deferred.memory, slot), deferred: deferred) }
    }

    /// Makes `storage`, which holds the values already, their place: memory that several ranks read and nobody writes but
    /// their common optimizer step. A parameter that is assigned to takes this rank out of it (``keepValues()``).
    package func shareValues(in storage: Storage) {
        adopt(whole(of: storage, elements: count, dtype: values.dtype))
        sharesValues = true
    }

    /// Gives this rank a copy of its own of values that are shared; nothing otherwise.
    package func keepValues() {
        guard sharesValues else { return }
        let copy = Tensor.uninitialized([count], dtype: values.dtype)
        Tensor.copy(values, into: copy)
        adopt(copy)
        sharesValues = false
    }

    private func adopt(_ memory: Tensor) {
        values = memory
        for slot in slots where slot.parameter.arena === self { slot.parameter.adopt(view(of: memory, slot)) }
    }

    /// Makes the arena's memory the value and the gradient of one of its parameters again.
    func takeBack(_ parameter: Parameter) {
        if places.isEmpty {
            places = Dictionary(
                slots.enumerated().map { (ObjectIdentifier($1.parameter), $0) }, uniquingKeysWith: { first, _ in first }
            )
        }
        guard let index = places[ObjectIdentifier(parameter)] else { return }
        parameter.adopt(view(of: values, slots[index]))
        let destination = view(of: deferred.memory, slots[index])
        if parameter.leaf.destination?.unsafePointer != destination.unsafePointer {
            parameter.leaf.move(to: destination, deferred: deferred)
        }
    }

    private func whole(of storage: Storage, elements: Int, dtype: DType) -> Tensor {
        require(
            storage.byteCount >= elements * dtype.byteCount,
            "ParameterArena: \(storage.byteCount) bytes do not hold \(elements) elements of \(dtype)")
        return Tensor(TensorBody(storage: storage, offset: 0, shape: [elements], strides: [1], dtype: dtype))
    }

    /// Whether every parameter still lives here. False after a parameter was replaced by one of another shape, or after
    /// another arena took it.
    package var isWhole: Bool {
        let start = values.unsafePointer
        let width = values.dtype.byteCount
        return slots.allSatisfy { $0.parameter.value.unsafePointer == start + $0.range.lowerBound * width }
    }

    /// Forgets all gradients. Writes no memory: the next backward pass overwrites.
    public func zeroGradients() {
        deferred.drop()
        for slot in slots { slot.parameter.leaf.reset() }
    }

    /// Makes every trainable gradient meaningful: those that no backward pass reached become zeros.
    package func completeGradients() {
        let width = gradientType.byteCount
        let memory = gradients.unsafePointer
        for slot in slots where slot.parameter.isTrainable && !slot.parameter.leaf.isTouched {
            lsk_fill(slot.range.count, memory + slot.range.lowerBound * width, gradientType.kernelType, 0)
        }
    }

    /// The largest stretches without a frozen parameter, gaps included: what a reduction has to carry.
    package var trainableRanges: [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (index, slot) in slots.enumerated() where slot.parameter.isTrainable {
            let end = index + 1 < slots.count ? slots[index + 1].range.lowerBound : count
            if let last = ranges.last, last.upperBound == slot.range.lowerBound {
                ranges[ranges.count - 1] = last.lowerBound..<end
            } else {
                ranges.append(slot.range.lowerBound..<end)
            }
        }
        return ranges
    }

    /// The norm of all gradients that have arrived, of trainable parameters, as one vector.
    ///
    /// - Parameter order: 2 for the Euclidean norm, `.infinity` for the largest magnitude, any positive number otherwise.
    public func gradientNorm(order: Double = 2) -> Double {
        if order == 2, let known = deferred.squaredNorm { return known.squareRoot() * abs(deferred.scale) }
        var total = 0.0
        let width = gradientType.byteCount
        let memory = gradients.unsafePointer
        for slot in slots where slot.parameter.isTrainable && slot.parameter.leaf.isTouched {
            let start = memory + slot.range.lowerBound * width
            let type = gradientType.kernelType
            if order == 2 {
                total += lsk_sum_of_squares(type, slot.range.count, start)
            } else {
                let part = lsk_sum_of_powers(type, slot.range.count, start, order)
                total = order.isInfinite ? Swift.max(total, part) : total + part
            }
        }
        return order == 2 ? total.squareRoot() : order.isInfinite ? total : pow(total, 1 / order)
    }

    /// Multiplies every gradient by `factor`: in passing, when the optimizer steps, or when somebody reads one.
    public func scaleGradients(by factor: Double) { deferred.deferScaling(by: factor) }
}
