// SPDX-License-Identifier: Apache-2.0
// The part of a communicator that in-process and MPI ranks have in common: everything but how they come about.
internal import CMPI

/// A communicator whose collectives are those of an engine.
protocol EngineBacked: Communicator {
    var engine: CollectiveEngine { get }
}

extension EngineBacked {
    /// This rank.
    public var rank: Int { engine.rank }
    /// The number of ranks.
    public var size: Int { engine.size }

    /// Flags that the next collective tells the other ranks.
    public var outgoingStatus: StatusWord {
        get { engine.outgoing }
        set { engine.outgoing = newValue }
    }

    /// Sums, or else combines, the values of all ranks in place. Collective.
    @discardableResult
    public func allReduce(
        _ buffer: UnsafeMutableRawBufferPointer, as type: ElementType, _ operation: ReductionOperation, name: String
    ) throws -> Agreement {
        try engine.observed(name) { try engine.allReduce(buffer, as: type, operation, name: name) }
    }

    /// Combines the values of all ranks; each gets its slice. Collective.
    @discardableResult
    public func reduceScatter(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, as type: ElementType,
        _ operation: ReductionOperation, name: String
    ) throws -> Agreement {
        try engine.observed(name) {
            try engine.reduceScatter(source, into: destination, as: type, operation, name: name)
        }
    }

    /// The values of all ranks, in their order, for all. Collective.
    @discardableResult
    public func allGather(
        _ source: UnsafeRawBufferPointer, into destination: UnsafeMutableRawBufferPointer, name: String
    ) throws -> Agreement {
        try engine.observed(name) { try engine.allGather(source, into: destination, name: name) }
    }

    /// The bytes of all ranks, in their order, for one rank or all. Collective.
    public func gather(_ source: UnsafeRawBufferPointer, to root: Int?, name: String) throws -> [[UInt8]]? {
        try engine.observed(name) { try engine.gather(source, to: root, name: name) }
    }

    /// Gives all ranks the bytes of one. Collective.
    @discardableResult
    public func broadcast(_ buffer: UnsafeMutableRawBufferPointer, from root: Int, name: String) throws -> Agreement {
        try engine.observed(name) { try engine.broadcast(buffer, from: root, name: name) }
    }

    /// Tells all ranks a weight and flags, and hears theirs. Collective.
    @discardableResult
    public func agree(weight: Double, status: StatusWord, name: String) throws -> Agreement {
        try engine.observed(name) {
            try engine.open(CollectiveCall(kind: .agree, name: name, weight: weight, status: status))
        }
    }

    /// Told of every collective this rank has taken part in.
    public var observers: [any CommunicationObserver] {
        get { engine.observers }
        set {
            engine.observers = newValue
            engine.plane.measuresWaiting = !newValue.isEmpty
        }
    }

    /// A heartbeat: says what this rank does, which others read when it is late.
    public func note(step: Int, event: String) { engine.plane.note(step: step, event: event) }

    /// Tells the other ranks that this one has failed.
    public func fail(_ error: any Error, during event: String) {
        let event = event.isEmpty ? engine.plane.lastEvent : event
        engine.poison(told(error, event), event: event)
        engine.isFailureKnown = true
    }

    /// Tells all ranks of an error that all of them may have; whether they can go on together.
    public func failTogether(_ error: any Error, during event: String) -> Bool {
        let goesOn = engine.failTogether(told(error, event), event: event, failure: "\(event): \(error)")
        engine.isFailureKnown = !goesOn
        return goesOn
    }

    /// An error as the other ranks hear of it.
    private func told(_ error: any Error, _ event: String) -> CommunicatorError {
        // What all ranks know already needs no rank in front of it.
        if let known = error as? CommunicatorError, known.isShared { return known }
        return .peerFailed(rank: rank, event: event, text: String(describing: error))
    }
}

/// The members of each color, in the order of the new ranks, from what every rank passed to `split`.
func splitGroups(_ choices: [[Int64]]) -> [(color: Int, ranks: [Int])] {
    var members: [Int64: [Int]] = [:]
    for (rank, choice) in choices.enumerated() where choice[0] == 1 { members[choice[1], default: []].append(rank) }
    return members.keys.sorted().map { color in
        let ranks = members[color, default: []].sorted { (choices[$0][2], $0) < (choices[$1][2], $1) }
        return (Int(color), ranks)
    }
}
