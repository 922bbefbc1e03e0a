// SPDX-License-Identifier: Apache-2.0
// The backward pass: nodes in reverse order of creation, in a loop.

/// Nodes that have received a gradient, largest number first.
struct BackwardQueue {
    private var heap: [GradientNode] = []

    /// Adds `gradient` to `node` and queues it.
    mutating func send(_ gradient: Tensor, to node: GradientNode?, from source: GradientNode) {
        guard let node else { return }
        node.receive(gradient)
        push(node)
    }

    /// Queues the inputs that a general pullback has sent to.
    mutating func schedule(_ flow: GradientFlow) {
        if let node = flow.node.first, node.hasArrived { push(node) }
        if let node = flow.node.second, node.hasArrived { push(node) }
        for case let node? in flow.node.more where node.hasArrived { push(node) }
    }

    mutating func push(_ node: GradientNode) {
        if node.isQueued || node is LeafNode { return }
        node.isQueued = true
        heap.append(node)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if heap[parent].number >= heap[child].number { break }
            heap.swapAt(parent, child)
            child = parent
        }
    }

    mutating func pop() -> GradientNode? {
        guard let top = heap.first else { return nil }
        let last = heap.removeLast()
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var child = 2 * parent + 1
                if child >= heap.count { break }
                if child + 1 < heap.count && heap[child + 1].number > heap[child].number { child += 1 }
                if heap[parent].number >= heap[child].number { break }
                heap.swapAt(parent, child)
                parent = child
            }
        }
        top.isQueued = false
        return top
    }
}

extension Tensor {
    /// Computes the gradient of this value with respect to every leaf it depends on, adding to what leaves already hold.
    ///
    /// - Parameters:
    ///   - gradient: The gradient to start from, of any type and memory layout; the default, 1, needs a tensor of one element.
    ///   - keepingGraph: Whether a second backward through the same graph will follow.
    /// - Precondition: the value was computed from a leaf while recording.
    public func backward(
        gradient: Tensor? = nil, keepingGraph: Bool = false, file: StaticString = #fileID, line: UInt = #line
    ) {
        guard let node else {
            stop(
                "backward: this tensor does not depend on anything that requires a gradient", file: file, line: line)
        }
        require(
            gradient != nil || count == 1,
            "backward: this tensor has shape \(shape). Only a scalar can start a backward pass; reduce it with mean() or sum().",
            file: file, line: line)
        require(
            gradient == nil || gradient?.shape == shape,
            "backward: the gradient has shape \(gradient?.shape ?? []), the tensor \(shape)", file: file, line: line)
        node.receive(gradient?.detached.to(dtype) ?? Tensor.ones(shape, dtype: dtype))
        var queue = BackwardQueue()
        queue.push(node)
        while let next = queue.pop() { next.propagate(&queue, keepingGraph: keepingGraph) }
    }

    /// A leaf with the same values: after a backward pass its ``gradient`` can be read.
    public func requiringGradient(file: StaticString = #fileID, line: UInt = #line) -> Tensor {
        require(
            dtype.isFloatingPoint, "requiringGradient: a tensor of \(dtype) has no gradient", file: file, line: line)
        return Tensor(body, node: LeafNode("leaf"))
    }

    /// The gradient that backward passes have added up here; nil for what is not a leaf, and before the first.
    public var gradient: Tensor? { (node as? LeafNode)?.gradient }
}
