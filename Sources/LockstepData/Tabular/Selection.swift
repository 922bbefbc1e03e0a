// SPDX-License-Identifier: Apache-2.0
// The k-th smallest of many, without sorting all of them.

extension Array where Element: Comparable {
    /// Moves the element that a sorted array would have at `place` there, no larger one before it and no smaller one behind it, in a
    /// time that grows with the count (Hoare's selection).
    mutating func select(_ place: Int) {
        withUnsafeMutableBufferPointer { elements in
            var (low, high) = (elements.startIndex, elements.endIndex)
            // Pivots from anywhere: no order of a file is a bad one.
            var state: UInt64 = 0x9E37_79B9_7F4A_7C15
            func pivot() -> Element {
                func one() -> Element {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return elements[low + Int((state >> 33) % UInt64(high - low))]
                }
                let (a, b, c) = (one(), one(), one())
                return Swift.max(Swift.min(a, b), Swift.min(Swift.max(a, b), c))
            }
            while high - low > 1 {
                let middle = pivot()
                // Smaller ones, equal ones, unknown ones, larger ones.
                var (equal, unknown, larger) = (low, low, high)
                while unknown < larger {
                    if elements[unknown] < middle {
                        elements.swapAt(unknown, equal)
                        (equal, unknown) = (equal + 1, unknown + 1)
                    } else if middle < elements[unknown] {
                        larger -= 1
                        elements.swapAt(unknown, larger)
                    } else {
                        unknown += 1
                    }
                }
                if place < equal { high = equal } else if place >= larger { low = larger } else { return }
            }
        }
    }
}
