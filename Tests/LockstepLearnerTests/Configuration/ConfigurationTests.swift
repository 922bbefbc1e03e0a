// SPDX-License-Identifier: Apache-2.0
// Every built-in type says what it is made of, once: arguments, bundles, and every option it stores.

import Foundation
import LockstepChecks
import LockstepComm
import LockstepData
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepLearner

@Suite("Configuration") struct ConfigurationTests {
    // MARK: Nothing is forgotten

    /// Types without a configuration of their own, and why.
    private static let undescribed = [
        // Functions, known by the names they are given.
        "Apply": "a function", "CustomLoss": "a function", "AvgMetric": "a function", "ValueMetric": "a function",
        "AccumMetric": "a function", "FunctionTransform": "functions", "ClosureCallback": "functions",
        "BeforeBatchCallback": "a function",
        // Bases.
        "Module": "a base", "Recurrent": "a base", "TextBody": "a base", "MixHandler": "a base",
        "TimingCallback": "a base",
        "ClassScore": "a base", "LabelScore": "a base",
        "UNetBlock": "a UNet makes its own",
        // What looks at a run and changes nothing.
        "ActivationStats": "as HookCallback", "ShowGraphCallback": "where a graph is drawn",
        "GatherPredsCallback": "of one inference run", "FetchPredsCallback": "of one inference run",
        "EvaluationCallback": "of one inference run", "LossCollector": "of one inference run",
        "LRFinder": "of one search", "MixedLoss": "another loss, of mixed items",
        "TimeReport": "where a table is printed", "TraceCallback": "where a file lies", "RankLog": "where files lie",
    ]

    @Test("every layer, loss, metric, callback and transform is described, or there is a reason")
    func described() throws {
        let declared = try SourceDeclarations.library()
        let types = declared.types(
            below: "Module", "LossFunction", "Metric", "Callback", "Transform", "RandomTransform", "TypedTransform")
        #expect(types.count > 110, "the sources are read")
        for name in types.sorted() where ConfigurationTests.undescribed[name] == nil {
            let isDescribed = declared.described.contains(name)
            #expect(isDescribed, "\(name) says nowhere what it is made of: make it Configurable")
        }
        for name in ConfigurationTests.undescribed.keys.sorted() where declared.described.contains(name) {
            Issue.record("\(name) is described, so it needs no reason")
        }
    }

    @Test("dictionaries and sets are told in one order, whatever the process") func order() {
        let words = ["b", "a", "d", "c", "e"]
        let numbers = Dictionary(uniqueKeysWithValues: words.enumerated().map { ($1, $0) })
        let sorted = numbers.sorted { $0.key < $1.key }.map { "(key: \"\($0.key)\", value: \($0.value))" }
        #expect(ConfigValue(of: numbers) == .string("[\(sorted.joined(separator: ", "))]"))
        #expect(ConfigValue(of: Set(words)) == .string("[a, b, c, d, e]"))
    }

    // MARK: What is told, written and made again

    /// Every listed example that a file can hold.
    private static func examples() throws -> [Any] {
        let callbacks = CallbackExample.all.flatMap { $0.make("") }
        let transforms = try TransformExample.all.compactMap { try $0.make?() }
        var listed: [Any] = Listed.layers.map { $0.make() }
        listed += Listed.losses.map { $0.make() } as [Any] + Listed.metrics.map { $0.make() } as [Any]
        // A file below the learner's folder, as files from elsewhere may name.
        listed += callbacks as [Any] + transforms as [Any] + [SaveModelCallback(filename: "best")] as [Any]
        return listed.filter {
            ($0 as? SaveModelCallback)?.filename.hasPrefix("/") != true && (try? ConfigurationTests.encoded($0)) != nil
        }
    }

    @Test("every listed type that files hold has an example") func examples() throws {
        let tried = Set(try ConfigurationTests.examples().map(ConfigurationTests.name))
        let elsewhere = Set(TransformExample.all.filter { $0.make == nil }.map(\.configuration.name))
        #expect(
            elsewhere == ["Getter", "TabularDataset", "TokenizedTexts", "TransformedItems"], "in ExportedDataTests")
        #expect(ExportRegistry.builtInTypes.count > 110)
        for configuration in ExportRegistry.builtInTypes where !elsewhere.contains(configuration.name) {
            #expect(tried.contains(configuration.name), "\(configuration.name)")
        }
    }

    @Test("each comes back equal, and tells its arguments under Python's names") func roundTrips() throws {
        for part in try ConfigurationTests.examples() {
            let name = ConfigurationTests.name(part)
            let text = try ConfigurationTests.encoded(part)
            #expect(try ConfigurationTests.encoded(ConfigurationTests.decoded(text)) == text, "\(name)")
            let told = arguments(of: part)
            // A function's result says by which function it was made.
            guard let type = type(of: part) as? any Configurable.Type else {
                #expect((part as? Metric)?.origin != nil, "\(name)")
                continue
            }
            // Those of a codable type are what it stores.
            if !(part is any Transform) {
                #expect(told.isEmpty == type.configuration.argumentNames.isEmpty, "\(name)")
            }
            #expect(Set(told.map(\.name)).count == told.count, "\(name)")
            for argument in told {
                #expect(argument.name.wholeMatch(of: /[a-z][a-z0-9_]*/) != nil, "\(name): \(argument.name)")
            }
        }
    }

    @Test("what was written before is read, and is what is written now") func before() throws {
        // From the time before types described themselves, of the same examples: these stay as they are.
        Parts.register()
        let lines = try ConfigurationTests.lines("exported-parts.jsonl")
        let parts =
            ExportExamples.layers() as [Any] + ExportExamples.models() + ExportExamples.losses()
            + ExportExamples.metrics() + ExportExamples.callbacks() + (try ExportExamples.transforms())
        #expect(lines.count == parts.count)
        for (line, part) in zip(lines, parts) {
            #expect(try ConfigurationTests.encoded(part) == line)
            #expect(try ConfigurationTests.encoded(ConfigurationTests.decoded(line)) == line)
        }
    }

    @Test("[ARG-01] what callbacks and losses told before, they tell, under the same names") func toldBefore() throws {
        let parts = ExportExamples.losses() as [Any] + ExportExamples.callbacks()
        let lines = try ConfigurationTests.lines("told-arguments.txt")
        #expect(lines.count == parts.count)
        for (line, part) in zip(lines, parts) {
            let told = arguments(of: part).map { "\($0.name)=\($0.value)" }
            let before = line.matches(of: #/ (\w+=(\[[^\]]*\]|\S*))/#).map { String($0.1) }
            #expect(Set(before).subtracting(told).sorted() == [], "\(line.prefix { $0 != " " })")
        }
    }

    // MARK: Every option

    @Test("every option that a type stores is a field of its description, or listed with a reason") func options()
        throws
    {
        var missing: Set<String> = []
        let declared = try SourceDeclarations.library()
        for part in try ConfigurationTests.examples() {
            guard let type = type(of: part) as? any Configurable.Type, !(part is any Transform) else { continue }
            let fields = Set(type.configuration.fieldNames)
            for label in ConfigurationTests.options(of: part)
            where !fields.contains(label.property) && !declared.isState(label.property, of: label.type) {
                missing.insert("\(label.type).\(label.property)")
            }
        }
        let reasons = ConfigurationReasons.all
        #expect(
            missing.subtracting(reasons.keys).sorted() == [], "are neither fields nor listed in ConfigurationReasons")
        #expect(Set(reasons.keys).subtracting(missing).sorted() == [], "need no reason")
    }

    /// Stored properties but parameters, buffers and modules, which are stored by name; with the class that declares them.
    private static func options(of part: Any) -> [(type: String, property: String)] {
        let bases = ["Module", "Callback", "Metric", "AccumMetric"]
        return sequence(first: Mirror(reflecting: part), next: \.superclassMirror)
            .filter { !bases.contains("\($0.subjectType)") }
            .flatMap { mirror in
                mirror.children.compactMap { child -> (type: String, property: String)? in
                    guard let label = child.label, !label.hasPrefix("_"), !isStoredByName(child.value) else {
                        return nil
                    }
                    return ("\(mirror.subjectType)", label)
                }
            }
    }

    private static func isStoredByName(_ value: Any) -> Bool {
        if Swift.type(of: value) == Parameter?.self { return true }
        let value = unwrapped(value) ?? ()
        // An empty array is one of anything.
        let isList = (value as? [Any]).map { !$0.isEmpty } ?? false
        return value is Module || value is Parameter || isList && (value is [Parameter] || value is [Module])
    }

    // MARK: Types of a user's

    /// A layer of a user's, with an option that older files do not have.
    private final class Gain: Module, UnaryLayer, Configurable {
        let factor: Double
        let offset: Int?
        let body: any UnaryLayer

        init(factor: Double, offset: Int? = nil, body: any UnaryLayer) {
            (self.factor, self.offset, self.body) = (factor, offset, body)
        }
        func callAsFunction(_ x: Tensor) -> Tensor { body(x) * factor + Double(offset ?? 0) }

        static let configuration = Configuration(Gain.self, as: "own gain") {
            Field("factor", \.factor, .positive, python: "gain")
            Field("offset", \.offset, absent: .some(nil))
            Field(part: "body") { $0.body }
        } make: {
            Gain(factor: try $0("factor"), offset: try $0("offset"), body: try $0.part("body"))
        }
    }

    @Test("a type of a user's is told, written, made again with its parts, and read from files older than an option")
    func own() throws {
        let gain = Gain(factor: 2, offset: 3, body: Linear(2, 3))
        #expect(arguments(of: gain).map { "\($0.name): \($0.value)" } == ["gain: 2.0", "offset: 3", "body: Linear"])
        // Told, but not written before it is known by name.
        let error = #expect(throws: ExportError.self) { _ = try ConfigurationTests.encoded(gain) }
        #expect(error?.remedy == "Make it known with ExportRegistry.register(Gain.self)")
        ExportRegistry.register(Gain.self)
        let text = try ConfigurationTests.encoded(gain)
        let made = try #require(ConfigurationTests.decoded(text) as? Gain)
        #expect(made.factor == 2 && made.offset == 3 && (made.body as? Linear)?.outputs == 3)
        let older = try ConfigurationTests.decoded(text.replacing(",\"offset\":3", with: ""))
        #expect((older as? Gain)?.offset == .some(nil) && (older as? Gain)?.factor == 2)
        for (value, sentence) in [("-1", "own gain: factor is -1.0, not positive"), ("null", ""), ("\"x\"", "")] {
            let hostile = text.replacing("\"factor\":2", with: "\"factor\":\(value)")
            let error = #expect(throws: (any Error).self) { _ = try ConfigurationTests.decoded(hostile) }
            #expect(sentence.isEmpty || "\(error as Any)".contains(sentence), "\(error as Any)")
        }
        #expect(throws: (any Error).self) {
            _ = try ConfigurationTests.decoded(text.replacing("\"factor\":2,", with: ""))
        }
    }

    @Test("an heir without a description of its own is not taken for its base") func heirs() {
        final class Overlap: Dice {}
        let error = #expect(throws: ExportError.self) { _ = try ConfigurationTests.encoded(Overlap(axis: 2)) }
        #expect(error?.code == .unregistered)
        // What it has of its base is told.
        #expect(arguments(of: Overlap(axis: 2)).map { "\($0.name): \($0.value)" } == ["axis: 2"])
    }

    // MARK: Support

    /// The lines of a file that was written before types described themselves.
    private static func lines(_ file: String) throws -> [String] {
        let path = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Reference/\(file)")
        return try String(contentsOf: path.standardized, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private static func name(_ part: Any) -> String {
        (try? ExportRegistry.describe(part, at: ""))?.name ?? "\(type(of: part))"
    }

    private static func encoded(_ part: Any) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        encoder.userInfo[ExportWriter.key] = ExportWriter(RegistryCatalog())
        return String(decoding: try encoder.encode(ExportPart(part)), as: UTF8.self)
    }

    private static func decoded(_ text: String) throws -> Any {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        decoder.userInfo[ExportReader.key] = ExportReader(weights: 1 << 23, RegistryCatalog())
        return try decoder.decode(ExportPart.self, from: Data(text.utf8)).value
    }
}
