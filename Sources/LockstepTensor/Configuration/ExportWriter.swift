// SPDX-License-Identifier: Apache-2.0
// What one export, and one load, keep track of while parts are written and made.

/// What knows the types of parts by name: the learner's registry.
package protocol PartCatalog: Sendable {
    /// What files call the type of `value`, and its fields.
    func describe(
        _ value: Any, at place: String
    ) throws -> (
        name: String, arguments: [(name: String, value: any Encodable)]
    )

    /// A value of the type that files call `name`.
    func make(_ name: String, from fields: ExportFields) throws -> Any
}

/// A part that may stand in several places of a description, and is then the same one: a module.
package protocol SharedPart: AnyObject {}

/// What one export keeps track of.
package final class ExportWriter: @unchecked Sendable {  // lives on one thread, for the length of one call
    package static let key = userInfoKey("lockstep.export.writer")
    private let catalog: any PartCatalog
    /// Where each module was described: one that is used twice is described once.
    private var places: [ObjectIdentifier: String] = [:]

    package init(_ catalog: any PartCatalog) { self.catalog = catalog }

    func write(_ value: Any, to encoder: any Encoder) throws {
        let place = encoder.codingPath.place
        var container = encoder.container(keyedBy: ExportKey.self)
        if let module = value as? any SharedPart {
            if let first = places[ObjectIdentifier(module)] {
                return try container.encode(first, forKey: ExportKey("shared"))
            }
            places[ObjectIdentifier(module)] = place
        }
        let (name, arguments) = try catalog.describe(value, at: place)
        try container.encode(name, forKey: ExportKey("type"))
        for (key, argument) in arguments { try container.encode(argument, forKey: ExportKey(key)) }
    }
}

/// What one load keeps track of.
package final class ExportReader: @unchecked Sendable {  // lives on one thread, for the length of one call
    package static let key = userInfoKey("lockstep.export.reader")
    private let catalog: any PartCatalog
    private var modules: [String: any SharedPart] = [:]
    /// How many parts each of them has, counted as often as they are used.
    private var sizes: [String: Int] = [:]
    private var made = 0
    /// Parts of a model, counted as often as they are used: a few lines can say that each part holds the one before twice.
    private static let most = 20_000
    /// How many more weights may be asked for: a few bytes must not make a program ask for all memory.
    var unclaimedWeights: Int

    package init(weights: Int, _ catalog: any PartCatalog) { (unclaimedWeights, self.catalog) = (weights, catalog) }

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
        let value = try catalog.make(name, from: fields)
        if let module = value as? any SharedPart { (modules[place], sizes[place]) = (module, made - before) }
        return value
    }

    /// Where each module is described.
    package var places: [ObjectIdentifier: String] {
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

private func userInfoKey(_ name: String) -> CodingUserInfoKey {
    guard let key = CodingUserInfoKey(rawValue: name) else {
        stop("CodingUserInfoKey: “\(name)” is no key", file: #fileID, line: #line)
    }
    return key
}
