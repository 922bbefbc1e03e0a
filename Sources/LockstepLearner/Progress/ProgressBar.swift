// SPDX-License-Identifier: Apache-2.0
// A bar on one line of a terminal, redrawn at most ten times a second.

/// A line that shows how far something is, rewritten in place.
struct ProgressBar {
    private let console: Console
    private var isShown = false
    private var lastDrawn = ContinuousClock.now - .seconds(1)
    private var started = ContinuousClock.now

    init(_ console: Console) { self.console = console }

    /// Starts over.
    mutating func start() { started = .now }

    /// Redraws when the last time was long enough ago. Texts are only asked for then.
    mutating func update(_ done: Int, of total: Int, _ texts: () -> (label: String, comment: String)) {
        let now = ContinuousClock.now
        if now - lastDrawn < .milliseconds(100) { return }
        lastDrawn = now
        isShown = true
        let seconds = Double((now - started).components.seconds)
        let left = done > 0 && total > 0 ? seconds * Double(total - done) / Double(done) : 0
        let (label, comment) = texts()
        console.write("\r\u{1B}[K" + line(done, total, label, comment, formatTime(seconds), formatTime(left)))
    }

    /// Takes the bar away.
    mutating func clear() {
        if isShown { console.write("\r\u{1B}[K") }
        isShown = false
    }

    private func line(
        _ done: Int, _ total: Int, _ label: String, _ text: String, _ spent: String, _ left: String
    ) -> String {
        let tail = " \(done)\(total > 0 ? "/\(total)" : "") [\(spent)<\(left)] \(text)"
        let room = max(5, min(40, console.width - label.count - tail.count - 3))
        let filled = total > 0 ? min(room, room * done / total) : room
        let bar = String(repeating: "█", count: filled) + String(repeating: "·", count: room - filled)
        let (on, off) = console.usesColor ? ("\u{1B}[36m", "\u{1B}[0m") : ("", "")
        return "\(label) \(on)\(bar)\(off)\(tail)"
    }
}
