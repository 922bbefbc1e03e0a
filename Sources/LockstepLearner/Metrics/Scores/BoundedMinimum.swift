// SPDX-License-Identifier: Apache-2.0
// The smallest value of a function of one number between two bounds.

/// Brent's bounded search, golden sections with parabolic steps: the algorithm of SciPy's `minimize_scalar(method:
/// "bounded")`, with the same steps.
func minimum(
    in bounds: ClosedRange<Double>, tolerance: Double, steps: Int = 500, _ function: (Double) -> Double
) -> (argument: Double, value: Double) {
    let epsilon = 2.2e-16.squareRoot()
    let golden = 0.5 * (3 - 5.0.squareRoot())
    var (a, b) = (bounds.lowerBound, bounds.upperBound)
    // x is the best point, w the second best, v the one before w; their values are f, fw, fv.
    var x = a + golden * (b - a)
    var (w, v) = (x, x)
    var (step, earlier) = (0.0, 0.0)
    var f = function(x)
    var (fw, fv) = (f, f)
    var calls = 1
    while calls < steps {
        let middle = (a + b) / 2
        let small = epsilon * abs(x) + tolerance / 3
        if abs(x - middle) <= 2 * small - (b - a) / 2 { break }
        var isGolden = true
        if abs(earlier) > small {
            var r = (x - w) * (f - fv)
            var q = (x - v) * (f - fw)
            var p = (x - v) * q - (x - w) * r
            q = 2 * (q - r)
            if q > 0 { p = -p }
            q = abs(q)
            r = earlier
            earlier = step
            if abs(p) < abs(0.5 * q * r), p > q * (a - x), p < q * (b - x) {
                step = p / q
                let next = x + step
                if next - a < 2 * small || b - next < 2 * small { step = middle >= x ? small : -small }
                isGolden = false
            }
        }
        if isGolden {
            earlier = x >= middle ? a - x : b - x
            step = golden * earlier
        }
        let next = x + (step >= 0 ? 1 : -1) * max(abs(step), small)
        let value = function(next)
        calls += 1
        if value <= f {
            if next >= x { a = x } else { b = x }
            (v, fv, w, fw, x, f) = (w, fw, x, f, next, value)
        } else {
            if next < x { a = next } else { b = next }
            if value <= fw || w == x {
                (v, fv, w, fw) = (w, fw, next, value)
            } else if value <= fv || v == x || v == w {
                (v, fv) = (next, value)
            }
        }
    }
    return (x, f)
}
