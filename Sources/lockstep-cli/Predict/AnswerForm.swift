// SPDX-License-Identifier: Apache-2.0
// How answers are written: as lines of a CSV table, or of JSON.

/// The form of an answer.
enum AnswerForm {
    case csv, json

    /// The first line, if there is one.
    ///
    /// - Parameter names: What leads a line and is not the same for all: the target's, or the file's and the class's.
    func header(_ names: [String], _ classes: [String]) -> String {
        if self == .json { return "" }
        return (names + classes.map { "p(\($0))" }).map(\.csvField).joined(separator: ",") + "\n"
    }

    /// A number for a row.
    func line(_ number: Float) -> String {
        self == .csv ? Self.shown(number) + "\n" : "{\"prediction\":\(Self.json(number))}\n"
    }

    /// A line for each answer: the file if there is one, the class and every class's probability; no class where a probability is not
    /// a number.
    ///
    /// - Returns: the lines, and how many of them have no class.
    func lines(
        _ probabilities: [Float], _ answers: [Int], _ classes: [String], files: [String]? = nil
    ) -> (lines: String, undefined: Int) {
        var undefined = 0
        let names = classes.map { self == .csv ? $0.csvField : Self.json($0) }
        let lines = answers.indices.map { item in
            let shares = probabilities[item * classes.count..<(item + 1) * classes.count]
            let isDefined = shares.allSatisfy(\.isFinite)
            if !isDefined { undefined += 1 }
            let answer = isDefined ? names[answers[item]] : nil
            guard self == .json else {
                let lead = (files.map { [$0[item].csvField] } ?? []) + [answer ?? ""]
                return (lead + shares.map(Self.shown)).joined(separator: ",") + "\n"
            }
            let file = files.map { "\"file\":\(Self.json($0[item]))," } ?? ""
            let each = zip(names, shares).map { "\($0):\(Self.json($1))" }.joined(separator: ",")
            return "{\(file)\"prediction\":\(answer ?? "null"),\"probabilities\":{\(each)}}\n"
        }
        return (lines.joined(), undefined)
    }

    /// Not-a-number without the sign that a processor may give it.
    private static func shown(_ number: Float) -> String { number.isNaN ? "nan" : "\(number)" }

    /// JSON has no word for what is no number.
    private static func json(_ number: Float) -> String { number.isFinite ? "\(number)" : "null" }

    private static func json(_ text: String) -> String { JSONValue.text(text).text }
}
