// SPDX-License-Identifier: Apache-2.0
// A network as a person writes it: 10G,25us.

public import Lockstep

extension LinkSpeed {
    /// From bits a second and the seconds of a message: `10G,25us`, `100M,1ms`. Nil for anything else.
    public init?(text: String) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        let rates: [(String, Double)] = [("G", 1e9), ("M", 1e6), ("K", 1e3)]
        let times: [(String, Double)] = [("us", 1e-6), ("ms", 1e-3), ("s", 1)]
        func value(_ text: Substring, _ units: [(String, Double)]) -> Double? {
            guard let (unit, scale) = units.first(where: { text.hasSuffix($0.0) }),
                let number = Double(text.dropLast(unit.count)), number > 0, number.isFinite
            else { return nil }
            return number * scale
        }
        guard parts.count == 2, let rate = value(parts[0], rates), let time = value(parts[1], times) else { return nil }
        self.init(latency: time, bytesPerSecond: rate / 8)
    }
}
