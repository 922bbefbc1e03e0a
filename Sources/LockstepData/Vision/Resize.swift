// SPDX-License-Identifier: Apache-2.0
// Bringing images to one size: by cropping, padding or squeezing, and by random crops while training.

public import LockstepTensor

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// How an image of another shape comes to fill a size.
public enum ResizeMethod: String, CaseIterable, Codable, Sendable {
    /// The largest part of the wanted shape: in the middle, or anywhere while training.
    case crop
    /// The whole image, with black around it.
    case pad
    /// The whole image, distorted.
    case squish
}

/// Brings images to one size, without aliasing (see Pillow's `BILINEAR`).
///
/// ```swift
/// Resize(224)                                   // crops
/// Resize(height: 48, width: 64, method: .pad)
/// ```
///
/// Images are `[C, H, W]`, bytes or float32. Masks are sampled at the nearest pixel. fastai: `Resize`.
public struct Resize: Transform, Codable, Hashable, Sendable {
    /// Rows of the result.
    public let height: Int
    /// Columns of the result.
    public let width: Int
    /// What happens to an image of another shape.
    public let method: ResizeMethod

    /// A size of so many pixels; it must not be empty.
    public init(
        height: Int, width: Int, method: ResizeMethod = .crop, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(height > 0 && width > 0, "Resize: a size of \(height) × \(width) pixels", file: file, line: line)
        (self.height, self.width, self.method) = (height, width, method)
    }

    /// A square.
    public init(_ size: Int, method: ResizeMethod = .crop, file: StaticString = #fileID, line: UInt = #line) {
        self.init(height: size, width: size, method: method, file: file, line: line)
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 1 }
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage, context: TransformContext) in
                TensorImage(resized(image.tensor, context, nearest: false))
            },
            TypedFunction { (mask: TensorMask, context: TransformContext) in
                TensorMask(resized(mask.tensor.unsqueezed(axis: 0), context, nearest: true).squeezed(axis: 0))
            },
        ]
    }

    private func resized(_ image: Tensor, _ context: TransformContext, nearest: Bool) -> Tensor {
        require(image.rank == 3 && image.count > 0, "Resize: an image of shape \(image.shape), expected [C, H, W]")
        let (oldHeight, oldWidth) = (image.shape[1], image.shape[2])
        let (down, across) = (Double(oldHeight) / Double(height), Double(oldWidth) / Double(width))
        switch method {
        case .squish:
            return ImageResizing.resized(
                image, rows: 0..<oldHeight, columns: 0..<oldWidth, height: height, width: width, nearest: nearest)
        case .crop:
            let scale = min(down, across)
            let rows = max(1, min(oldHeight, Int(scale * Double(height))))
            let columns = max(1, min(oldWidth, Int(scale * Double(width))))
            var generator = context.generator()
            let isTraining = context.splitIndex == 0
            let x = isTraining ? Double.random(in: 0..<1, using: &generator) : 0.5
            let y = isTraining ? Double.random(in: 0..<1, using: &generator) : 0.5
            let (left, top) = (Int(x * Double(oldWidth - columns)), Int(y * Double(oldHeight - rows)))
            return ImageResizing.resized(
                image, rows: top..<top + rows, columns: left..<left + columns, height: height, width: width,
                nearest: nearest)
        case .pad:
            let scale = max(down, across)
            let rows = max(1, min(height, Int((Double(oldHeight) / scale).rounded())))
            let columns = max(1, min(width, Int((Double(oldWidth) / scale).rounded())))
            let inner = ImageResizing.resized(
                image, rows: 0..<oldHeight, columns: 0..<oldWidth, height: rows, width: columns, nearest: nearest)
            let result = Tensor.zeros([image.shape[0], height, width], dtype: image.dtype)
            let (top, left) = ((height - rows) / 2, (width - columns) / 2)
            Tensor.copy(inner, into: result[.all, top..<top + rows, left..<left + columns])
            return result
        }
    }
}

extension Resize: Configurable {
    public static let configuration = Configuration(codable: Resize.self) {
        try $1.checkSize($0.height, $0.width)
    }
}

/// A part of an image at random, in size, shape and place, brought to one size; outside training the middle.
///
/// While training: a part of between `minScale` and all of the image, between 3:4 and 4:3 in shape unless told otherwise.
/// Otherwise: resized so that the shorter side is `1 + validExtra` times the size, then the middle. Szegedy et al., *Going Deeper with
/// Convolutions* (2014), section 6. fastai: `RandomResizedCrop`.
public struct RandomResizedCrop: Transform, Codable, Hashable, Sendable {
    /// Rows of the result.
    public let height: Int
    /// Columns of the result.
    public let width: Int
    /// The smallest part of the image's area.
    public let minScale: Double
    /// How wide a part is for its height.
    public let ratio: ClosedRange<Double>
    /// How much more than the size is looked at outside training, of which the middle is taken.
    public let validExtra: Double

    /// A size of so many pixels; it must not be empty.
    public init(
        height: Int, width: Int, minScale: Double = 0.08, ratio: ClosedRange<Double> = 0.75...4.0 / 3,
        validExtra: Double = 0.14, file: StaticString = #fileID, line: UInt = #line
    ) {
        require(
            height > 0 && width > 0, "RandomResizedCrop: a size of \(height) × \(width) pixels", file: file, line: line)
        require(
            minScale > 0 && minScale <= 1 && ratio.lowerBound > 0 && validExtra >= 0,
            "RandomResizedCrop: minScale \(minScale) must be in 0 ..< 1, ratio \(ratio) and validExtra \(validExtra) positive",
            file: file, line: line)
        (self.height, self.width, self.minScale) = (height, width, minScale)
        (self.ratio, self.validExtra) = (ratio, validExtra)
    }

    /// A square.
    public init(_ size: Int, minScale: Double = 0.08, file: StaticString = #fileID, line: UInt = #line) {
        self.init(height: size, width: size, minScale: minScale, file: file, line: line)
    }

    /// The place in a pipeline: lower first.
    public var order: Int { 1 }
    /// What it does on the way to the model.
    public var encodes: [TypedFunction] {
        [
            TypedFunction { (image: TensorImage, context: TransformContext) in
                TensorImage(cropped(image.tensor, context, nearest: false))
            },
            TypedFunction { (mask: TensorMask, context: TransformContext) in
                TensorMask(cropped(mask.tensor.unsqueezed(axis: 0), context, nearest: true).squeezed(axis: 0))
            },
        ]
    }

    private func cropped(_ image: Tensor, _ context: TransformContext, nearest: Bool) -> Tensor {
        require(
            image.rank == 3 && image.count > 0,
            "RandomResizedCrop: an image of shape \(image.shape), expected [C, H, W]")
        let (oldHeight, oldWidth) = (image.shape[1], image.shape[2])
        var generator = context.generator()
        let part =
            context.splitIndex == 0
            ? Self.part(oldHeight, oldWidth, minScale: minScale, ratio: ratio, using: &generator)
            : middle(oldHeight, oldWidth)
        return ImageResizing.resized(
            image, rows: part.rows, columns: part.columns, height: height, width: width, nearest: nearest)
    }

    /// Ten tries for a part of the drawn area and shape that fits; then the largest part of a shape allowed, in the middle.
    static func part(
        _ height: Int, _ width: Int, minScale: Double, ratio: ClosedRange<Double>,
        using generator: inout PhiloxGenerator
    ) -> (rows: Range<Int>, columns: Range<Int>) {
        for _ in 0..<10 {
            let area = Double.random(in: minScale...1, using: &generator) * Double(width * height)
            let shape = exp(Double.random(in: log(ratio.lowerBound)...log(ratio.upperBound), using: &generator))
            let columns = Int((area * shape).squareRoot().rounded())
            let rows = Int((area / shape).squareRoot().rounded())
            guard (1...width).contains(columns), (1...height).contains(rows) else { continue }
            let left = Int.random(in: 0...width - columns, using: &generator)
            let top = Int.random(in: 0...height - rows, using: &generator)
            return (top..<top + rows, left..<left + columns)
        }
        let shape = min(max(Double(width) / Double(height), ratio.lowerBound), ratio.upperBound)
        let columns = max(1, min(width, Int((Double(height) * shape).rounded())))
        let rows = max(1, min(height, Int((Double(width) / shape).rounded())))
        let (top, left) = ((height - rows) / 2, (width - columns) / 2)
        return (top..<top + rows, left..<left + columns)
    }

    /// The part that is the middle after resizing to `1 + validExtra` times the size.
    private func middle(_ oldHeight: Int, _ oldWidth: Int) -> (rows: Range<Int>, columns: Range<Int>) {
        let scale = min(Double(oldHeight) / Double(height), Double(oldWidth) / Double(width)) / (1 + validExtra)
        let rows = max(1, min(oldHeight, Int((scale * Double(height)).rounded())))
        let columns = max(1, min(oldWidth, Int((scale * Double(width)).rounded())))
        let (top, left) = ((oldHeight - rows) / 2, (oldWidth - columns) / 2)
        return (top..<top + rows, left..<left + columns)
    }
}

extension RandomResizedCrop: Configurable {
    public static let configuration = Configuration(codable: RandomResizedCrop.self) { crop, fields in
        try fields.checkSize(crop.height, crop.width)
        try fields.check(
            crop.minScale > 0 && crop.minScale <= 1 && crop.ratio.lowerBound > 1e-6
                && crop.ratio.upperBound < 1e6 && (0...1000).contains(crop.validExtra),
            "\(crop) is impossible")
    }
}

extension ExportFields {
    /// Insists on a size that an image can have.
    fileprivate func checkSize(_ height: Int, _ width: Int) throws {
        let sizes = 1...1 << 12
        try check(sizes.contains(height) && sizes.contains(width), "\(height) × \(width) is no size of an image")
    }
}
