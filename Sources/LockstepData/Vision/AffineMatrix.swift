// SPDX-License-Identifier: Apache-2.0
// Where a pixel of a changed image comes from: linear maps of the plane about an image's centre.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Maps a place in the new image to the place in the old one whose value it gets.
///
/// Places are pixels from the image's centre, x to the right and y downwards: `x' = a·x + b·y + c`, `y' = d·x + e·y + f`. Shifts
/// c and f are in halves of the image, −1 … 1 from edge to edge, so that one matrix serves images of all sizes. fastai's
/// `AffineCoordTfm` has x and y in halves, too, and therefore distorts what it rotates when an image is not square.
struct AffineMatrix: Hashable, Sendable {
    var a = 1.0, b = 0.0, c = 0.0
    var d = 0.0, e = 1.0, f = 0.0

    static let identity = AffineMatrix()

    /// Left and right, or top and bottom, exchanged.
    static func flip(horizontal: Bool = true) -> AffineMatrix {
        horizontal ? AffineMatrix(a: -1) : AffineMatrix(e: -1)
    }

    /// Left and right become top and bottom.
    static let transposition = AffineMatrix(a: 0, b: 1, d: 1, e: 0)

    /// A turn by `degrees`, clockwise as one looks at the image.
    static func rotation(degrees: Double) -> AffineMatrix {
        let angle = degrees * .pi / 180
        return AffineMatrix(a: cos(angle), b: sin(angle), d: -sin(angle), e: cos(angle))
    }

    /// `scale` times as large, keeping the part of the image that lies `x` of the way from left to right and `y` of the way
    /// from top to bottom.
    static func zoom(_ scale: Double, x: Double = 0.5, y: Double = 0.5) -> AffineMatrix {
        let part = 1 / scale
        return AffineMatrix(a: part, c: (1 - part) * (2 * x - 1), e: part, f: (1 - part) * (2 * y - 1))
    }

    /// First `other` on the new image's places, then `self`: the image is changed by `self`, and the result by `other`.
    func after(_ other: AffineMatrix) -> AffineMatrix {
        AffineMatrix(
            a: a * other.a + b * other.d, b: a * other.b + b * other.e, c: a * other.c + b * other.f + c,
            d: d * other.a + e * other.d, e: d * other.b + e * other.e, f: d * other.c + e * other.f + f)
    }
}

/// What lies outside an image.
public enum ImagePadding: String, CaseIterable, Codable, Sendable {
    /// Black.
    case zeros
    /// The nearest pixel of the edge.
    case border
    /// The image mirrored at its outermost pixels.
    case reflection
}
