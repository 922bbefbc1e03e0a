// SPDX-License-Identifier: Apache-2.0
// The comparison behind expectClose: which element is farthest beyond its tolerance, and how to say so.

public import LockstepTensor

/// How far two numbers may lie apart: `absolute + relative · |expected|`.
///
/// Chosen by element type, never derived from the values compared.
public struct Tolerance: Sendable {
    /// Part that grows with the expected value.
    public var relative: Double
    /// Part that does not; decides near zero.
    public var absolute: Double

    /// A tolerance of the given parts.
    public init(relative: Double, absolute: Double) {
        self.relative = relative
        self.absolute = absolute
    }

    /// What results of one operation on this element type are held to.
    public static func standard(for dtype: DType) -> Tolerance {
        switch dtype {
        case .float32: Tolerance(relative: 1e-5, absolute: 1e-6)
        case .float64: Tolerance(relative: 1e-11, absolute: 1e-12)
        case .bfloat16: Tolerance(relative: 1e-2, absolute: 1e-3)
        case .int32, .int64, .uint8, .bool: Tolerance(relative: 0, absolute: 0)
        }
    }
}

/// The elements of two equally long arrays that lie too far apart.
struct Difference {
    /// How many elements are beyond the tolerance.
    private(set) var failures = 0
    /// The one farthest beyond it.
    private(set) var worst = -1
    private var excess = 0.0

    init(_ actual: [Double], _ expected: [Double], tolerance: Tolerance, nanEqual: Bool) {
        for index in expected.indices {
            let (a, e) = (actual[index], expected[index])
            if a == e || nanEqual && a.isNaN && e.isNaN { continue }
            let allowed = tolerance.absolute + tolerance.relative * abs(e)
            let distance = abs(a - e)
            // Written so that a NaN on either side, or ∞ against a number, fails.
            if distance <= allowed && e.isFinite { continue }
            let beyond = distance.isFinite && allowed > 0 ? distance / allowed : .infinity
            failures += 1
            if worst < 0 || beyond > excess { (worst, excess) = (index, beyond) }
        }
    }

    /// One sentence, or nil when all are close.
    func sentence(_ actual: [Double], _ expected: [Double], shape: [Int], tolerance: Tolerance) -> String? {
        if failures == 0 { return nil }
        let (a, e) = (actual[worst], expected[worst])
        let allowed = tolerance.absolute + tolerance.relative * abs(e)
        return "\(failures) of \(expected.count) elements differ; the worst is \(Difference.place(worst, in: shape)): "
            + "\(a), expected \(e), difference \(abs(a - e)), allowed \(allowed)"
    }

    /// The multi-dimensional index of a row-major position: `[1, 0, 2]`.
    static func place(_ index: Int, in shape: [Int]) -> String {
        var rest = index
        var axes: [Int] = []
        for size in shape.reversed() {
            axes.append(rest % max(size, 1))
            rest /= max(size, 1)
        }
        return "[" + axes.reversed().map(String.init).joined(separator: ", ") + "]"
    }
}
