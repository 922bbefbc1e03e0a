// SPDX-License-Identifier: Apache-2.0
// One recorded operation: who its inputs were and how a gradient passes back to them.

import CLockstepKernels

/// A step of the graph. Nodes are numbered as they are made, so a node's inputs always have smaller numbers.
package class GradientNode {
    package final let name: StaticString
    package final let number: UInt64
    @exclusivity(unchecked) final var first: GradientNode?
    @exclusivity(unchecked) final var second: GradientNode?
    @exclusivity(unchecked) final var more: [GradientNode?] = []
    @exclusivity(unchecked) final var rule: Pullback
    /// The gradient that has arrived so far.
    @exclusivity(unchecked) final var pending: Tensor?
    /// The derivative that arriving gradients pass first, where the operation has one that is element-wise.
    @exclusivity(unchecked) final var derivative: FusedDerivative?
    @exclusivity(unchecked) final var isQueued = false

    init(_ name: StaticString, _ first: GradientNode?, _ second: GradientNode? = nil, rule: Pullback) {
        self.name = name
        self.first = first
        self.second = second
        self.rule = rule
        number = lsk_next_node_number()
    }

    /// Input `index` of the operation; nil when no gradient is wanted there.
    final func input(_ index: Int) -> GradientNode? {
        switch index {
        case 0: first
        case 1: second
        default: index - 2 < more.count ? more[index - 2] : nil
        }
    }

    /// Adds `gradient` to what has arrived.
    func receive(_ gradient: Tensor) {
        guard let held = pending.take() else {
            pending = gradient
            return
        }
        if defers(gradient) {
            pending = held
        } else {
            pending = Tensor.sum(consuming: consume held, gradient)
        }
    }

    /// Passes the gradient on to the inputs. Called once, when every contribution has arrived.
    func propagate(_ queue: inout BackwardQueue, keepingGraph: Bool) {
        guard let gradient = derivative == nil ? pending.take() : withNoGrad({ takeArrived() }) else { return }
        let rule = self.rule
        guard !rule.isReleased else {
            stop(
                "backward: the graph through \(name) has already been used; pass keepingGraph: true to the first backward",
                file: #fileID, line: #line)
        }
        if !keepingGraph {
            self.rule = .released
            derivative = nil
        }
        withNoGrad {
            switch rule {
            case .unary(let pullback):
                queue.send(pullback(gradient), to: first, from: self)
            case .binary(let pullback):
                let (a, b) = pullback(gradient, (first != nil, second != nil))
                if let a { queue.send(a, to: first, from: self) }
                if let b { queue.send(b, to: second, from: self) }
            case .general(let pullback):
                let flow = GradientFlow(node: self)
                pullback(gradient, flow)
                queue.schedule(flow)
            case .leaf, .released:
                break
            }
        }
        if !keepingGraph { releaseInputs() }
    }

    /// Lets go of the inputs without recursion: a chain of a million nodes must not overflow the stack.
    final func releaseInputs() {
        guard first != nil || second != nil || !more.isEmpty else { return }
        var doomed: [GradientNode] = []
        takeInputs(into: &doomed)
        while var node = doomed.popLast() {
            if isKnownUniquelyReferenced(&node) {
                node.rule = .released  // its closure may hold the last reference to memory, never to nodes
                node.derivative = nil
                node.takeInputs(into: &doomed)
            }
        }
    }

    private final func takeInputs(into list: inout [GradientNode]) {
        if let node = first { list.append(node) }
        if let node = second { list.append(node) }
        for case let node? in more { list.append(node) }
        first = nil
        second = nil
        more = []
    }

    deinit { releaseInputs() }
}

/// How a gradient passes back through an operation.
enum Pullback {
    case leaf
    case released
    case unary((Tensor) -> Tensor)
    case binary((Tensor, (Bool, Bool)) -> (Tensor?, Tensor?))
    case general((Tensor, GradientFlow) -> Void)

    var isReleased: Bool { if case .released = self { true } else { false } }
}

/// Where a general pullback sends its results.
package struct GradientFlow {
    let node: GradientNode

    /// Whether input `index` wants a gradient.
    package func needs(_ index: Int) -> Bool { node.input(index) != nil }

    /// Adds `gradient` to input `index`; does nothing when that input wants none.
    package func send(_ index: Int, _ gradient: Tensor) { node.input(index)?.receive(gradient) }

    /// Lets `write` add straight into the memory of input `index`, when that is a leaf whose gradient has memory of its own.
    ///
    /// `write` gets the destination (contiguous) and beta: 0 to overwrite, 1 to add. Returns false, without calling
    /// `write`, when there is no such memory: then `send` must be used.
    package func accumulate(into index: Int, _ write: (_ destination: Tensor, _ beta: Float) -> Void) -> Bool {
        guard let leaf = node.input(index) as? LeafNode, let (destination, beta) = leaf.beginAccumulation() else {
            return false
        }
        write(destination, beta)
        return true
    }
}

extension Tensor {
    /// Records this result as `name` of one input. Returns `self` when nothing is to be recorded.
    @inline(__always)
    package func recording(_ name: StaticString, from input: Tensor, _ pullback: @escaping (Tensor) -> Tensor) -> Tensor
    {
        guard let node = input.node, lsk_is_recording() != 0 else { return detached }
        return Tensor(body, node: GradientNode(name, node, rule: .unary(pullback)))
    }

    /// Records this result as `name` of two inputs. `needs` says which of them want a gradient.
    @inline(__always)
    package func recording(
        _ name: StaticString, from a: Tensor, _ b: Tensor,
        _ pullback: @escaping (_ gradient: Tensor, _ needs: (Bool, Bool)) -> (Tensor?, Tensor?)
    ) -> Tensor {
        guard a.node != nil || b.node != nil, lsk_is_recording() != 0 else { return detached }
        return Tensor(body, node: GradientNode(name, a.node, b.node, rule: .binary(pullback)))
    }

    /// Records this result as `name` of any number of inputs (nil inputs take no gradient).
    package func recording(
        _ name: StaticString, from inputs: [Tensor?],
        _ pullback: @escaping (_ gradient: Tensor, _ flow: GradientFlow) -> Void
    ) -> Tensor {
        guard lsk_is_recording() != 0, inputs.contains(where: { $0?.node != nil }) else { return detached }
        let node = GradientNode(
            name, inputs.first?.flatMap(\.node), inputs.count > 1 ? inputs[1]?.node : nil, rule: .general(pullback))
        if inputs.count > 2 { node.more = inputs[2...].map { $0?.node } }
        return Tensor(body, node: node)
    }

    /// Sum of two gradients, of the first one's type, in its memory when nobody else can see it.
    ///
    /// The caller must have given up its own reference, or the sum always takes new memory.
    static func sum(consuming a: consuming Tensor, _ b: Tensor) -> Tensor {
        guard a.shape == b.shape, a.dtype == b.dtype, a.isExclusive else {
            return (a.detached + b.detached).to(a.dtype)
        }
        add(b, into: a)
        return a
    }

    /// Whether no other tensor, closure or view can see this memory, and none of it is repeated.
    var isExclusive: Bool {
        mutating get {
            isKnownUniquelyReferenced(&body) && isKnownUniquelyReferenced(&body.storage) && !body.storage.isForeign
                && body.isDense
        }
    }
}

extension Tensor {
    /// Whether this value was computed from `other`, which is recorded, too: whether its backward pass comes by there.
    package func depends(on other: Tensor) -> Bool {
        guard let node, let target = other.node else { return false }
        var (found, stack): (Set<ObjectIdentifier>, [GradientNode]) = ([], [node])
        while let next = stack.popLast() {
            if next === target { return true }
            // Inputs have smaller numbers: what is older than the target does not lead there.
            for case let input? in [next.first, next.second] + next.more
            where input.number >= target.number && found.insert(ObjectIdentifier(input)).inserted {
                stack.append(input)
            }
        }
        return false
    }
}
