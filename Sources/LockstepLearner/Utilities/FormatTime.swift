// SPDX-License-Identifier: Apache-2.0
// Durations as people read them.

/// Whole seconds, truncated: `mm:ss` under an hour, else `h:mm:ss`.
public func formatTime(_ seconds: Double) -> String {
    let total = Int(max(0, seconds))
    func two(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }
    let (hours, minutes, rest) = (total / 3600, total / 60 % 60, total % 60)
    return hours > 0 ? "\(hours):\(two(minutes)):\(two(rest))" : "\(two(minutes)):\(two(rest))"
}
