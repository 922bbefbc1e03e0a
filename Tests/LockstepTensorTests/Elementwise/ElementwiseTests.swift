// SPDX-License-Identifier: Apache-2.0
// Functions of one operand: sizes, layouts, types and gradients.
import Foundation
import LockstepTensor
import Testing

@Suite("Element-wise") struct ElementwiseTests {
    struct Function: CustomTestStringConvertible, Sendable {
        let name: String
        let range: ClosedRange<Double>
        let apply: @Sendable (Tensor) -> Tensor
        let exact: @Sendable (Double) -> Double
        var testDescription: String { name }

        func inputs(_ count: Int) -> [Double] {
            spread(count).map { range.lowerBound + ($0 + 1) / 2 * (range.upperBound - range.lowerBound) }
        }
    }

    static func logistic(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }

    // One statement each: as one literal the compiler would check all closures together.
    static let functions: [Function] = {
        var list: [Function] = []
        func add(
            _ name: String, _ range: ClosedRange<Double>, _ apply: @escaping @Sendable (Tensor) -> Tensor,
            _ exact: @escaping @Sendable (Double) -> Double
        ) {
            list.append(Function(name: name, range: range, apply: apply, exact: exact))
        }
        add("exp", -3...3, { $0.exp() }, { Foundation.exp($0) })
        add("log", 0.1...9, { $0.log() }, { Foundation.log($0) })
        add("log1p", -0.9...9, { $0.log1p() }, { Foundation.log1p($0) })
        add("sqrt", 0.1...9, { $0.sqrt() }, { $0.squareRoot() })
        add("rsqrt", 0.1...9, { $0.rsqrt() }, { 1 / $0.squareRoot() })
        add("abs", -3...3, { $0.abs() }, { Swift.abs($0) })
        add("sign", -3...3, { $0.sign() }, { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 })
        add("sin", -3...3, { $0.sin() }, { Foundation.sin($0) })
        add("cos", -3...3, { $0.cos() }, { Foundation.cos($0) })
        add("tanh", -3...3, { $0.tanh() }, { Foundation.tanh($0) })
        add("sigmoid", -3...3, { $0.sigmoid() }, logistic)
        add("relu", -3...3, { $0.relu() }, { Swift.max($0, 0) })
        add("leakyRelu", -3...3, { $0.leakyRelu(slope: 0.2) }, { $0 > 0 ? $0 : 0.2 * $0 })
        add("gelu", -3...3, { $0.gelu() }, { 0.5 * $0 * (1 + Foundation.erf($0 / 2.0.squareRoot())) })
        add("silu", -3...3, { $0.silu() }, { $0 * logistic($0) })
        add("softplus", -3...3, { $0.softplus() }, { Foundation.log(1 + Foundation.exp($0)) })
        add("erf", -3...3, { $0.erf() }, { Foundation.erf($0) })
        add("square", -3...3, { $0.square() }, { $0 * $0 })
        add("reciprocal", 0.3...4, { $0.reciprocal() }, { 1 / $0 })
        add("floor", -3...3, { $0.floor() }, { $0.rounded(.down) })
        add("ceil", -3...3, { $0.ceil() }, { $0.rounded(.up) })
        add("round", -3...3, { $0.round() }, { $0.rounded(.toNearestOrEven) })
        add("pow 3", -3...3, { $0.pow(3) }, { $0 * $0 * $0 })
        add("pow 0", -3...3, { $0.pow(0) }, { _ in 1 })
        add("pow 1.7", 0.2...4, { $0.pow(1.7) }, { Foundation.pow($0, 1.7) })
        add("pow -0.5", 0.2...4, { $0.pow(-0.5) }, { 1 / $0.squareRoot() })
        add("clamped", -3...3, { $0.clamped(min: -1, max: 1.5) }, { Swift.min(Swift.max($0, -1), 1.5) })
        return list
    }()

    @Test("float32 and float64 agree with libm at every size", arguments: functions, [0, 1, 7, 15, 16, 17, 101])
    func values(_ function: Function, count: Int) {
        let inputs = function.inputs(count)
        let y64 = function.apply(Tensor(inputs)).doubles
        #expect(y64.count == count)
        for (x, y) in zip(inputs, y64) {
            let exact = function.exact(x)
            #expect(Swift.abs(y - exact) <= 1e-14 * Swift.max(1, Swift.abs(exact)), "\(function.name)(\(x)) in float64")
        }
        let y32 = function.apply(Tensor(inputs).to(.float32)).doubles
        for (x, y) in zip(inputs, y32) {
            let exact = function.exact(Double(Float(x)))
            #expect(Swift.abs(y - exact) <= 6e-7 * Swift.max(1, Swift.abs(exact)), "\(function.name)(\(x)) in float32")
        }
    }

    @Test("gradients agree with central differences", arguments: functions)
    func gradients(_ function: Function) {
        expectGradient(Tensor(function.inputs(23)), function.apply)
    }

    @Test("float32 gradient kernels agree with the float64 ones in every layout", arguments: functions)
    func layoutsAndGradients(_ function: Function) {
        let inputs = function.inputs(5 * 7 * 3)
        func gradient(_ x: Tensor) -> (Tensor, Tensor) {
            let leaf = x.requiringGradient()
            let y = function.apply(leaf)
            y.backward(gradient: Tensor(spread(105, seed: 5), shape: [5, 7, 3]).to(x.dtype))
            return (y, leaf.gradient ?? .zeros([0]))
        }
        let (y, dx) = gradient(Tensor(inputs, shape: [5, 7, 3]))
        for (name, x) in layouts(inputs, [5, 7, 3]) {
            let (y32, dx32) = gradient(x)
            for (a, b) in zip(y.doubles + dx.doubles, y32.doubles + dx32.doubles) {
                #expect(Swift.abs(a - b) <= 4e-6 * Swift.max(1, Swift.abs(a)), "\(function.name), \(name)")
            }
        }
    }

    @Test("integers stay integers where the result is one")
    func integers() {
        let x = Tensor([-3, 0, 5] as [Int32])
        #expect(x.abs().ints == [3, 0, 5] && x.abs().dtype == .int32)
        #expect(x.sign().ints == [-1, 0, 1])
        #expect(x.square().ints == [9, 0, 25])
        #expect(x.clamped(min: -1.5, max: 2).ints == [-1, 0, 2])
        #expect(x.floor().ints == [-3, 0, 5])
        #expect(x.exp().dtype == .float32)
    }

    @Test("NaN passes through what only selects")
    func nanPasses() {
        let x = Tensor([Float.nan])
        for y in [
            x.relu(), x.leakyRelu(), x.abs(), x.sign(), x.clamped(min: 0, max: 1), x.gelu(), x.sigmoid(), x.tanh(),
        ] {
            #expect(y.floats[0].isNaN)
        }
    }

    @Test("clamped refuses crossed bounds, naming the caller's file")
    func crossedBounds() async {
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor([1]).clamped(min: 2, max: 1)
        }
        let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(message.contains("clamped: the lower bound 2.0 is above the upper bound 1.0"))
        #expect(message.contains("ElementwiseTests.swift"))
    }
}
