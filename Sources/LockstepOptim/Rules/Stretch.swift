// SPDX-License-Identifier: Apache-2.0
// What a rule updates: a run of elements with their gradients, state and hyper-parameters.

package import CLockstepKernels
import LockstepTensor

/// Elements that share a parameter group, flags and a step count, for ``UpdateRule/update(_:)``. Valid during that call only: whoever
/// keeps it and asks it later ends the program with a sentence.
public struct Stretch<Scalar: BinaryFloatingPoint> {
    @usableFromInline let memory: UntypedStretch

    /// The stretch with elements of the type that they have.
    ///
    /// - Precondition: `Double` where ``UntypedStretch/isDouble``, else `Float`.
    @inlinable
    public init(_ memory: UntypedStretch) {
        precondition(
            memory.isDouble ? Scalar.self == Double.self : Scalar.self == Float.self,
            "UpdateRule: a stretch has elements of another type")
        self.memory = memory
    }

    /// Number of elements.
    @inlinable public var count: Int { memory.count }
    /// How often these elements have been stepped, this time included.
    @inlinable public var step: Int { memory.step }
    /// The learning rate.
    @inlinable public var lr: Scalar { Scalar(memory.lr) }

    /// A hyper-parameter of the rule, rounded to the elements' type.
    ///
    /// - Precondition: ``UpdateRule/defaults`` names it.
    public subscript(name: String) -> Scalar { Scalar(hyper(name)) }

    /// A hyper-parameter of the rule as it was set: for what is worked out once, before it is rounded (`1 − βᵗ`).
    ///
    /// - Precondition: ``UpdateRule/defaults`` names it.
    public func hyper(_ name: String) -> Double {
        memory.checkIsCurrent()
        let names = memory.names
        guard let index = names.hypers.firstIndex(of: name) else {
            stop(
                "UpdateRule: \(names.rule) reads the hyper-parameter \(name); its defaults name \(names.hypers.dropFirst())",
                file: #fileID, line: #line)
        }
        return memory.hypers[index]
    }

    /// One of the rule's states, element by element.
    ///
    /// - Precondition: ``UpdateRule/stateNames`` names it.
    public func state(_ name: String) -> StateElements<Scalar> {
        memory.checkIsCurrent()
        guard let place = memory.state(name) else {
            stop(
                "UpdateRule: \(memory.names.rule) reads the state \(name); its stateNames are \(memory.names.states)",
                file: #fileID, line: #line)
        }
        return StateElements(
            start: place.assumingMemoryBound(to: Scalar.self), count: memory.count, keeper: memory.call.memory)
    }

    /// Updates every element, in order.
    ///
    /// - Parameter update: Is given the element's index in the stretch (for ``state(_:)``), its value, already decayed, to be
    ///   changed, and its gradient, clipped and averaged over ranks.
    /// - Precondition: called once for a stretch.
    @inlinable
    public func forEach(_ update: (_ index: Int, _ value: inout Scalar, _ gradient: Scalar) -> Void) {
        memory.beginPass()
        let (values, gradients) = (memory.values(of: Scalar.self), memory.gradients(of: Scalar.self))
        let (decay, scale, l2) = (Scalar(memory.decay), Scalar(memory.gradientScale), Scalar(memory.l2))
        for index in 0..<memory.count {
            var value = values[index] * decay
            update(index, &value, gradients[index] * scale + l2 * value)
            values[index] = value
        }
    }

    /// The sum of what `term` makes of every element, in double: for norms. What it writes to a state stays.
    ///
    /// - Parameter term: Is given the element's index in the stretch, its value after decay, and its gradient.
    /// - Precondition: the rule is ``UpdateRule/isPerParameter``, and ``forEach(_:)`` was not called yet.
    @inlinable
    public func sum(_ term: (_ index: Int, _ value: Scalar, _ gradient: Scalar) -> Double) -> Double {
        memory.beginSum()
        let (values, gradients) = (memory.values(of: Scalar.self), memory.gradients(of: Scalar.self))
        let (decay, scale, l2) = (Scalar(memory.decay), Scalar(memory.gradientScale), Scalar(memory.l2))
        var total = 0.0
        for index in 0..<memory.count {
            let value = values[index] * decay
            total += term(index, value, gradients[index] * scale + l2 * value)
        }
        return total
    }
}

/// One state of a ``Stretch``. Later than in that call it says nothing, but its memory is there.
public struct StateElements<Scalar: BinaryFloatingPoint> {
    @usableFromInline let start: UnsafeMutablePointer<Scalar>
    /// Number of elements.
    public let count: Int
    /// The memory that `start` points into.
    private let keeper: [Tensor]

    init(start: UnsafeMutablePointer<Scalar>, count: Int, keeper: [Tensor]) {
        (self.start, self.count, self.keeper) = (start, count, keeper)
    }

    /// What is remembered of the element at an index of the stretch.
    ///
    /// - Precondition: `index` is one of the stretch.
    @inlinable
    public subscript(index: Int) -> Scalar {
        get {
            precondition(index >= 0 && index < count, "UpdateRule: a state has no element of that index")
            return start[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "UpdateRule: a state has no element of that index")
            start[index] = newValue
        }
    }
}

/// The update at hand: one object for an optimizer, so that a stretch that outlives its update can tell.
final class UpdateCall {
    /// Raised when an update begins and when it ends.
    @exclusivity(unchecked) private(set) var number = 0
    /// Whether the stretch was updated.
    @exclusivity(unchecked) var hasPassed = false
    /// What the states lie in.
    @exclusivity(unchecked) private(set) var memory: [Tensor] = []

    func begin(in memory: [Tensor]) {
        number &+= 1
        (hasPassed, self.memory) = (false, memory)
    }

    func end() {
        number &+= 1
        memory = []
    }
}

/// A ``Stretch`` whose element type is not said yet.
public struct UntypedStretch {
    package let dtype: lsk_dtype
    /// Whether elements are `Double`; `Float` otherwise.
    public let isDouble: Bool
    @usableFromInline let count: Int
    @usableFromInline let step: Int
    package let value: UnsafeMutableRawPointer
    package let gradient: UnsafeMutableRawPointer
    let states: UnsafePointer<UnsafeMutableRawPointer>?
    /// Where the stretch begins in each state, in bytes.
    let stateOffset: Int
    /// In the order of ``names``.
    let hypers: UnsafePointer<Double>
    let names: RuleNames
    package let common: lsk_update
    let isWholeParameter: Bool
    /// What is known of the update that this is of, and its number.
    let call: UpdateCall
    let number: Int

    @usableFromInline var lr: Double { hypers[0] }
    @usableFromInline var decay: Double { common.decay }
    @usableFromInline var gradientScale: Double { common.gradient_scale }
    @usableFromInline var l2: Double { common.l2 }

    func state(_ name: String) -> UnsafeMutableRawPointer? {
        guard let states, let index = names.states.firstIndex(of: name) else { return nil }
        return states[index] + stateOffset
    }

    @usableFromInline
    func values<Scalar>(of type: Scalar.Type) -> UnsafeMutablePointer<Scalar> {
        value.assumingMemoryBound(to: type)
    }

    @usableFromInline
    func gradients<Scalar>(of type: Scalar.Type) -> UnsafeMutablePointer<Scalar> {
        gradient.assumingMemoryBound(to: type)
    }

    /// Counts a pass that changes the elements, and averages the gradients of two ranks first.
    @usableFromInline
    func beginPass() {
        checkIsCurrent()
        require(
            !call.hasPassed,
            "UpdateRule: \(names.rule) calls forEach a second time for a stretch; values would decay twice")
        call.hasPassed = true
        averagePair()
    }

    /// The mean of two ranks' gradients, where the step makes it: also for a rule that does not look at them.
    func averagePair() {
        guard let first = common.pair.0, let second = common.pair.1 else { return }
        // As where ranks reduce without stepping: products are rounded before they are added.
        let (share, rest) = (Float(common.share.0), Float(common.share.1))
        let averages = gradients(of: Float.self)
        for index in 0..<count { averages[index] = share * first[index] + rest * second[index] }
    }

    @usableFromInline
    func beginSum() {
        checkIsCurrent()
        require(
            isWholeParameter && !call.hasPassed,
            "UpdateRule: \(names.rule) sums a stretch \(isWholeParameter ? "after forEach has changed it" : "that may be a part of a parameter; isPerParameter has to be true")"
        )
    }
}

extension UntypedStretch {
    /// - Precondition: `rule` is the one whose stretch this is, and it has not updated it.
    func begin(_ rule: (some UpdateRule).Type) {
        checkIsCurrent()
        require(
            names.type == ObjectIdentifier(rule) && !call.hasPassed,
            "UpdateRule: \(names.rule) hands its stretch to \(rule), which has other hyper-parameters; write the formula out"
        )
        call.hasPassed = true
    }

    func checkIsCurrent() {
        require(
            number == call.number,
            "UpdateRule: \(names.rule) has kept a stretch; its memory is another step's once update(_:) has returned")
    }

    /// A hyper-parameter by its place, which is found without comparing words: 1 is the first of the rule's defaults.
    func hyper(_ name: StaticString, at index: Int) -> Double {
        assert(names.hypers[index] == "\(name)")
        return hypers[index]
    }

    /// A state by its place; nil where the rule keeps fewer.
    func place(_ name: StaticString, at index: Int) -> UnsafeMutableRawPointer? {
        guard let states, index < names.states.count else { return nil }
        assert(names.states[index] == "\(name)")
        return states[index] + stateOffset
    }
}
