// SPDX-License-Identifier: Apache-2.0
// Curves in a terminal.

extension Plot {
    /// The plot as lines of text, curves drawn with `•`, `+`, `x`, `o` in turn.
    ///
    /// - Parameters:
    ///   - width: Columns of the drawing, without the labels beside it.
    ///   - height: Lines of the drawing, without those around it.
    public func text(width: Int = 60, height: Int = 15) -> String {
        let (columns, rows) = (max(width, 10), max(height, 3))
        let (xs, ys) = extent()
        func column(_ x: Double) -> Int {
            Int(((x - xs.lowerBound) / (xs.upperBound - xs.lowerBound) * Double(columns - 1)).rounded())
        }
        func row(_ y: Double) -> Int {
            rows - 1 - Int(((y - ys.lowerBound) / (ys.upperBound - ys.lowerBound) * Double(rows - 1)).rounded())
        }
        var grid = Array(repeating: Array(repeating: Character(" "), count: columns), count: rows)
        for vertical in verticals where xs.contains(vertical) && !logX {
            for line in grid.indices { grid[line][column(vertical)] = "┊" }
        }
        let pens: [Character] = ["•", "+", "x", "o"]
        for (index, curve) in curves.enumerated() {
            for point in points(of: curve) { grid[row(point.y)][column(point.x)] = pens[index % pens.count] }
        }
        let (top, bottom) = (label(ys.upperBound, log: logY), label(ys.lowerBound, log: logY))
        let margin = max(top.count, bottom.count)
        var lines = title.isEmpty ? [] : [title]
        for (index, line) in grid.enumerated() {
            let mark = index == 0 ? top : index == rows - 1 ? bottom : ""
            lines.append(String(repeating: " ", count: margin - mark.count) + mark + " │" + String(line))
        }
        let (left, right) = (label(xs.lowerBound, log: logX), label(xs.upperBound, log: logX))
        let indent = String(repeating: " ", count: margin + 1)
        let gap = String(repeating: " ", count: max(1, columns - left.count - right.count))
        lines.append(indent + "└" + String(repeating: "─", count: columns))
        lines.append(indent + " " + left + gap + right + (xLabel.isEmpty ? "" : "  " + xLabel))
        if curves.count > 1 {
            let names = curves.enumerated().map { "\(pens[$0 % pens.count]) \($1.name)" }
            lines.append(indent + " " + names.joined(separator: "   "))
        }
        return lines.map { line in
            var line = line
            while line.hasSuffix(" ") { line.removeLast() }
            return line + "\n"
        }.joined()
    }
}
