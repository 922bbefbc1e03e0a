// SPDX-License-Identifier: Apache-2.0
// Recording an operation with several differentiable results, such as a recurrent layer's output and state.

import CLockstepKernels

/// Collects the gradients of an operation's results and then runs one pullback over all of them.
final class JointNode: GradientNode {
    var gradients: [Tensor?]
    let joint: ([Tensor?], GradientFlow) -> Void

    init(_ name: StaticString, inputs: [Tensor?], outputs: Int, _ pullback: @escaping ([Tensor?], GradientFlow) -> Void)
    {
        gradients = Array(repeating: nil, count: outputs)
        joint = pullback
        super.init(name, inputs.first?.flatMap(\.node), inputs.count > 1 ? inputs[1]?.node : nil, rule: .leaf)
        if inputs.count > 2 { more = inputs[2...].map { $0?.node } }
    }

    override func propagate(_ queue: inout BackwardQueue, keepingGraph: Bool) {
        let arrived = gradients
        gradients = Array(repeating: nil, count: arrived.count)
        let flow = GradientFlow(node: self)
        withNoGrad { joint(arrived, flow) }
        queue.schedule(flow)
        if !keepingGraph { releaseInputs() }
    }
}

/// One result of a ``JointNode``: files its gradient under its index.
final class OutputNode: GradientNode {
    let index: Int

    init(_ joint: JointNode, index: Int) {
        self.index = index
        super.init(joint.name, joint, rule: .leaf)
    }

    override func propagate(_ queue: inout BackwardQueue, keepingGraph: Bool) {
        guard let gradient = pending, let joint = first as? JointNode else { return }
        pending = nil
        joint.gradients[index] = gradient
        queue.push(joint)
        if !keepingGraph { releaseInputs() }
    }
}

extension Tensor {
    /// Records `outputs` as the results of one operation; the pullback gets one optional gradient per output.
    package static func recording(
        _ name: StaticString, from inputs: [Tensor?], outputs: [Tensor],
        _ pullback: @escaping (_ gradients: [Tensor?], _ flow: GradientFlow) -> Void
    ) -> [Tensor] {
        guard lsk_is_recording() != 0, inputs.contains(where: { $0?.node != nil }) else {
            return outputs.map(\.detached)
        }
        let joint = JointNode(name, inputs: inputs, outputs: outputs.count, pullback)
        return outputs.enumerated().map { Tensor($1.body, node: OutputNode(joint, index: $0)) }
    }
}
