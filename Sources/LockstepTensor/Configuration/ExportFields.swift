// SPDX-License-Identifier: Apache-2.0
// The arguments of one value of a bundle, each checked before it is used.

/// What a bundle says about one value: the fields of its type's ``Configuration``.
///
/// A bundle may come from anyone. Declare where a field may lie with a ``Requirement``, and check what depends on several
/// fields with ``check(_:_:)``, before you use it.
public struct ExportFields {
    let container: KeyedDecodingContainer<ExportKey>
    /// The name the type is registered under.
    public let type: String
    /// Where the value stands: `model.layers.2`.
    public let place: String
    let reader: ExportReader
    /// What bundles say that were written before there was the field.
    var absent: [String: any Sendable] = [:]

    /// The field called `name`.
    /// - Throws: when it is missing or something else than a `Value`.
    public func callAsFunction<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        let key = ExportKey(name)
        if let old = absent[name], !container.contains(key), let value = old as? Value { return value }
        do {
            return try container.decode(type, forKey: key)
        } catch let error as DecodingError {
            guard type is any RawRepresentable.Type, let word = try? container.decode(String.self, forKey: key) else {
                throw error
            }
            throw ExportError(
                .malformed, at: place, "\(self.type): \(name) is “\(word)”, which is none of its choices")
        }
    }

    /// The tensor called `name`, if there is one.
    public func tensor(_ name: String) throws -> Tensor? { try self(name, as: ExportTensor?.self)?.value }

    /// The layer, loss, metric, callback or transform called `name`.
    public func part<Value>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try self(name, as: ExportPart.self).made(as: type, at: "\(place).\(name)")
    }

    /// The list of layers, losses, metrics, callbacks or transforms called `name`.
    public func parts<Value>(_ name: String, as type: Value.Type = Value.self) throws -> [Value] {
        try self(name, as: [ExportPart].self).map { try $0.made(as: type, at: "\(place).\(name)") }
    }

    /// As ``parts(_:as:)``, where nil may stand for none. Decoded once: what is made claims its weights.
    package func partsIfAny<Value>(_ name: String, as type: Value.Type) throws -> [Value]? {
        try self(name, as: [ExportPart]?.self)?.map { try $0.made(as: type, at: "\(place).\(name)") }
    }

    /// Insists on a condition; `problem` completes a sentence that begins with the type's name.
    public func check(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
        if !condition { throw ExportError(.malformed, at: place, "\(type): \(problem())") }
    }

    /// A number in `range`.
    public func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
        try Requirement.within(range).checked(name, in: self)
    }

    /// A positive number.
    public func positive(_ name: String) throws -> Double { try Requirement.positive.checked(name, in: self) }

    /// A positive whole number that a size can be.
    public func size(_ name: String) throws -> Int { try Requirement.size.checked(name, in: self) }

    /// Says that a weight of these sizes is about to be made.
    ///
    /// - Throws: when the file does not hold that many weights, so that a few bytes cannot ask for all memory.
    public func claim(_ sizes: Int...) throws { try claim(sizes) }

    /// Says that what is about to be made has this many parts, which nothing in the description shows.
    package func claim(parts: Int...) throws {
        let total = parts.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1 }
        try reader.count(min(total, 1 << 40), at: place)
    }

    package func claim(_ sizes: [Int]) throws {
        var count = 1
        for size in sizes {
            let (product, overflow) = count.multipliedReportingOverflow(by: size)
            try check(!overflow && size >= 0, "a weight of sizes \(sizes) is impossible")
            count = product
        }
        try check(
            count <= reader.unclaimedWeights,
            "a weight of \(sizes) is more than the file holds")
        reader.unclaimedWeights -= count
    }
}
