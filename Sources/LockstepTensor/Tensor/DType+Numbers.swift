// SPDX-License-Identifier: Apache-2.0
// Which numbers an element can be: integers hold whole numbers within their range, and what they cannot hold is refused.

extension DType {
    /// Whether an element can be `number`, rounded where the type is floating; every number is true or false as `bool`.
    package func holds(_ number: Double) -> Bool {
        guard isInteger else { return true }
        return number == number.rounded(.towardZero) && number >= least && number < tooLarge
    }

    /// Whether arithmetic with elements can use `number`: what a type holds, and for bytes, which count modulo 256, the
    /// negative of it (`x + (−1)` is `x − 1`).
    func calculates(with number: Double) -> Bool { holds(number) || self == .uint8 && holds(-number) }

    /// The least number an integer type holds.
    var least: Double {
        switch self {
        case .uint8: 0
        case .int32: -0x1p31
        default: -0x1p63
        }
    }

    /// The least number above all that an integer type holds.
    var tooLarge: Double {
        switch self {
        case .uint8: 0x1p8
        case .int32: 0x1p31
        default: 0x1p63
        }
    }

    /// What an integer type holds, in words.
    private var range: String {
        switch self {
        case .uint8: "whole numbers from 0 to 255"
        case .int32: "whole numbers from −2147483648 to 2147483647"
        default: "whole numbers from −2⁶³ to 2⁶³ − 1"
        }
    }

    /// The sentence about a number that does not fit.
    package func refusal(_ operation: StaticString, _ number: Double) -> String {
        "\(operation): \(number) cannot be an element of \(self), which holds \(range)"
    }
}
