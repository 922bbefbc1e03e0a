// SPDX-License-Identifier: Apache-2.0
// What --config and --set say: keys with values, and where each of them stands.

import LockstepData
import Yams

/// A file of YAML with the names of options for keys, and words `key=value`. Nothing in it is trusted.
struct RunConfiguration {
    /// A key and its value.
    struct Entry {
        /// `block-length`, also where it was written as in settings.json.
        let name: String
        let value: ConfiguredValue
        /// `run.yaml:3`, `--set lr=0.1`.
        let place: String
        /// Whether the command line says it.
        let isSet: Bool

        /// A sentence about it, with the code for who has to mend it.
        func refusal(_ problem: String) -> Failure {
            isSet ? .usage("\(place): \(problem)") : .noInput("\(place): \(name) is \(value): \(problem)")
        }
    }

    /// What holds: --set before the file.
    private(set) var entries: [Entry] = []

    /// - Throws: ``Failure``: 66 for the file, 64 for the words.
    init(file: String?, sets: [String]) throws {
        let told = try sets.map { try Self.entry(ofWord: $0) }
        if let twice = told.firstDuplicate { throw twice.refusal("--set says \(twice.name) twice; give it once") }
        let names = Set(told.map(\.name))
        entries = try told + (file.map { try Self.read($0).filter { !names.contains($0.name) } } ?? [])
    }

    /// `lr=0.1`.
    private static func entry(ofWord word: String) throws -> Entry {
        guard let sign = word.firstIndex(of: "="), sign > word.startIndex else {
            throw Failure.usage("--set \(word): write KEY=VALUE, such as lr=0.01")
        }
        let text = String(word[word.index(after: sign)...])
        // A list in brackets as in a file; all else is one value, without quotes: the shell has taken them.
        let isFlow = text.hasPrefix("[") && text.hasSuffix("]")
        let place = "--set \(word)"
        let value = isFlow ? try ConfiguredValue(flow: text, place: place) : .scalar(.init(text: text, isPlain: true))
        return Entry(name: optionName(String(word[..<sign])), value: value, place: place, isSet: true)
    }

    // MARK: The file

    /// More bytes than any run is told.
    private static let longest = 1 << 20

    private static func read(_ path: String) throws -> [Entry] {
        func refusal(_ line: Int?, _ problem: String) -> Failure {
            .noInput(path + (line.map { ":\($0)" } ?? "") + ": \(problem)")
        }
        let bytes: [UInt8]
        do throws(DataError) { bytes = try Files.read(path, limit: longest) } catch {
            throw Failure.noInput("--config \(path): \(error.reason)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let line = String(decoding: bytes, as: UTF8.self).prefix { $0 != "\u{fffd}" }.count { $0.isNewline } + 1
            throw refusal(line, "is no text in UTF-8")
        }
        if let name = anchor(in: text) {
            throw refusal(nil, "&\(name) and *\(name): anchors are not read here; write the value out")
        }
        let root: Node?
        do { root = try compose(yaml: text) } catch let error as YamlError {
            let (line, problem) = error.placed
            throw refusal(line, problem)
        }
        guard case .mapping(let mapping)? = root else {
            let what = root == nil ? "is empty" : "is no mapping"
            throw refusal(root?.mark?.line, "\(what); a configuration has lines such as “lr: 0.01”")
        }
        let entries = try mapping.map { key, value in
            let line = key.mark?.line
            guard case .scalar(let key) = key else { throw refusal(line, "a key is a list or a mapping, and no name") }
            return Entry(
                name: optionName(key.string), value: ConfiguredValue(value),
                place: path + (line.map { ":\($0)" } ?? ""),
                isSet: false)
        }
        if let twice = entries.firstDuplicate {
            throw Failure.noInput("\(twice.place): \(twice.name) is there twice; give it once")
        }
        return entries
    }

    /// A name that is given to a part of a text, and used: parts of parts can be larger than any memory.
    private static func anchor(in text: String) -> String? {
        func names(_ sign: Character) -> Set<Substring> {
            Set(
                text.split(separator: sign, omittingEmptySubsequences: false).dropFirst().map { rest in
                    rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
                }.filter { !$0.isEmpty })
        }
        return names("&").intersection(names("*")).min().map(String.init)
    }
}

extension [RunConfiguration.Entry] {
    /// The second of two with one name.
    fileprivate var firstDuplicate: RunConfiguration.Entry? {
        var seen: Set<String> = []
        return first { !seen.insert($0.name).inserted }
    }
}

extension YamlError {
    /// Where the text is wrong, and how.
    fileprivate var placed: (line: Int?, problem: String) {
        switch self {
        case .parser(_, let problem, let mark, _) where problem.contains("nesting"):
            (mark.line, "is nested too deeply; a configuration has lines such as “lr: 0.01”")
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            (mark.line, "is no YAML: \(problem)" + (context.map { " (\($0.text))" } ?? ""))
        case .reader(let problem, let offset, _, let yaml):
            (offset.map { yaml.prefix($0).count { $0.isNewline } + 1 }, "is no YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            (context.mark.line, "\(keys.first ?? "a key") is there twice; give it once")
        default: (nil, "is no YAML that can be read")
        }
    }
}
