// SPDX-License-Identifier: Apache-2.0
// `model.safetensors.index.json`: which tensor lies in which of several files.

/// The index of weights that lie in several files, as Hugging Face writes it: an object whose `weight_map` says the file of
/// each tensor.
struct WeightIndex {
    /// The names of the files, in the order in which they are first spoken of; they lie beside the index.
    private(set) var files: [String] = []
    /// Which of the files has the tensor of a name.
    private(set) var places: [String: Int] = [:]

    private static let mostFiles = 4096

    /// - Throws: `DataError` naming the byte.
    init(_ text: [UInt8], file: String) throws(DataError) {
        try Room.require(text.count * 48, for: "the index cannot be read", file: file)
        var scanner = JSONScanner(text, base: 0, file: file)
        let document = try scanner.document()
        guard case .object(let members) = document.value,
            let map = members.first(where: { $0.key == "weight_map" })?.value, case .object(let pairs) = map.value
        else {
            throw DataError(
                .malformed, file: file, at: .byte(document.offset), "an index of weights without a “weight_map”")
        }
        var numbers: [String: Int] = [:]
        for (name, node) in pairs {
            guard case .string(let part) = node.value else {
                throw DataError(.malformed, file: file, at: .byte(node.offset), "the file of “\(name)” is not a text")
            }
            guard places[name] == nil else {
                throw DataError(.malformed, file: file, at: .byte(node.offset), "two tensors are called “\(name)”")
            }
            // A file beside this one, and nowhere else.
            guard !part.isEmpty, !part.hasPrefix("."), !part.utf8.contains(where: { $0 == 0x2F || $0 < 0x20 }) else {
                throw DataError(
                    .malformed, file: file, at: .byte(node.offset),
                    "“\(part)” is not the name of a file beside the index")
            }
            if numbers[part] == nil {
                guard files.count < WeightIndex.mostFiles else {
                    throw DataError(
                        .tooLarge, file: file, at: .byte(node.offset), "more than \(WeightIndex.mostFiles) files")
                }
                numbers[part] = files.count
                files.append(part)
            }
            places[name] = numbers[part]
        }
    }
}
