// SPDX-License-Identifier: Apache-2.0
// Temporary.
import LockstepTensor
public struct PhiloxGenerator: RandomNumberGenerator, Sendable {
    var s: UInt64
    public init(seed: UInt64, stream: UInt64) { s = seed &* 0x9E37_79B9_7F4A_7C15 ^ stream &* 0xD1B5_4A32_D192_ED03 }
    public mutating func next() -> UInt64 {
        s &+= 0x9E37_79B9_7F4A_7C15
        var z = s
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
extension Tensor {
    static func randomPermutation(_ n: Int, using g: inout PhiloxGenerator) -> Tensor { Tensor((0..<n).shuffled(using: &g)) }
}
