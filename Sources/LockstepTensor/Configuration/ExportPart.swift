// SPDX-License-Identifier: Apache-2.0
// A value of a registered type inside a description: `{"type": "Linear", "inputs": 64, …}`.

/// A layer, loss, metric, callback or transform among the fields of another one.
///
/// ```swift
/// let configuration = Configuration(Twice.self) { Field(part: "body") { $0.body } } make: { try Twice($0.part("body")) }
/// ```
public struct ExportPart: Codable {
    package let value: Any

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

    /// Reads what `encode(to:)` writes, and refuses what no value is made of.
    public init(from decoder: any Decoder) throws {
        guard let reader = decoder.userInfo[ExportReader.key] as? ExportReader else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "only a bundle decodes to an ExportPart"))
        }
        value = try reader.make(decoder)
    }

    /// The value as what it has to be.
    package func made<Value>(as type: Value.Type, at place: String) throws -> Value {
        if let value = value as? Value { return value }
        throw ExportError(.malformed, at: place, "a \(Swift.type(of: value)) stands where \(type) is needed")
    }
}
