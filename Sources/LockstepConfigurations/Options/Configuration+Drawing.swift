// SPDX-License-Identifier: Apache-2.0
// Configurations at random: a function of the seed.

import LockstepTesting

/// Draws configurations one after another; the same seed gives the same ones.
public struct ConfigurationGenerator {
    private var numbers: SplitMix64

    /// A generator whose configurations depend on the seed alone.
    public init(seed: UInt64) { numbers = SplitMix64(seed: seed) }

    /// The next configuration whose options fit together.
    public mutating func next() -> Configuration {
        while true {
            var configuration = Configuration()
            // Options act on each other most where few are chosen: half of the draws choose about a third of the others.
            let boldness = numbers.uniform() < 0.5 ? 0.35 : 1
            for option in Option.all where numbers.uniform() < option.share * boldness {
                let values = option.values.dropFirst()
                configuration[option.name] =
                    values[values.startIndex + Int.random(in: 0..<values.count, using: &numbers)]
            }
            configuration.simplify()
            if configuration.conflict == nil { return configuration }
        }
    }
}
