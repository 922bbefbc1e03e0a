// SPDX-License-Identifier: Apache-2.0
// The usual augmentations of images, by one name.

import LockstepTensor

/// The augmentations that serve most photographs: flips, small turns and zooms, changes of light.
///
/// ```swift
/// let dls = try DataLoaders.digits(asImages: true, augment: augTransforms(doFlip: false))
/// let pets = try DataLoaders.images(path: "pets", size: 128, augment: augTransforms())
/// ```
///
/// For `afterBatch` of a loader, or `afterItem`. They act on training items only, and when a learner averages predictions
/// over augmented passes. fastai: `aug_transforms`, without its perspective warp.
///
/// - Parameters:
///   - mult: a factor of `maxRotate` and `maxLighting`.
///   - doFlip: whether left and right are exchanged half of the time.
///   - flipVert: whether instead one of the eight ways to lay a square on itself is taken.
///   - maxRotate: degrees to either side.
///   - minZoom: the smallest size; 1 keeps it.
///   - maxZoom: the largest size.
///   - maxLighting: the largest change of brightness and contrast, 0 ..< 1.
///   - pAffine: how often an image is turned, and how often zoomed.
///   - pLighting: how often its brightness is changed, and how often its contrast.
///   - extra: more transforms, which come first in the list.
public func augTransforms(
    mult: Double = 1, doFlip: Bool = true, flipVert: Bool = false, maxRotate: Double = 10, minZoom: Double = 1,
    maxZoom: Double = 1.1, maxLighting: Double = 0.2, pAffine: Double = 0.75, pLighting: Double = 0.75,
    extra: [any Transform] = [], padding: ImagePadding = .reflection, file: StaticString = #fileID, line: UInt = #line
) -> [any Transform] {
    require(minZoom <= maxZoom, "augTransforms: a zoom between \(minZoom) and \(maxZoom)", file: file, line: line)
    let half = doFlip ? 0.5 : 0
    let all = doFlip && flipVert ? 0.5 : 0
    var result = extra
    if doFlip || maxRotate != 0 || minZoom != 1 || maxZoom != 1 {
        result.append(
            AffineAugmentation(
                flip: half, flipVertical: all, transpose: all, maxRotate: mult * maxRotate, zoom: minZoom...maxZoom,
                probability: pAffine, padding: padding, file: file, line: line))
    }
    if maxLighting != 0 {
        result.append(
            LightingAugmentation(
                maxBrightness: mult * maxLighting, maxContrast: mult * maxLighting, probability: pLighting, file: file,
                line: line))
    }
    return result
}
