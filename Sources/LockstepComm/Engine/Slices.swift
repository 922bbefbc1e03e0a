// SPDX-License-Identifier: Apache-2.0
// Which owner reduces which part of a buffer.

/// Part `index` of `range` cut into `parts` parts, at multiples of `granularity`; later parts may be empty.
func slice(_ index: Int, of parts: Int, in range: Range<Int>, granularity: Int) -> Range<Int> {
    let units = (range.count + granularity - 1) / granularity
    func boundary(_ part: Int) -> Int {
        min(range.upperBound, range.lowerBound + (units / parts * part + min(part, units % parts)) * granularity)
    }
    return boundary(index)..<boundary(index + 1)
}
