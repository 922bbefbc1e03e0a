// SPDX-License-Identifier: Apache-2.0
// Hyper-parameters by slips of their names, from variables, beside numbers; states compared.

import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepOptim

@Suite("Hyper-parameters as one writes them") struct HyperNameTests {
    private func optimizer(_ factory: OptimizerFactory = .adam()) -> Optimizer {
        factory([[Parameter(wrappedValue: Tensor([1, 2]))], [Parameter(wrappedValue: Tensor([3]))]], lr: 0.1)
    }

    @Test(
        "a slip of a name is refused with the name that was meant, and changes nothing",
        arguments: [
            ("lrr", "lr"), ("LR", "lr"), ("rl", "lr"), ("l", "lr"), ("learning_rate", "lr"), ("learningRate", "lr"),
            ("wdd", "wd"), ("weight_decay", "wd"), ("momentum", "mom"), ("mon", "mom"), ("sqr_mum", "sqr_mom"),
            ("sqrmom", "sqr_mom"), ("ep", "eps"),
        ])
    func slips(name: String, meant: String) throws {
        let optimizer = optimizer()
        let before = optimizer.hypers
        let error = #expect(throws: OptimizerError.self) { try optimizer.setHyper(name, 1) }
        #expect(error?.code == .unknownHyper)
        #expect(error?.message.contains("no hyper-parameter \(name); did you mean \(meant)?") == true)
        #expect(throws: OptimizerError.self) { try optimizer.setHypers([name: 1]) }
        #expect(optimizer.hypers == before)
    }

    @Test(
        "[§8.2] a name that is no slip is added, and has no effect",
        arguments: ["unheard", "nu1", "beta", "temperature"])
    func others(name: String) throws {
        let optimizer = optimizer()
        try optimizer.setHyper(name, 2)
        #expect(optimizer.hypers[1][name] == 2)
        // It is no name that the rule knows, of which another could be a slip.
        try optimizer.setHyper(name + "2", 3)
        #expect(optimizer.hypers[0][name + "2"] == 3)
    }

    @Test("numbers that are variables, optional ones, slices and lists") func values() throws {
        let optimizer = optimizer()
        func rates() -> [Double] { optimizer.hypers.compactMap { $0["lr"] } }
        let (double, single) = (0.5, Float(0.25))
        try optimizer.setHyper("lr", double)
        #expect(rates() == [0.5, 0.5])
        try optimizer.setHyper("lr", single)
        #expect(rates() == [0.25, 0.25])
        try optimizer.setHyper("lr", Double?.none)
        #expect(rates() == [0.25, 0.25])
        try optimizer.setHyper("lr", Double?(0.125))
        #expect(rates() == [0.125, 0.125])
        try optimizer.setHyper("lr", .perGroup([1, 2]))
        #expect(rates() == [1, 2])
        #expect(HyperValue(single) == 0.25 && HyperValue(double).hyperValue == .value(0.5))
    }

    @Test("a value equals the number that it is for every group, and no other") func equality() {
        let (value, number) = (HyperValue.value(0.5), 0.5)
        let missing: Double? = nil
        #expect(value == number && number == value && Double?(number) == value)
        #expect(
            value != 0.25 && HyperValue.slice(0.5) != number && missing != value && HyperValue.perGroup([0.5]) != number
        )
        #expect(
            "\(value) \(HyperValue.slice(1e-5, 1e-3)) \(HyperValue.perGroup([1, 2]))"
                == "0.5 slice(1e-05, 0.001) [1.0, 2.0]")
    }

    @Test("states are equal when they hold the same bits, and print what they are") func states() throws {
        func stepped(_ times: Int) -> Optimizer {
            let parameter = Parameter(wrappedValue: Tensor([1, 2]))
            let optimizer = OptimizerFactory.adam()([[parameter]], lr: 0.1)
            for _ in 0..<times {
                (parameter.wrappedValue * 3).sum().backward()
                optimizer.step()
                optimizer.zeroGradients()
            }
            return optimizer
        }
        let (one, same, other) = (stepped(2), stepped(2), stepped(3))
        #expect(one.stateDictionary == same.stateDictionary && one.stateDictionary != other.stateDictionary)
        try same.setHyper("wd", 0.5)
        #expect(one.stateDictionary != same.stateDictionary)
        var changed = one.stateDictionary
        changed.entries[0].tensors[0].tensor = Tensor([Float.nan, 0])
        #expect(changed == changed && changed != one.stateDictionary)
        try other.loadStateDictionary(one.stateDictionary)
        #expect(other.stateDictionary == one.stateDictionary)
        #expect("\(one.stateDictionary)".hasPrefix("state of adam: 1 parameters, 2 steps; lr 0.1"))
    }

    @Test("factories and schedules print what they are") func printing() {
        #expect("\(OptimizerFactory.adam())" == "adam" && "\(OptimizerFactory.sgd(lr: 0.1))" == "sgd, lr 0.1")
        #expect("\(Schedule.linear(0, 1))" == "schedule [0.0, 0.25, 0.5, 0.75, 1.0]")
    }
}
