// SPDX-License-Identifier: Apache-2.0
// The arguments of one value of a bundle, each checked before it is used.

import LockstepTensor

/// What a bundle says about one value: the arguments its type was registered with.
///
/// A bundle may come from anyone. Check what a wrong value of would trap, with ``check(_:_:)``, before you use it.
public struct ExportFields {
    let container: KeyedDecodingContainer<ExportKey>
    /// The name the type is registered under.
    public let type: String
    /// Where the value stands: `model.layers.2`.
    public let place: String
    let reader: ExportReader

    /// The argument called `name`.
    /// - Throws: when it is missing or something else than a `Value`.
    public func callAsFunction<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try container.decode(type, forKey: ExportKey(name))
    }

    /// The layer, loss, metric, callback or transform called `name`.
    public func part<Value>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try self(name, as: ExportPart.self).made(as: type, at: "\(place).\(name)")
    }

    /// The list of layers, losses, metrics, callbacks or transforms called `name`.
    public func parts<Value>(_ name: String, as type: Value.Type = Value.self) throws -> [Value] {
        try self(name, as: [ExportPart].self).map { try $0.made(as: type, at: "\(place).\(name)") }
    }

    /// Insists on a condition; `problem` completes a sentence that begins with the type's name.
    public func check(_ condition: Bool, _ problem: @autoclosure () -> String) throws {
        if !condition { throw ExportError(.malformed, at: place, "\(type): \(problem())") }
    }

    /// A number in `range`.
    public func number(_ name: String, in range: ClosedRange<Double>) throws -> Double {
        let value: Double = try self(name)
        try check(range.contains(value), "\(name) is \(value), not in \(range)")
        return value
    }

    /// A positive number.
    public func positive(_ name: String) throws -> Double {
        let value: Double = try self(name)
        try check(value > 0, "\(name) is \(value), not positive")
        return value
    }

    /// A positive whole number that a size can be.
    public func size(_ name: String) throws -> Int {
        let value: Int = try self(name)
        try check(value > 0 && value <= ExportFields.largest, "\(name) is \(value), not a size")
        return value
    }

    /// A whole number from 0 to the largest size.
    func length(_ name: String) throws -> Int {
        let value: Int = try self(name)
        try check(value >= 0 && value <= ExportFields.largest, "\(name) is \(value), not a size")
        return value
    }

    /// A case of an enumeration of words.
    func option<Option: RawRepresentable>(_ name: String) throws -> Option where Option.RawValue == String {
        let word: String = try self(name)
        guard let option = Option(rawValue: word) else {
            throw ExportError(.malformed, at: place, "\(type): \(name) is “\(word)”, which is none of its choices")
        }
        return option
    }

    /// Says that a weight of these sizes is about to be made.
    ///
    /// - Throws: when the file does not hold that many weights, so that a few bytes cannot ask for all memory.
    public func claim(_ sizes: Int...) throws { try claim(sizes) }

    /// Says that what is about to be made has this many parts, which nothing in the description shows.
    func claim(parts: Int...) throws {
        let total = parts.reduce(1) { $0.multipliedReportingOverflow(by: $1).overflow ? .max : $0 * $1 }
        try reader.count(min(total, 1 << 40), at: place)
    }

    func claim(_ sizes: [Int]) throws {
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

    private static let largest = 1 << 32
}

extension ExportFields {
    /// Sizes along height and width, each at least `least`.
    func pair(_ name: String, least: Int = 1) throws -> Pair {
        let sizes: [Int] = try self(name)
        try check(
            sizes.count == 2 && sizes.allSatisfy { $0 >= least && $0 <= ExportFields.largest },
            "\(name) is \(sizes), not two sizes")
        return Pair(sizes[0], sizes[1])
    }

    /// Two sizes, or `same`.
    func padding(_ name: String) throws -> Padding {
        if let word = try? self(name, as: String.self) {
            try check(word == "same", "\(name) is “\(word)”, neither two sizes nor same")
            return .same
        }
        return .zeros(try pair(name, least: 0))
    }

    func reduction(_ name: String = "reduction") throws -> Reduction {
        let word: String = try self(name)
        switch word {
        case "none": return .none
        case "sum": return .sum
        case "mean": return .mean
        default: throw ExportError(.malformed, at: place, "\(type): “\(word)” is no reduction")
        }
    }

    func tensor(_ name: String) throws -> Tensor? { try self(name, as: ExportTensor?.self)?.value }
}

/// A small tensor in a description: class weights, statistics.
struct ExportTensor: Codable {
    let value: Tensor
    private enum CodingKeys: CodingKey { case dtype, shape, values }

    init(_ value: Tensor) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(value.dtype == .float64 ? "float64" : "float32", forKey: .dtype)
        try container.encode(value.shape.dimensions, forKey: .shape)
        try container.encode(value.detached.doubles, forKey: .values)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let shape = try container.decode([Int].self, forKey: .shape)
        let values = try container.decode([Double].self, forKey: .values)
        let count = shape.reduce((1, false)) { partial, size in
            let (product, overflow) = partial.0.multipliedReportingOverflow(by: size)
            return (product, partial.1 || overflow || size < 0)
        }
        guard shape.count <= Shape.maxRank, !count.1, count.0 == values.count else {
            throw ExportError(
                .malformed, at: decoder.codingPath.place,
                "\(values.count) values do not fill a tensor of shape \(shape)")
        }
        let isDouble = try container.decode(String.self, forKey: .dtype) == "float64"
        value = Tensor(values, shape: Shape(shape)).to(isDouble ? .float64 : .float32)
    }
}

extension Pair {
    var sizes: [Int] { [height, width] }
}
