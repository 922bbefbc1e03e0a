// SPDX-License-Identifier: Apache-2.0
// Integers and decimal numbers from ASCII bytes, correctly rounded and independent of the locale.

/// Parsing of numbers in CSV fields.
enum CSVNumber {
    /// `start..<end` without spaces and tabs around it.
    static func trimmed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> (Int, Int) {
        var (start, end) = (start, end)
        while start < end, bytes[start] == 0x20 || bytes[start] == 0x09 { start += 1 }
        while start < end, bytes[end - 1] == 0x20 || bytes[end - 1] == 0x09 { end -= 1 }
        return (start, end)
    }

    /// A whole number with an optional sign, or `nil` when it is something else or too large for an `Int`.
    static func integer(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int? {
        var position = start
        guard position < end else { return nil }
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative || bytes[position] == UInt8(ascii: "+") { position += 1 }
        guard position < end else { return nil }
        // Summed on the negative side, which reaches one further.
        var value = 0
        while position < end {
            let digit = bytes[position] &- 0x30
            guard digit < 10 else { return nil }
            let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
            let (next, overflow2) = shifted.subtractingReportingOverflow(Int(digit))
            if overflow || overflow2 { return nil }
            value = next
            position += 1
        }
        if isNegative { return value }
        return value == .min ? nil : -value
    }

    /// A decimal number such as `-1.5e3`, `.5`, `3.` or `inf`; `nil` for anything else.
    static func real(
        _ bytes: [UInt8], _ start: Int, _ end: Int, _ decimal: UInt8 = UInt8(ascii: ".")
    ) -> Double? {
        var position = start
        guard position < end else { return nil }
        let isNegative = bytes[position] == UInt8(ascii: "-")
        if isNegative || bytes[position] == UInt8(ascii: "+") { position += 1 }
        var mantissa: UInt64 = 0
        var digits = 0
        var exponent = 0
        var isExact = true
        var sawPoint = false
        while position < end {
            let digit = bytes[position] &- 0x30
            if digit < 10 {
                digits += 1
                // 19 digits always fit; what follows is left to the slow path.
                if mantissa < 1_000_000_000_000_000_000 {
                    mantissa = mantissa * 10 + UInt64(digit)
                    if sawPoint { exponent -= 1 }
                } else {
                    isExact = false
                }
            } else if bytes[position] == decimal, !sawPoint {
                sawPoint = true
            } else {
                break
            }
            position += 1
        }
        guard digits > 0 else { return infinity(bytes, position, end, isNegative) }
        if position < end {
            guard bytes[position] | 0x20 == UInt8(ascii: "e"), let power = integer(bytes, position + 1, end) else {
                return nil
            }
            exponent += max(-100_000, min(100_000, power))
        }
        // Both factors are exact doubles, so their product or quotient is rounded once, correctly (Clinger, 1990).
        if isExact, mantissa <= 1 << 53, abs(exponent) <= 22 {
            let value = exponent < 0 ? Double(mantissa) / powers[-exponent] : Double(mantissa) * powers[exponent]
            return isNegative ? -value : value
        }
        let point = UInt8(ascii: ".")
        return Double(String(decoding: bytes[start..<end].lazy.map { $0 == decimal ? point : $0 }, as: UTF8.self))
    }

    private static func infinity(_ bytes: [UInt8], _ start: Int, _ end: Int, _ isNegative: Bool) -> Double? {
        let word = bytes[start..<end].map { $0 | 0x20 }
        guard word.elementsEqual("inf".utf8) || word.elementsEqual("infinity".utf8) else { return nil }
        return isNegative ? -.infinity : .infinity
    }

    /// The powers of ten that a `Double` holds exactly.
    private static let powers: [Double] = (0...22).map { exponent in
        (0..<exponent).reduce(1.0) { value, _ in value * 10 }
    }
}
