// SPDX-License-Identifier: Apache-2.0
// The ensemble for tables: names, how members begin, gradients, what a prediction is the mean of, and what is refused.

import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("TabM") struct TabMTests {
    private func model(_ averages: TabM.Average = .probabilities, outputs: Int = 3) -> TabM {
        TabM(
            embeddings: [(10, 6)], continuous: 5, outputs: outputs, averages: averages, layers: [8, 7], members: 4)
    }

    private let rows = [Tensor([[1], [7], [0]] as [[Int]]), sample([3, 5], seed: 3)]

    @Test("names and shapes are those of Python's tabm")
    func names() {
        #expect(
            model().stateDictionary().map { "\($0.name) \($0.tensor.shape)" } == [
                "embeds.0.weight [10, 6]",
                "blocks.0.0.weight [8, 11]", "blocks.0.0.r [4, 11]", "blocks.0.0.s [4, 8]", "blocks.0.0.bias [4, 8]",
                "blocks.1.0.weight [7, 8]", "blocks.1.0.r [4, 8]", "blocks.1.0.s [4, 7]", "blocks.1.0.bias [4, 7]",
                "output.weight [4, 7, 3]", "output.bias [4, 3]",
            ])
    }

    @Test("members differ in the signs of the first inputs and in their last layers, and in nothing else")
    func beginning() throws {
        let state = withSeed(5) { model() }.stateDictionary()
        func values(_ name: String) throws -> Tensor { try #require(state.first { $0.name == name }).tensor }
        let signs = try values("blocks.0.0.r").floats
        #expect(Set(signs) == [1, -1])
        for name in ["blocks.0.0.s", "blocks.1.0.r", "blocks.1.0.s"] {
            #expect(try values(name).floats.allSatisfy { $0 == 1 }, "\(name)")
        }
        for name in ["blocks.0.0.bias", "blocks.1.0.bias"] {
            let bias = try values(name)
            #expect(bias[0].floats == bias[3].floats && Set(bias[0].floats).count > 5, "\(name)")
        }
        let heads = try values("output.weight")
        #expect(heads[0].floats != heads[1].floats)
    }

    @Test("the gradients of every parameter, by differences", arguments: [TabM.Average.probabilities, .numbers])
    func gradients(_ averages: TabM.Average) throws {
        let inputs = [rows[0], rows[1].to(.float64)]
        let members = withSeed(5) { model(averages) }
        try checkParameterGradients(of: members) { members.forward(inputs)[1] }
        let mean = withSeed(6) { model(averages) }
        mean.eval()
        try checkParameterGradients(of: mean) { mean.forward(inputs)[0] }
    }

    @Test("a prediction is the mean of probabilities, or of numbers")
    func means() {
        for averages in TabM.Average.allCases {
            let model = withSeed(5) { self.model(averages) }
            let outputs = withNoGrad { model.forward(rows) }
            #expect(outputs.map(\.shape) == [[3, 3], [3, 4, 3]])
            model.eval()
            let prediction = withNoGrad { model.forward(rows)[0] }
            expectClose(prediction, outputs[0])
            switch averages {
            case .numbers: expectClose(prediction, outputs[1].mean(axis: 1))
            case .probabilities:
                expectClose(prediction.softmax(axis: 1), outputs[1].softmax(axis: 2).mean(axis: 1), absolute: 1e-6)
            }
        }
    }

    @Test("a row is predicted alike whatever is beside it, also when it is alone")
    func alone() {
        let model = withSeed(5) { self.model() }
        model.eval()
        let all = withNoGrad { model.forward(rows)[0] }
        let one = withNoGrad { model.forward([rows[0][1..<2], rows[1][1..<2]])[0] }
        expectClose(one, all[1..<2])
        #expect(withNoGrad { model.forward([rows[0][0..<0], rows[1][0..<0]])[0].shape } == [0, 3])
    }

    @Test("the loss of members is their mean, however it is reduced; each item has one")
    func reductions() {
        let members = sample([5, 4, 3], seed: 1)
        let target = Tensor([0, 2, 1, 1, 0] as [Int])
        let base = CrossEntropyFlat(weight: Tensor([1, 2, 3]))
        let each = (0..<4).map { base(members[.all, $0], target).item() }
        func loss(_ reduction: Reduction) -> Tensor {
            var loss: any LossFunction = .eachMember(base)
            loss.reduction = reduction
            return loss([members.mean(axis: 1), members], [target])
        }
        #expect(abs(loss(.mean).item() - each.reduce(0, +) / 4) < 1e-6)
        expectClose(loss(.sum).item(), loss(.none).sum().item())
        #expect(loss(.none).shape == [5])
        let term = MemberLoss(base).terms([members, members], [target])[0]
        #expect(term.weight == 9 && abs(term.mean.item() - loss(.mean).item()) < 1e-6)
        #expect(MemberLoss(base).description == "MemberLoss(CrossEntropyFlat)")
    }

    @Test("what is no ensemble is refused, with the values")
    func refusals() async {
        let one = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = TabM(embeddings: [], continuous: 2, outputs: 1, averages: .probabilities)
        }
        expectTrap(one, says: "TabM: the probabilities of 1 outputs", "averages: .numbers", "TabMTests.swift")
        let none = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = TabM(embeddings: [], continuous: 2, outputs: 1, averages: .numbers, members: 0)
        }
        expectTrap(none, says: "TabM: 0 members of 2 hidden layers", "TabMTests.swift")
        let width = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = TabM(embeddings: [], continuous: 2, outputs: 1, averages: .numbers).forward([Tensor.zeros([4, 3])])
        }
        expectTrap(width, says: "TabM: the numbers have shape [4, 3], not [N, 2]")
        let layer = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = LinearBatchEnsemble(3, 2, members: 4)(Tensor.zeros([5, 3, 3]))
        }
        expectTrap(
            layer,
            says:
                "LinearBatchEnsemble(3, 2, members: 4): an input of shape [5, 3, 3] is neither [N, 3] nor [N, 4, 3]")
        let heads = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = LinearEnsemble(3, 2, members: 4)(Tensor.zeros([5, 3]))
        }
        expectTrap(heads, says: "LinearEnsemble(3, 2, members: 4): an input of shape [5, 3] is not [N, 4, 3]")
    }
}
