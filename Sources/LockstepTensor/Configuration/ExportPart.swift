// SPDX-License-Identifier: Apache-2.0
// A value of a registered type inside a description: `{"type": "Linear", "inputs": 64, …}`.

import LockstepNN

/// A layer, loss, metric, callback or transform inside the arguments of another one.
///
/// ```swift
/// ExportRegistry.register(Twice.self) { ["body": ExportPart($0.body)] } make: { try Twice($0.part("body")) }
/// ```
public struct ExportPart: Codable {
    let value: Any

    /// A part whose type is registered.
    public init(_ value: Any) { self.value = value }

    /// - Throws: ``ExportError`` when the value's type is not registered.
    public func encode(to encoder: any Encoder) throws {
        guard let writer = encoder.userInfo[ExportWriter.key] as? ExportWriter else {
            throw EncodingError.invalidValue(
                value, .init(codingPath: encoder.codingPath, debugDescription: "only an export encodes an ExportPart"))
        }
        try writer.write(value, to: encoder)
    }

    public init(from decoder: any Decoder) throws {
        guard let reader = decoder.userInfo[ExportReader.key] as? ExportReader else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "only a bundle decodes to an ExportPart"))
        }
        value = try reader.make(decoder)
    }

    /// The value as what it has to be.
    func made<Value>(as type: Value.Type, at place: String) throws -> Value {
        if let value = value as? Value { return value }
        throw ExportError(.malformed, at: place, "a \(Swift.type(of: value)) stands where \(type) is needed")
    }
}

/// What one export keeps track of.
final class ExportWriter: @unchecked Sendable {  // lives on one thread, for the length of one call
    static let key = CodingUserInfoKey(rawValue: "lockstep.export.writer")!
    /// Where each module was described: one that is used twice is described once.
    private var places: [ObjectIdentifier: String] = [:]

    func write(_ value: Any, to encoder: any Encoder) throws {
        let place = encoder.codingPath.place
        var container = encoder.container(keyedBy: ExportKey.self)
        if let module = value as? Module {
            if let first = places[ObjectIdentifier(module)] {
                return try container.encode(first, forKey: ExportKey("shared"))
            }
            places[ObjectIdentifier(module)] = place
        }
        let (name, arguments) = try ExportRegistry.describe(value, at: place)
        try container.encode(name, forKey: ExportKey("type"))
        for (key, argument) in arguments.list { try container.encode(argument, forKey: ExportKey(key)) }
    }
}

/// What one load keeps track of.
final class ExportReader: @unchecked Sendable {  // lives on one thread, for the length of one call
    static let key = CodingUserInfoKey(rawValue: "lockstep.export.reader")!
    private var modules: [String: Module] = [:]
    /// How many parts each of them has, counted as often as they are used.
    private var sizes: [String: Int] = [:]
    private var made = 0
    /// Parts of a model, counted as often as they are used: a few lines can say that each part holds the one before twice.
    private static let most = 20_000
    /// How many more weights may be asked for: a few bytes must not make a program ask for all memory.
    var unclaimedWeights: Int

    init(weights: Int) { unclaimedWeights = weights }

    func make(_ decoder: any Decoder) throws -> Any {
        let place = decoder.codingPath.place
        let container = try decoder.container(keyedBy: ExportKey.self)
        if let first = try container.decodeIfPresent(String.self, forKey: ExportKey("shared")) {
            guard let module = modules[first] else {
                throw ExportError(.malformed, at: place, "is to be the same as \(first), which is not described before")
            }
            try count(sizes[first] ?? 1, at: place)
            return module
        }
        let before = made
        try count(1, at: place)
        let name = try container.decode(String.self, forKey: ExportKey("type"))
        let fields = ExportFields(container: container, type: name, place: place, reader: self)
        let value = try ExportRegistry.make(name, from: fields)
        if let module = value as? Module { (modules[place], sizes[place]) = (module, made - before) }
        return value
    }

    /// Where each module is described.
    var places: [ObjectIdentifier: String] {
        Dictionary(modules.map { (ObjectIdentifier($1), $0) }, uniquingKeysWith: min)
    }

    func count(_ parts: Int, at place: String) throws(ExportError) {
        made += parts
        if made > ExportReader.most {
            throw ExportError(
                .malformed, at: place, "the learner has more than the limit of \(ExportReader.most) parts")
        }
    }
}

/// Any word as a key.
struct ExportKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}
