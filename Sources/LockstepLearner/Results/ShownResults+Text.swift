// SPDX-License-Identifier: Apache-2.0
// Results in a terminal.

extension ShownResults {
    /// The results as lines of text: pictures side by side with their captions, anything else as a table. Right decisions
    /// are marked ✓ and wrong ones ✗.
    ///
    /// - Parameters:
    ///   - width: Columns of the terminal.
    ///   - usesColor: Whether right ones are green and wrong ones red as well.
    public func text(width: Int = 80, usesColor: Bool = false) -> String {
        if items.isEmpty { return "no items\n" }
        let lines = items.contains(where: \.hasPicture) ? cards(width, usesColor) : table(usesColor)
        return lines.map { line in
            var line = line
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }

    private func table(_ usesColor: Bool) -> [String] {
        func titles(_ name: String, _ list: (Item) -> [Content]) -> [String] {
            let count = items.map { list($0).count }.max() ?? 0
            return count == 1 ? [name] : (0..<count).map { "\(name) \($0 + 1)" }
        }
        let (inputs, targets) = (titles("input", \.inputs), titles("target", \.targets))
        let predictions = titles("prediction", \.predictions)
        func filled(_ words: [String], _ titles: [String]) -> [String] {
            words + Array(repeating: "", count: max(0, titles.count - words.count))
        }
        var rows = [inputs + targets + predictions]
        for item in items {
            rows.append(
                filled(item.inputs.map(\.words), inputs) + filled(item.targets.map(\.words), targets)
                    + filled(item.verdicts, predictions))
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { number, row in
            let line = zip(row, widths).map { padded($0, to: $1) }.joined(separator: "  ")
            return number == 0 ? line : colored(line, items[number - 1], usesColor)
        }
    }

    private func cards(_ width: Int, _ usesColor: Bool) -> [String] {
        let blocks = items.map { $0.block }
        let cell = blocks.joined().map(\.count).max() ?? 1
        let perLine = max(1, (width + 2) / (cell + 2))
        var lines: [String] = []
        for start in stride(from: 0, to: items.count, by: perLine) {
            let group = start..<min(start + perLine, items.count)
            let height = group.map { blocks[$0].count }.max() ?? 0
            if start > 0 { lines.append("") }
            for row in 0..<height {
                lines.append(
                    group.map { index in
                        // Captions stand below the tallest picture.
                        let offset = row - (height - blocks[index].count)
                        let text = padded(offset >= 0 ? blocks[index][offset] : "", to: cell)
                        return row == height - 1 ? colored(text, items[index], usesColor) : text
                    }.joined(separator: "  "))
            }
        }
        return lines
    }

    private func colored(_ text: String, _ item: Item, _ usesColor: Bool) -> String {
        guard usesColor, let isRight = item.isRight else { return text }
        return (isRight ? "\u{1B}[32m" : "\u{1B}[31m") + text + "\u{1B}[0m"
    }

    private func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}

extension ShownResults.Item {
    fileprivate var hasPicture: Bool {
        (inputs + targets + predictions).contains { if case .picture = $0 { true } else { false } }
    }

    /// The predictions; of the first how sure it is, and whether it is right.
    var verdicts: [String] {
        let mark = isRight.map { $0 ? " ✓" : " ✗" } ?? ""
        let remark = (probability.map { " (\(fixed($0, 2)))" } ?? "") + mark
        return predictions.enumerated().map { $1.words + ($0 == 0 ? remark : "") }
    }

    /// Pictures above each other, then a caption.
    fileprivate var block: [String] {
        var lines: [String] = []
        var words: [String] = []
        for input in inputs {
            if case .picture(let pixels) = input { lines += pixels.text() } else { words.append(input.words) }
        }
        for case .picture(let pixels) in targets { lines += ["target:"] + pixels.text() }
        for case .picture(let pixels) in predictions { lines += ["prediction:"] + pixels.text() }
        lines += words
        for case .text(let text) in targets { lines.append("is \(text)") }
        for (prediction, verdict) in zip(predictions, verdicts) {
            if case .text = prediction { lines.append("→ \(verdict)") }
        }
        return lines
    }
}

extension ShownResults.Content {
    var words: String {
        switch self {
        case .text(let text): text.replacing("\n", with: " ")
        case .picture(let pixels): "\(pixels.width) × \(pixels.height) picture"
        }
    }
}
