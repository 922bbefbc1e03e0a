// SPDX-License-Identifier: Apache-2.0
// Which public names stand in the glossary, and which need no row.

import Foundation

struct GlossaryCoverage {
    private struct Row {
        var section: String
        var words: Set<String>
        var code: String
    }

    /// A line of `names-without-a-row.txt`: `Type`, `Type.member` or `*.member`, and why.
    struct Exception: Sendable {
        var type: String
        var member: String?
        var reason: String
        var name: String { type + (member.map { "." + $0 } ?? "") }

        func holds(for symbol: PublicSymbol) -> Bool {
            guard let member else {
                return symbol.isType
                    ? !symbol.container.isEmpty && symbol.description == type : symbol.container == type
            }
            return symbol.name == member && (self.type == "*" || self.type == symbol.container)
        }
    }

    /// What the scene's variables are.
    private static let variables: [String: [String]] = [
        "learner": ["Learner"], "recorder": ["Recorder"], "dls": ["DataLoaders"], "loader": ["DataLoader"],
        "transformed": ["TransformedDataLoader"], "dataset": ["TensorDataset", "Dataset"], "datasets": ["Datasets"],
        "lists": ["TransformedLists"], "items": ["ItemList"], "split": ["Split"], "model": ["Module", "Sequential"],
        "optimizer": ["Optimizer"], "hook": ["Hook"], "x": ["Tensor"], "a": ["Tensor"], "image": ["Tensor"],
        "loss": ["LossFunction"], "batch": ["Batch"], "plot": ["Plot"], "communicator": ["Communicator"],
        "interpretation": ["Interpretation", "ClassificationInterpretation"], "parameter": ["Parameter"],
        "buffer": ["Buffer"], "table": ["CSVTable"], "row": ["TableRow"], "tabular": ["TabularData", "TabularColumns"],
        "numericalize": ["Numericalize"], "tokenizer": ["PretrainedTokenizer"],
        "encoding": ["TextEncoding"], "pipeline": ["Pipeline"], "generator": ["PhiloxGenerator"], "i": ["Tensor"],
        "callback": ["Callback"], "metric": ["Metric"],
    ]

    /// What types have because Swift's protocols ask for it.
    private static let standard: Set = [
        "init", "subscript", "description", "debugDescription", "hash", "encode", "==", "~=", "startIndex", "endIndex",
        "makeIterator", "next", "rawValue", "callAsFunction", "exchangeState", "arguments",
    ]

    private static let ofSwift: Set = ["Array", "String"]

    private let rows: [Row]
    private let words: Set<String>
    let exceptions: [Exception]
    private let labels: [String: Set<String>]
    /// What a protocol of ours asks for: who fulfils it has the protocol's row.
    private let requirements: Set<String>
    private let protocols: Set<String>

    init(_ spans: [GlossarySpan], symbols: [PublicSymbol]) throws {
        var byLine: [Int: Row] = [:]
        for span in spans {
            var row = byLine[span.line] ?? Row(section: span.section, words: [], code: "")
            row.words.formUnion(span.code.matches(of: /\w+/).map { String($0.0) })
            row.code += span.code + "\n"
            byLine[span.line] = row
        }
        rows = Array(byLine.values)
        words = rows.reduce(into: []) { $0.formUnion($1.words) }
        labels = Dictionary(grouping: symbols.filter { $0.kind == "init" }, by: \.container)
            .mapValues { Set($0.flatMap(\.labels)) }
        let protocols = Set(symbols.filter { $0.kind == "protocol" }.map(\.name))
        self.protocols = protocols
        requirements = Set(symbols.filter { protocols.contains($0.container) && !$0.isStatic }.map(\.name))
        exceptions = try Self.readExceptions()
    }

    private static func readExceptions() throws -> [Exception] {
        try Repository.text("Tests/Documents/names-without-a-row.txt").split(separator: "\n").compactMap { line in
            if line.hasPrefix("#") { return nil }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { throw DocumentError("names-without-a-row.txt: no reason: \(line)") }
            let name = parts[0].trimmed
            // The last part is a member if it begins as one.
            let dot = name.lastIndex(of: ".")
            guard let dot, name[name.index(after: dot)...].first?.isUppercase != true else {
                return Exception(type: name, member: nil, reason: parts[1].trimmed)
            }
            return Exception(
                type: String(name[..<dot]), member: String(name[name.index(after: dot)...]), reason: parts[1].trimmed)
        }
    }

    func hasRow(_ symbol: PublicSymbol) -> Bool {
        if !symbol.name.contains(where: \.isLetter) {
            return rows.contains { $0.code.contains(symbol.name) }
        }
        let type = symbol.container.split(separator: ".").last.map(String.init) ?? ""
        if type.isEmpty || symbol.isType || Self.ofSwift.contains(type) { return words.contains(symbol.name) }
        return rows.contains { row in
            guard row.words.contains(symbol.name) else { return false }
            // `.crossEntropy` says no type.
            if symbol.isStatic, row.code.split(separator: "\n").contains(where: { $0.hasPrefix("." + symbol.name) }) {
                return true
            }
            return row.words.contains(type) || Glossary.subjects[row.section] == type
                || Self.variables.contains { row.words.contains($0.key) && $0.value.contains(type) }
        }
    }

    /// Whether nobody would look for it in a glossary.
    func needsNone(_ symbol: PublicSymbol) -> Bool {
        if Self.standard.contains(symbol.name) || symbol.kind == "subscript" { return true }
        if !protocols.contains(symbol.container), !symbol.isStatic, !symbol.container.isEmpty, !symbol.isType,
            requirements.contains(symbol.name)
        {
            return !Glossary.subjects.values.contains(symbol.container) && symbol.container != "Learner"
        }
        // What an initializer takes under the same name stands in its call.
        if labels[symbol.container]?.contains(symbol.name) == true { return true }
        // An error's parts: its sentence says them.
        if symbol.container.split(separator: ".").first?.hasSuffix("Error") == true { return true }
        return exceptions.contains { $0.holds(for: symbol) }
    }
}
