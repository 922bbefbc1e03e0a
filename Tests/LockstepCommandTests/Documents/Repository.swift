// SPDX-License-Identifier: Apache-2.0
// The clone these tests were built from: its documents and its sources.

import Foundation

enum Repository {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }

    static func files(under folder: String, ending: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: root.appendingPathComponent(folder).path)
            .filter { $0.hasSuffix(ending) }.map { "\(folder)/\($0)" }.sorted()
    }

    /// What people read: the README, `docs`, and the articles of the modules.
    static func documents() throws -> [String] {
        try ["README.md"] + files(under: "docs", ending: ".md") + files(under: "Sources", ending: ".md")
    }

    /// The modules of the umbrella, lowest first.
    static let modules = [
        "Tensor", "NN", "Optim", "Data", "Models", "Learner", "Transfer", "ONNX", "TensorBoard", "Comm", "Distributed",
    ]

    /// What the library declares for others.
    static func publicSymbols() throws -> [PublicSymbol] {
        try publicSymbols(of: modules.map { "Lockstep" + $0 } + ["Lockstep"])
    }

    static func publicSymbols(of modules: [String]) throws -> [PublicSymbol] {
        try modules.flatMap { module in
            var scanner = SymbolScanner(module: module)
            for file in try files(under: "Sources/\(module)", ending: ".swift") { scanner.read(try text(file)) }
            return scanner.symbols
        }
    }
}

extension StringProtocol {
    var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
