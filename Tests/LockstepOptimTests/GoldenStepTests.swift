// SPDX-License-Identifier: Apache-2.0
// The golden steps of the behaviour contract, observed on fastai 2.8.12.
import LockstepChecks
import LockstepOptim
import LockstepTensor
import Testing

/// One rule and the values it must produce.
struct Golden: CustomTestStringConvertible, Sendable {
    let name: String
    let factory: OptimizerFactory
    var start: [Float] = [1, -2, 3]
    let steps: [[Float]]
    var testDescription: String { name }
}

let goldens: [Golden] = [
    Golden(name: "SGD", factory: .sgd(), steps: [[0.99, -1.98, 2.97], [0.97, -1.99, 2.98], [1.0, -2.03, 2.975]]),
    Golden(
        name: "SGD mom .9", factory: .sgd(mom: 0.9),
        steps: [[0.99, -1.98, 2.97], [0.961, -1.972, 2.953], [0.9649, -2.0048, 2.9327]]),
    Golden(
        name: "SGD mom .9 wd .1", factory: .sgd(mom: 0.9, wd: 0.1),
        steps: [[0.98, -1.96, 2.94], [0.9412, -1.9324, 2.8936], [0.935688, -1.945876, 2.8443644]]),
    Golden(
        name: "SGD mom .9 L2 .1", factory: .sgd(mom: 0.9, wd: 0.1, decoupleWD: false),
        steps: [[0.98, -1.96, 2.94], [0.9322, -1.9144, 2.8666], [0.909858, -1.8942159, 2.7668741]]),
    Golden(
        name: "RMSProp", factory: .rmsProp(),
        steps: [[0, -1.0, 2.0], [-0.8953217, -1.4490135, 2.3176606], [-0.0918174, -2.3237529, 2.1600261]]),
    Golden(
        name: "RMSProp mom .9", factory: .rmsProp(mom: 0.9),
        steps: [[0, -1.0, 2.0], [-1.2982167, -0.6407899, 1.4599776], [-1.1937611, -1.3580763, 0.8199813]]),
    Golden(
        name: "Adam", factory: .adam(),
        steps: [
            [0.89901, -1.898005, 2.8970034], [0.8017296, -1.8694388, 2.8540137], [0.8075703, -1.9131827, 2.810462],
        ]),
    Golden(
        name: "Adam wd 0", factory: .adam(wd: 0),
        steps: [
            [0.9000100, -1.900005, 2.9000034], [0.8036286, -1.8733367, 2.8599107], [0.8102710, -1.9189501, 2.8192129],
        ]),
    Golden(
        name: "Adam L2 .1", factory: .adam(wd: 0.1, decoupleWD: false),
        steps: [
            [0.9000050, -1.9000025, 2.9000018], [0.8007920, -1.8181251, 2.8134918], [0.7695467, -1.7923508, 2.7244608],
        ]),
    Golden(
        name: "QHAdam", factory: .qhadam(),
        steps: [[0.9, -1.9, 2.9], [0.7956494, -1.8968705, 2.8821392], [0.8373426, -1.9687161, 2.8424804]]),
    Golden(
        name: "QHAdam nu_2 .9", factory: .qhadam(nu2: 0.9),
        steps: [[0.9, -1.9, 2.9], [0.7986434, -1.8967721, 2.8813791], [0.8385280, -1.9644055, 2.8397441]]),
    Golden(
        name: "Larc", factory: .larc(),
        steps: [[0.998, -1.996, 2.994], [0.9891581, -1.9935609, 2.9888167], [0.9897365, -1.9984256, 2.985806]]),
    Golden(
        name: "LARS wd .1", factory: .larc(clips: false, wd: 0.1),
        steps: [
            [0.989005, -1.9780101, 2.967015], [0.9756391, -1.9572711, 2.9353073], [0.9662095, -1.940447, 2.904253],
        ]),
    Golden(
        name: "Lamb", factory: .lamb(),
        steps: [
            [0.7839837, -1.7839729, 2.7839694], [0.4799919, -1.6998599, 2.6575148], [0.5144624, -1.9365671, 2.4463172],
        ]),
    Golden(
        name: "Lamb from 0", factory: .lamb(), start: [0, 0, 0],
        steps: [
            [-0.09999, 0.099995, -0.0999967], [-0.1154835, 0.1042820, -0.1064416], [-0.1134470, 0.0902973, -0.1189192],
        ]),
]

/// Those of the contract, and those of the list.
private let all =
    goldens
    + Listed.optimizers.compactMap { optimizer in
        optimizer.golden.map { Golden(name: optimizer.name, factory: optimizer.factory, steps: $0) }
    }

let gradients: [[Float]] = [[0.1, -0.2, 0.3], [0.2, 0.1, -0.1], [-0.3, 0.4, 0.05]]

/// Values of a parameter over `count` steps with the repeating gradients.
func trajectory(_ factory: OptimizerFactory, start: [Float] = [1, -2, 3], count: Int) -> [[Float]] {
    let parameter = Parameter(wrappedValue: Tensor(start))
    let optimizer = factory([[parameter]], lr: 0.1)
    return (0..<count).map { index in
        parameter.gradient = Tensor(gradients[index % 3])
        optimizer.step()
        optimizer.zeroGradients()
        return parameter.value.floats
    }
}

@Suite("Golden optimizer steps") struct GoldenStepTests {
    @Test("[§8.6] three steps", arguments: all)
    func threeSteps(_ golden: Golden) {
        #expect(golden.steps.count == 3)
        for (step, (actual, expected)) in zip(trajectory(golden.factory, start: golden.start, count: 3), golden.steps)
            .enumerated()
        {
            for (a, e) in zip(actual, expected) {
                #expect(abs(a - e) <= 1e-6 + 1e-5 * abs(e), "step \(step + 1): \(actual), expected \(expected)")
            }
        }
    }

    @Test("[§8.6] RAdam turns adaptive at step 6")
    func radam() {
        let first: [Float] = [0.99, 0.9747369, 0.9761760, 0.9742888, 0.9679785, 0.9685211, 0.9681375, 0.9656418]
        for (a, e) in zip(trajectory(.radam(), count: 8), first) { #expect(abs(a[0] - e) < 1e-6 + 1e-5 * abs(e)) }
        let fast: [Float] = [0.9696293, 0.9684144, 0.9604643]
        for (a, e) in zip(trajectory(.radam(sqrMom: 0.9), count: 8)[5...], fast) {
            #expect(abs(a[0] - e) < 1e-6 + 1e-5 * abs(e))
        }
    }

    @Test("[§8.6] Lookahead and ranger return to their slow weights")
    func lookahead() {
        let ranger: [Float] = [0.989, 0.9728829, 0.9726024, 0.9694400, 0.9623443, 0.9808215, 0.9792910]
        for (a, e) in zip(trajectory(.ranger(), count: 7), ranger) {
            #expect(abs(a[0] - e) < 1e-6 + 1e-5 * abs(e), "\(a[0]) \(e)")
        }
        let sgd: [Float] = [0.99, 0.985, 1.015, 0.995]
        for (a, e) in zip(trajectory(.lookahead(.sgd(), k: 2), count: 4), sgd) { #expect(abs(a[0] - e) < 1e-6) }
    }

    @Test("every rule of the list has golden steps") func complete() {
        let tried = Set(goldens.map(\.factory.name) + ["radam", "lookahead(sgd)", "lookahead(radam)"])
        for optimizer in Listed.optimizers where optimizer.golden == nil {
            #expect(tried.contains(optimizer.factory.name), "\(optimizer.factory.name) has no golden steps")
        }
    }

    @Test("[OPT-02] LARC moves a parameter that starts at zero")
    func larcAtZero() {
        for (a, e) in zip(trajectory(.larc(mom: 0), start: [0, 0, 0], count: 1)[0], [-0.01, 0.02, -0.03] as [Float]) {
            #expect(abs(a - e) < 1e-8)
        }
    }
}
