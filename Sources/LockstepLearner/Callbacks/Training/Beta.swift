// SPDX-License-Identifier: Apache-2.0
// Random numbers from the symmetric Beta distribution.

import Glibc
import LockstepTensor

/// The Beta distribution, as a ratio of two Gamma variables.
enum Beta {
    /// A number in 0…1 from Beta(`alpha`, `alpha`).
    static func sample(_ alpha: Double, using generator: inout PhiloxGenerator) -> Double {
        let (first, second) = (gamma(alpha, using: &generator), gamma(alpha, using: &generator))
        // Both underflow for a tiny alpha, where the distribution is a coin.
        return first + second > 0 ? first / (first + second) : Bool.random(using: &generator) ? 1 : 0
    }

    /// Marsaglia and Tsang, A simple method for generating gamma variables (2000).
    private static func gamma(_ shape: Double, using generator: inout PhiloxGenerator) -> Double {
        if shape < 1 {
            let uniform = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator)
            return gamma(shape + 1, using: &generator) * pow(uniform, 1 / shape)
        }
        let d = shape - 1 / 3.0
        let c = 1 / (9 * d).squareRoot()
        while true {
            let normal = normal(using: &generator)
            let v = 1 + c * normal
            guard v > 0 else { continue }
            let cube = v * v * v
            let uniform = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator)
            if log(uniform) < normal * normal / 2 + d - d * cube + d * log(cube) { return d * cube }
        }
    }

    /// Box and Muller.
    private static func normal(using generator: inout PhiloxGenerator) -> Double {
        let u = Double.random(in: Double.leastNonzeroMagnitude..<1, using: &generator)
        let v = Double.random(in: 0..<1, using: &generator)
        return (-2 * log(u)).squareRoot() * cos(2 * Double.pi * v)
    }
}
