// SPDX-License-Identifier: Apache-2.0
// A comparison as a table for a person, and as a picture.

/// Comparisons of several cases, each on one or more numbers of ranks.
public struct ComparisonTable: Codable, Sendable, Equatable {
    public var cases: [CaseComparison]

    public init(_ cases: [CaseComparison]) { self.cases = cases }

    /// Samples per second of everyone, our ratio to the fastest of the others and to ourselves on one rank, and memory.
    public var markdown: String {
        let names = Contender.allCases.map(\.rawValue)
        var lines = [
            "| case | ranks | " + names.joined(separator: " | ") + " | × best peer | × own 1 rank | MiB | peer MiB |",
            "|" + String(repeating: "---|", count: names.count + 6),
        ]
        for one in cases {
            let speeds = names.map { one.medians[$0].map { grouped($0.samplesPerSecond) } ?? "" }
            let single = cases.first { $0.name == one.name && $0.ranks == 1 }?.own
            let scaling = one.ranks > 1 ? zip2(one.own, single).map { $0.samplesPerSecond / $1.samplesPerSecond } : nil
            let cells =
                [one.name, "\(one.ranks)"] + speeds + [
                    one.ratio.map { decimal($0, 2) } ?? "", scaling.map { decimal($0, 2) } ?? "",
                    one.own.map { "\($0.mebibytes)" } ?? "", one.bestPeer.map { "\($0.measurement.mebibytes)" } ?? "",
                ]
            lines.append("| " + cells.joined(separator: " | ") + " |")
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// One bar for each contender of each case: its speed as a share of the fastest.
    public var svg: String {
        let (bar, gap, left, width) = (14, 10, 190, 420)
        let colours = ["#1f6feb", "#d9822b", "#e8b679", "#7a7f87", "#3f9142"]
        var (y, parts) = (30, [String]())
        for one in cases {
            let best = one.medians.values.map(\.samplesPerSecond).max() ?? 1
            parts.append(text(8, y + bar - 3, one.name + (one.ranks > 1 ? ", \(one.ranks) ranks" : ""), bold: true))
            for (contender, colour) in zip(Contender.allCases, colours) {
                guard let speed = one.medians[contender.rawValue]?.samplesPerSecond else { continue }
                let length = max(1, Int(Double(width) * speed / best))
                parts.append(
                    "<rect x=\"\(left)\" y=\"\(y)\" width=\"\(length)\" height=\"\(bar - 2)\" fill=\"\(colour)\"/>")
                parts.append(text(left + length + 6, y + bar - 4, "\(contender.rawValue) \(grouped(speed))"))
                y += bar
            }
            y += gap
        }
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(left + width + 240)\" height=\"\(y + 10)\" "
            + "font-family=\"sans-serif\" font-size=\"11\"><rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n"
            + text(8, 18, "Samples per second; the longest bar of a case is its fastest") + "\n"
            + parts.joined(separator: "\n") + "\n</svg>\n"
    }

    private func text(_ x: Int, _ y: Int, _ content: String, bold: Bool = false) -> String {
        "<text x=\"\(x)\" y=\"\(y)\"\(bold ? " font-weight=\"bold\"" : "")>\(content)</text>"
    }
}

/// A number without decimals, in groups of three digits.
func grouped(_ value: Double) -> String {
    let digits = "\(Int(value.rounded()))"
    var result = ""
    for (index, digit) in digits.enumerated() {
        if index > 0, (digits.count - index) % 3 == 0 { result += "," }
        result.append(digit)
    }
    return result
}

/// Both, or neither.
private func zip2<A, B>(_ a: A?, _ b: B?) -> (A, B)? {
    guard let a, let b else { return nil }
    return (a, b)
}
