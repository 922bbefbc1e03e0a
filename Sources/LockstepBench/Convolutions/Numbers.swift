// SPDX-License-Identifier: Apache-2.0
// Numbers as the tables of convolutions need them.

import Foundation

extension Double {
    /// The natural logarithm, and the power of e.
    var logarithm: Double { log(self) }
    var exponential: Double { exp(self) }

    /// With so many digits that count.
    func rounded(digits: Int) -> String { String(format: "%.\(digits)g", self) }
}
