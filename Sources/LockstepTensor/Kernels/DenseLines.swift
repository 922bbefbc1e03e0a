// SPDX-License-Identifier: Apache-2.0
// Sees gapless memory as [outer, count, inner], whatever the order of the axes.

/// The lines along one axis of a dense tensor: `outer × inner` of them, `count` elements each, `inner` apart.
///
/// Axes with smaller strides fill `inner` exactly, those with larger ones make up `outer`: channels-last memory needs no
/// copy to be normalised along its channels.
package struct DenseLines {
    package let outer: Int
    package let count: Int
    package let inner: Int

    package init(_ tensor: Tensor, axis: Int) {
        assert(tensor.body.isDense)
        count = tensor.shape[axis]
        inner = count > 1 ? tensor.body.strides[axis] : 1
        outer = count == 0 ? 0 : tensor.count / (count * inner)
    }
}

extension Tensor {
    /// `self` when its memory has no gaps, otherwise a row-major copy.
    package var dense: Tensor { body.isContiguous || body.isDense ? self : contiguous() }

    /// The same values in the memory order of `other`, which has the same shape and is dense.
    package func laidOut(as other: Tensor) -> Tensor {
        if Tensor.sameDenseLayout(self, other) { return self }
        let result = other.uninitializedLike(dtype: dtype)
        Tensor.copy(self, into: result)
        return result
    }
}
