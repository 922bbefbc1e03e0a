// SPDX-License-Identifier: Apache-2.0
// How much of the machine a file may take: the one place of every limit that somebody may want to move.

import Glibc

/// Limits that keep a hostile file from taking the machine. Formats have limits of their own besides (axes, nesting, headers).
///
/// | Variable | What | Unless set |
/// |---|---|---|
/// | `LOCKSTEP_READ_LIMIT` | MiB that one file may have in memory, as it is or decompressed | a quarter of the machine's memory, or of the control group's |
/// | `LOCKSTEP_PIXEL_LIMIT` | pixels of one image | 2²⁷ |
///
/// Mapped arrays are not read, so they have none. Below the limits memory is asked for before it is taken (``Room``).
package enum ReadLimits {
    /// Bytes that one file may have in memory.
    package static let bytes = variable("LOCKSTEP_READ_LIMIT").map { $0 << 20 } ?? max(1 << 26, Room.total / 4)
    /// Pixels that one image may have.
    package static let pixels = variable("LOCKSTEP_PIXEL_LIMIT") ?? 1 << 27
    /// What a variable may say: at most 2⁴⁰ MiB or pixels.
    private static let range = 1...1 << 40

    /// What to do about a file beyond ``bytes``.
    static let moreBytes = "If it is to be trusted, set LOCKSTEP_READ_LIMIT to more MiB"
    /// What to do about an image beyond ``pixels``.
    static let morePixels =
        "If it is to be trusted, set LOCKSTEP_PIXEL_LIMIT to more pixels; a smaller copy reads faster"

    private static func variable(_ name: String) -> Int? {
        getenv(name).flatMap { Int(String(cString: $0)) }.flatMap { range.contains($0) ? $0 : nil }
    }
}
