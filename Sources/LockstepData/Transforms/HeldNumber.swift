// SPDX-License-Identifier: Apache-2.0
// Numbers as float32, the type of models: what it cannot hold is an error and not infinity.

import LockstepTensor

extension Float {
    /// The nearest float32.
    ///
    /// - Throws: `DataError` for a finite number beyond float32.
    static func held(_ value: Double) throws(DataError) -> Float {
        let nearest = Float(value)
        if value.isFinite, !nearest.isFinite { throw DataError.beyondFloat32(value) }
        return nearest
    }
}

extension Tensor {
    /// The nearest float32 values.
    ///
    /// - Throws: `DataError` for a finite number beyond float32.
    func heldAsFloat32() throws(DataError) -> Tensor {
        let result = to(.float32)
        guard dtype == .float64, count > 0, result.isFinite().all().item() == 0 else { return result }
        for value in doubles { _ = try Float.held(value) }
        return result
    }
}

extension DataError {
    /// An item's number that models have no type for.
    static func beyondFloat32(_ value: Double) -> DataError {
        DataError(
            .item, file: "dataset",
            "the number \(value) is beyond float32, which ends at \(Float.greatestFiniteMagnitude)",
            remedy: "Divide such numbers, or take their logarithm")
    }
}
