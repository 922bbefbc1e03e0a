// SPDX-License-Identifier: Apache-2.0
// Float32 functions against libm's double results, in units in the last place.
import Foundation
import LockstepTensor
import Testing

@Suite("Element-wise accuracy") struct ElementwiseAccuracyTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let limit: Double
        let apply: @Sendable (Tensor) -> Tensor
        let exact: @Sendable (Double) -> Double
        var range: ClosedRange<Double> = -Double.infinity...Double.infinity
        var testDescription: String { name }
    }

    static func logistic(_ x: Double) -> Double { 1 / (1 + Foundation.exp(-x)) }
    static func softplus(_ x: Double) -> Double { Swift.max(x, 0) + Foundation.log1p(Foundation.exp(-Swift.abs(x))) }

    static let cases: [Case] = [
        Case(name: "exp", limit: 1.5, apply: { $0.exp() }, exact: { Foundation.exp($0) }),
        Case(name: "log", limit: 1.5, apply: { $0.log() }, exact: { Foundation.log($0) }),
        Case(name: "log1p", limit: 2, apply: { $0.log1p() }, exact: { Foundation.log1p($0) }),
        Case(name: "tanh", limit: 2.5, apply: { $0.tanh() }, exact: { Foundation.tanh($0) }),
        Case(name: "sigmoid", limit: 2.5, apply: { $0.sigmoid() }, exact: logistic),
        Case(name: "erf", limit: 1.5, apply: { $0.erf() }, exact: { Foundation.erf($0) }),
        Case(name: "sin", limit: 1, apply: { $0.sin() }, exact: { Foundation.sin($0) }),
        Case(name: "cos", limit: 1, apply: { $0.cos() }, exact: { Foundation.cos($0) }),
        Case(name: "sqrt", limit: 0.5, apply: { $0.sqrt() }, exact: { $0.squareRoot() }),
        Case(name: "rsqrt", limit: 1.5, apply: { $0.rsqrt() }, exact: { 1 / $0.squareRoot() }),
        Case(name: "softplus", limit: 3, apply: { $0.softplus() }, exact: softplus),
        Case(name: "silu", limit: 3.5, apply: { $0.silu() }, exact: { $0 * logistic($0) }, range: -80...3e38),
        Case(name: "reciprocal", limit: 0.5, apply: { $0.reciprocal() }, exact: { 1 / $0 }),
    ]

    /// Every sign, exponent and 64 mantissas, plus a fine grid where functions bend, plus the special values.
    static let inputs: [Float] = {
        var list: [Float] = [
            0, -0.0, .infinity, -.infinity, .nan, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
            .leastNormalMagnitude,
            .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, -1,
        ]
        for exponent in UInt32(0)..<255 {
            for step in UInt32(0)..<64 {
                let bits = exponent << 23 | (step &* 131_071 &+ exponent &* 977) & 0x7f_ffff
                list.append(Float(bitPattern: bits))
                list.append(Float(bitPattern: bits | 0x8000_0000))
            }
        }
        for i in -60_000...60_000 { list.append(Float(i) * 0.0018) }
        return list
    }()

    /// Distance of a float from the exact value in units of the float nearest to it.
    static func ulps(_ value: Float, _ exact: Double) -> Double {
        let nearest = Float(exact)
        if nearest.isNaN { return value.isNaN ? 0 : .infinity }
        if value.isNaN { return .infinity }
        if nearest.isInfinite || value.isInfinite {
            return nearest == value ? 0 : Double(Float.greatestFiniteMagnitude) - abs(exact) < 1e32 ? 1 : .infinity
        }
        return abs(Double(value) - exact) / Double(Swift.max(abs(nearest).ulp, .leastNonzeroMagnitude))
    }

    @Test("stays within its stated error, from denormals to infinity", arguments: cases)
    func accuracy(_ function: Case) {
        let inputs = Self.inputs.filter { $0.isNaN || function.range.contains(Double($0)) }
        let results = function.apply(Tensor(inputs)).floats
        var (worst, at) = (0.0, Float(0))
        for (x, y) in zip(inputs, results) {
            let error = Self.ulps(y, function.exact(Double(x)))
            if error > worst { (worst, at) = (error, x) }
        }
        #expect(worst <= function.limit, "\(function.name)(\(at)) is \(worst) ulps off")
    }

    @Test("is odd to the sign of zero")
    func signedZero() {
        let zero = Tensor([-0.0])
        for y in [zero.tanh(), zero.erf(), zero.sin(), zero.log1p(), zero.sqrt()] {
            #expect(y.floats[0] == 0 && y.floats[0].sign == .minus)
        }
    }

    @Test("gelu is within 4e-7 of the exact value, relative to 1 + |x|")
    func gelu() {
        let inputs = Self.inputs.filter { $0.isFinite && abs($0) < 1e30 }
        for (x, y) in zip(inputs, Tensor(inputs).gelu().floats) {
            let exact = 0.5 * Double(x) * (1 + erf(Double(x) * 0.5.squareRoot()))
            #expect(abs(Double(y) - exact) <= 4e-7 * (1 + abs(exact)), "gelu(\(x))")
        }
    }
}
