// SPDX-License-Identifier: Apache-2.0
// What a model gets wrong, read from the file that training has left, and shown on the page of its run.

import Foundation
import Lockstep
import LockstepData
import LockstepLearner

/// The contents of `interpretation.json`.
struct InterpretationFacts: Decodable {
    struct Value: Decodable {
        let text: String?
        let png: String?
    }
    struct Item: Decodable {
        let item: Int
        let loss: Double?
        let inputs, targets, predictions: [Value]
        let probability: Double?
    }
    struct Pair: Decodable {
        let actual, predicted: String
        let count: Int
    }
    let classes: [String]
    /// `confusion[actual][predicted]`.
    let confusion: [[Int]]
    let confused: [Pair]
    let topLosses: [Item]

    private enum CodingKeys: String, CodingKey {
        case classes, confusion, confused
        case topLosses = "top_losses"
    }

    /// Nil when there is no such file.
    /// - Throws: ``Failure`` (66) for one that holds something else.
    init?(in folder: String) throws {
        let path = "\(folder)/\(RunInterpretation.file)"
        guard Files.exists(path) else { return nil }
        let bytes = try Files.read(path, limit: 64 << 20)
        guard let facts = try? JSONDecoder().decode(Self.self, from: Data(bytes)),
            facts.confusion.count == facts.classes.count,
            facts.confusion.allSatisfy({ $0.count == facts.classes.count && $0.allSatisfy { $0 >= 0 } })
        else { throw Failure.noInput("\(path): is not what training leaves there") }
        self = facts
    }

    var html: String { matrix + pairs + items }

    /// Rows are what items are, columns what they were taken for; the fuller a cell, the larger its share of the row.
    private var matrix: String {
        if classes.isEmpty { return "" }
        let header = classes.map { "<th>\(escapedForMarkup($0))</th>" }.joined()
        let rows = classes.indices.map { actual in
            let sum = max(1, confusion[actual].reduce(0.0) { $0 + Double($1) })
            let cells = classes.indices.map { predicted in
                let count = confusion[actual][predicted]
                // No fuller than text can be read on, light or dark.
                let share = Int((55 * Double(count) / sum).rounded(.up))
                let colour = actual == predicted ? 2 : 1
                return
                    "<td style=\"background: color-mix(in srgb, var(--c\(colour)) \(min(share, 55))%, transparent)\">\(count == 0 ? "" : "\(count)")</td>"
            }
            return "<tr><th>\(escapedForMarkup(classes[actual]))</th>\(cells.joined())</tr>"
        }
        return HTMLPage.section(
            "What was taken for what (rows: what it is)",
            "<table class=\"confusion\"><tr><th></th>\(header)</tr>\(rows.joined(separator: "\n"))</table>")
    }

    private var pairs: String {
        if confused.isEmpty { return "" }
        let rows = confused.map { HTMLPage.row("\($0.actual) taken for \($0.predicted)", "\($0.count)") }
        return HTMLPage.section(
            "Most confused", "<table class=\"pairs\">\(rows.joined(separator: "\n"))</table>",
            isOpen: classes.isEmpty || rows.count <= 8)
    }

    private var items: String {
        if topLosses.isEmpty { return "" }
        let cards = topLosses.map { item in
            var rows = ["loss \(item.loss.map(ReportChart.label) ?? "not a number")"]
            rows.append("is \(item.targets.map(Self.words).joined(separator: ", "))")
            let sure = item.probability.map { " (\(ReportChart.label($0)))" } ?? ""
            rows.append("taken for \(item.predictions.map(Self.words).joined(separator: ", "))\(sure)")
            let texts = item.inputs.compactMap(\.text).map { $0.count > 400 ? $0.prefix(400) + "…" : $0 }
            let pictures = (item.inputs + item.targets + item.predictions).compactMap(\.png).compactMap {
                png -> String? in
                // Nothing but a picture goes into the page, whatever the file says.
                guard let bytes = Data(base64Encoded: png), !bytes.isEmpty else { return nil }
                return "<img alt=\"item \(item.item)\" src=\"data:image/png;base64,\(bytes.base64EncodedString())\">"
            }
            return "<div>\(pictures.joined())"
                + (texts + rows).map { "<p>\(escapedForMarkup($0))</p>" }.joined() + "</div>"
        }
        return HTMLPage.section(
            "Largest losses in the validation data", "<div class=\"cards\">\(cards.joined(separator: "\n"))</div>")
    }

    private static func words(_ value: Value) -> String { value.text ?? "this picture" }
}
