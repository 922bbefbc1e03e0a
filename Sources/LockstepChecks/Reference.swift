// SPDX-License-Identifier: Apache-2.0
// The committed reference data (Tests/Reference), read without the library's own safetensors code.

package import Foundation
package import LockstepTensor
import Synchronization

/// The tensors of one file of `Tests/Reference`.
///
/// ```swift
/// let ops = try Reference.load("ops")
/// expectClose(try ops.tensor("gelu/x").gelu(), try ops.tensor("gelu/y"))
/// ```
package struct Reference: Sendable {
    /// Why a file or a tensor could not be read.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private struct Entry: Sendable {
        let type: String
        let shape: [Int]
        let bytes: Range<Int>
    }

    /// The file's name without its ending.
    package let name: String
    /// Versions of the Python packages that wrote the file.
    package let metadata: [String: String]
    private let entries: [String: Entry]
    private let data: Data

    /// The folder of the reference data, from where this file was compiled.
    package static var folder: URL {
        URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Tests/Reference")
    }

    private static let cache = Mutex<[String: Reference]>([:])

    /// Reads `Tests/Reference/<name>.safetensors`; a second call gives what the first one read.
    package static func load(_ name: String) throws -> Reference {
        if let known = cache.withLock({ $0[name] }) { return known }
        let made = try Reference(name)
        cache.withLock { $0[name] = made }
        return made
    }

    /// Reads `Tests/Reference/<name>.json` as a type of the caller's.
    package static func decode<Value: Decodable>(_ type: Value.Type, from name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: folder.appendingPathComponent(name + ".json")))
    }

    private init(_ name: String) throws {
        self.name = name
        data = try Data(contentsOf: Reference.folder.appendingPathComponent(name + ".safetensors"))
        let length = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let start = 8 + length
        guard length > 0, start <= data.count,
            let header = try JSONSerialization.jsonObject(with: data[8..<start]) as? [String: Any]
        else { throw Failure(description: "\(name).safetensors: no header") }
        metadata = header["__metadata__"] as? [String: String] ?? [:]
        var entries: [String: Entry] = [:]
        for (key, value) in header where key != "__metadata__" {
            guard let fields = value as? [String: Any], let type = fields["dtype"] as? String,
                let shape = fields["shape"] as? [Int], let ends = fields["data_offsets"] as? [Int], ends.count == 2
            else { throw Failure(description: "\(name).safetensors: malformed entry \(key)") }
            entries[key] = Entry(type: type, shape: shape, bytes: start + ends[0]..<start + ends[1])
        }
        self.entries = entries
    }

    /// All names, sorted.
    package var keys: [String] { entries.keys.sorted() }

    /// The names' parts before the last slash, sorted, each once: `["abs", "add.both", …]`.
    package var cases: [String] {
        Set(entries.keys.compactMap { key in key.lastIndex(of: "/").map { String(key[..<$0]) } }).sorted()
    }

    /// Whether there is a tensor of this name.
    package func contains(_ key: String) -> Bool { entries[key] != nil }

    /// One tensor, row-major. Half precision comes as float32, as it is no element type of ours.
    package func tensor(_ key: String) throws -> Tensor {
        guard let entry = entries[key] else {
            let last = key.split(separator: "/").first.map { $0 + "/" } ?? ""
            let near = keys.filter { $0.hasPrefix(last) }
            throw Failure(description: "\(name).safetensors has no \(key); there is \(near.isEmpty ? cases : near)")
        }
        let bytes = data[entry.bytes]
        let shape = Shape(entry.shape)
        switch entry.type {
        case "F32": return Tensor(elements(bytes, Float.self), shape: shape)
        case "F64": return Tensor(elements(bytes, Double.self), shape: shape)
        case "F16": return Tensor(elements(bytes, Float16.self).map(Float.init), shape: shape)
        case "BF16":
            let wide = elements(bytes, UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
            return Tensor(wide, shape: shape).to(.bfloat16)
        case "I32": return Tensor(elements(bytes, Int32.self), shape: shape)
        case "I64": return Tensor(elements(bytes, Int64.self), shape: shape)
        case "U8": return Tensor(elements(bytes, UInt8.self), shape: shape)
        case "BOOL": return Tensor(bytes.map { $0 != 0 }, shape: shape)
        default: throw Failure(description: "\(name).safetensors: \(key) has the unknown type \(entry.type)")
        }
    }

    /// The tensors whose names start with `prefix` and a slash, named by the rest, sorted.
    ///
    /// `try layers.tensors(under: "Linear/state")` is `[("bias", …), ("weight", …)]`.
    package func tensors(under prefix: String) throws -> [(name: String, value: Tensor)] {
        try keys.filter { $0.hasPrefix(prefix + "/") }.map { (String($0.dropFirst(prefix.count + 1)), try tensor($0)) }
    }

    private func elements<Element>(_ bytes: Data, _ type: Element.Type) -> [Element] {
        [Element](unsafeUninitializedCapacity: bytes.count / MemoryLayout<Element>.stride) { buffer, count in
            count = bytes.copyBytes(to: buffer) / MemoryLayout<Element>.stride
        }
    }
}
