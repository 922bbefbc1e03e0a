// SPDX-License-Identifier: Apache-2.0
// Groups, flags, freezing and state over an arena.
import LockstepOptim
@testable import LockstepTensor
import Testing

@Suite("Optimizer") struct OptimizerTests {
    func parameters(_ sizes: [Int]) -> [Parameter] { sizes.map { Parameter(wrappedValue: .ones([$0])) } }

    @Test(
        "values of any size live in one arena, 64-byte aligned, and survive the move",
        arguments: [0, 1, 15, 16, 17, 31])
    func arena(size: Int) {
        let original = Tensor.arange(from: 0, to: Double(size))
        let p = Parameter(wrappedValue: original), q = Parameter(wrappedValue: Tensor([5, 6]))
        let arena = ParameterArena([[p], [q]])
        #expect(p.value.floats == original.floats && q.value.floats == [5, 6])
        #expect(arena.slots.allSatisfy { $0.range.lowerBound % 16 == 0 })
        #expect(arena.isWhole && arena.groupRanges.count == 2)
        p.wrappedValue = Tensor.zeros([size])
        #expect(arena.isWhole)
        q.wrappedValue = Tensor([1, 2, 3])
        #expect(!arena.isWhole)
    }

    @Test("[§8.2] hyper-parameters: number, slice and list over three groups")
    func hypers() throws {
        let optimizer = OptimizerFactory.sgd(mom: 0.9)(parameters([1, 1, 1]).map { [$0] }, lr: 1)
        func lrs() -> [Double] { (0..<3).map { optimizer.hyper("lr", group: $0) ?? .nan } }
        try optimizer.setHyper("lr", 0.5)
        #expect(lrs() == [0.5, 0.5, 0.5])
        try optimizer.setHyper("lr", .slice(1e-5, 1e-3))
        for (a, e) in zip(lrs(), [1e-5, 1e-4, 1e-3]) { #expect(abs(a / e - 1) < 1e-12) }
        try optimizer.setHyper("lr", .slice(1e-3))
        #expect(lrs() == [1e-4, 1e-4, 1e-3])
        try optimizer.setHyper("lr", .slice(0, 1e-3))
        #expect(lrs() == [1e-4, 1e-4, 1e-3])
        try optimizer.setHyper("unheard", 3)
        #expect(optimizer.hypers[2]["unheard"] == 3)
        let error = #expect(throws: OptimizerError.self) { try optimizer.setHyper("mom", .perGroup([1, 2])) }
        #expect(error?.message.contains("2 values for 3") == true)
    }

    @Test("[OPT-01] a frozen parameter is never stepped, weight decay included")
    func frozen() throws {
        let (a, b) = (Parameter(wrappedValue: .ones([3])), Parameter(wrappedValue: .ones([3])))
        let optimizer = OptimizerFactory.sgd(mom: 0.9, wd: 0.5)([[a], [b]], lr: 0.1)
        func train() {
            (a.wrappedValue * 2 + b.wrappedValue).sum().backward()
            optimizer.step()
            optimizer.zeroGradients()
        }
        train()
        let held = a.value.floats
        try optimizer.freeze()
        train()
        train()
        #expect(a.value.floats == held)
        #expect(optimizer.frozenIndex == 1)
        optimizer.flags[0].forceTrain = true
        optimizer.freeze(to: 1)
        train()
        #expect(a.value.floats != held)
    }

    @Test("[§8.1] a parameter that no gradient reached is untouched")
    func unreached() {
        let (a, b) = (Parameter(wrappedValue: .ones([2])), Parameter(wrappedValue: .ones([2])))
        let optimizer = OptimizerFactory.adam()([[a, b]], lr: 0.1)
        (a.wrappedValue * 2).sum().backward()
        optimizer.step()
        #expect(b.value.floats == [1, 1] && a.value.floats[0] < 1)
        #expect(optimizer.stepCounts == [1, 0])
    }

    @Test("[LRN-04] decay spares parameters whose flag is off")
    func decayFlags() {
        let (a, b) = (Parameter(wrappedValue: .ones([2])), Parameter(wrappedValue: .ones([2])))
        let optimizer = OptimizerFactory.sgd(wd: 1)([[a, b]], lr: 0.1)
        optimizer.flags[1].doWD = false
        for p in [a, b] { p.gradient = .zeros([2]) }
        optimizer.step()
        #expect(abs(a.value.floats[0] - 0.9) < 1e-7 && b.value.floats == [1, 1])
    }

    @Test("state saved and loaded continues the same trajectory")
    func stateRoundTrip() throws {
        func run(_ optimizer: Optimizer, _ p: Parameter, _ steps: Range<Int>) {
            for i in steps {
                p.gradient = Tensor(gradients[i % 3])
                optimizer.step()
                optimizer.zeroGradients()
            }
        }
        for factory in [OptimizerFactory.adam(), .ranger(k: 3), .sgd(mom: 0.9), .lamb()] {
            let p = Parameter(wrappedValue: Tensor([1, -2, 3]))
            let first = factory([[p]], lr: 0.1)
            run(first, p, 0..<4)
            let q = Parameter(wrappedValue: p.value)
            let second = factory([[q]], lr: 7)
            try second.loadStateDictionary(first.stateDictionary)
            run(first, p, 4..<9)
            run(second, q, 4..<9)
            #expect(p.value.floats == q.value.floats)
        }
    }

    @Test("a state for other parameters is refused and changes nothing")
    func stateMismatch() {
        let first = OptimizerFactory.adam()([parameters([2])], lr: 0.1)
        let second = OptimizerFactory.adam()([parameters([2, 3])], lr: 0.5)
        let error = #expect(throws: OptimizerError.self) { try second.loadStateDictionary(first.stateDictionary) }
        #expect(error?.message.contains("1 parameters, this optimizer 2") == true)
        #expect(second.hyper("lr", group: 0) == 0.5)
    }

    @Test("stepping slice by slice equals stepping at once")
    func slices() {
        func run(_ cuts: [Int]) -> [Float] {
            let p = parameters([5, 40]), optimizer = OptimizerFactory.adam()([p], lr: 0.1)
            for q in p { q.gradient = Tensor.arange(from: 1, to: Double(q.value.count + 1)) }
            optimizer.beginStep()
            for (a, b) in zip(cuts, cuts.dropFirst()) { optimizer.update(within: a..<b) }
            return optimizer.arena.values.floats
        }
        #expect(run([0, 64]) == run([0, 3, 20, 64]))
    }

    @Test(
        "averaging two ranks' gradients and storing past the caches change no bit of a step, wherever pieces start",
        arguments: [
            OptimizerFactory.sgd(), .sgd(mom: 0.9), .rmsProp(), .rmsProp(mom: 0.9), .adam(), .radam(), .qhadam(),
        ])
    func pairs(_ factory: OptimizerFactory) {
        let cuts = [0, 1, 7, 16, 47, 48, 113, 4096, 5008]
        func run(pairs: Bool, shared: Bool) -> (values: [Float], gradients: [Float]) {
            let optimizer = factory([parameters([5, 4990])], lr: 0.1)
            let arena = optimizer.arena
            if shared {
                optimizer.shareState(
                    SharedState(
                        slices: [
                            (0..<arena.count, Storage(byteCount: optimizer.sharedStateByteCount(0..<arena.count)))
                        ], own: 0))
            }
            let places = arena.gradients.unsafePointer.assumingMemoryBound(to: Float.self)
            let other = (0..<arena.count).map { Float($0 % 23) / 7 - 1.5 }
            for step in 0..<7 {
                for slot in arena.slots { slot.parameter.leaf.markTouched() }
                for index in 0..<arena.count { places[index] = Float((index + step) % 17) / 9 - 0.8 }
                if !pairs {
                    for index in 0..<arena.count {
                        places[index] = Float(0.3) * places[index] + Float(0.7) * other[index]
                    }
                }
                optimizer.beginStep()
                other.withUnsafeBufferPointer { other in
                    for (a, b) in zip(cuts, cuts.dropFirst()) {
                        let pair = Optimizer.GradientPair(
                            first: places + a, second: other.baseAddress.unsafelyUnwrapped + a,
                            shares: (Double(Float(0.3)), Double(Float(0.7))))
                        optimizer.update(within: a..<b, averaging: pairs ? pair : nil)
                    }
                }
            }
            // Between parameters lies nothing.
            return (arena.values.floats, arena.slots.flatMap { $0.parameter.gradient?.floats ?? [] })
        }
        let plain = run(pairs: false, shared: false)
        #expect(plain.values.count == cuts.last && plain.gradients.count == 4995 && plain.values.allSatisfy(\.isFinite))
        for (pairs, shared) in [(true, false), (false, true), (true, true)] {
            let other = run(pairs: pairs, shared: shared)
            #expect(zip(other.values, plain.values).allSatisfy(==), "pairs \(pairs), shared \(shared)")
            #expect(
                other.gradients.count == 4995 && zip(other.gradients, plain.gradients).allSatisfy(==),
                "pairs \(pairs), shared \(shared)")
        }
    }

    @Test("gradient norm and scaling")
    func norms() {
        let p = parameters([1, 1]), optimizer = OptimizerFactory.sgd()([p], lr: 1)
        p[0].gradient = Tensor([3])
        p[1].gradient = Tensor([-4])
        #expect(optimizer.arena.gradientNorm() == 5)
        #expect(optimizer.arena.gradientNorm(order: .infinity) == 4)
        #expect(abs(optimizer.arena.gradientNorm(order: 1) - 7) < 1e-12)
        optimizer.arena.scaleGradients(by: 0.2)
        #expect(abs((p[1].gradient?.floats[0] ?? 0) + 0.8) < 1e-6)
    }
}
