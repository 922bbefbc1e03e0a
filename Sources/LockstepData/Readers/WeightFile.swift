// SPDX-License-Identifier: Apache-2.0
// Named tensors from whatever weights come in: safetensors, files of PyTorch, and several of them behind an index.

public import LockstepTensor

/// Weights in a file, or in several behind an index, looked at where they lie.
///
/// ```swift
/// let weights = try WeightFile("linear.safetensors")
/// print(try weights.tensor("weight"))
/// ```
/// Files are mapped: what is not used is not read, and processes of one machine share one copy. They must not be cut short
/// while they are in use.
public struct WeightFile: Sendable {
    /// One tensor.
    public struct Entry: Sendable, Equatable {
        /// The tensor's name.
        public let name: String
        /// The type of its elements.
        public let type: Safetensors.ElementType
        /// Its extents.
        public let shape: [Int]
    }

    /// The path it was read from.
    public let file: String
    /// The tensors in the order of the file, or of the files.
    public let entries: [Entry]
    /// What a safetensors file says of itself, such as `format`; of the first of several files.
    public let metadata: [(key: String, value: String)]
    /// The names of the files that the tensors lie in: of one, or of those that an index names.
    public let files: [String]
    private let parts: [Part]
    private let places: [String: Place]

    private struct Place {
        let part: Int
        let entry: Int
    }

    fileprivate enum Part: Sendable {
        case safetensors(FileBytes, [Safetensors.Entry], file: String)
        case torch(TorchArchive)
    }

    /// The weights in the file at `path`: `.safetensors`, `.pth`, `.pt`, `.bin`, an index of several (`….index.json`), or a
    /// folder in which one of those is called `model.safetensors` or `pytorch_model.bin`.
    ///
    /// What says that it is whole is checked: the checksum of every byte that Lockstep writes, that of each of PyTorch's records.
    /// - Parameter key: The keys that lead to the dictionary of tensors, joined by dots, where a PyTorch file has several.
    /// - Throws: `DataError` naming the file and the byte.
    public init(_ path: String, key: String? = nil) throws(DataError) {
        let path = try WeightFile.resolved(path)
        file = path
        var parts: [Part] = []
        var metadata: [(key: String, value: String)] = []
        if path.hasSuffix(".json") {
            let index = try WeightIndex(Files.read(path), file: path)
            var (entries, places): ([Entry], [String: Place]) = ([], [:])
            for (number, name) in index.files.enumerated() {
                let (part, said) = try WeightFile.part(Files.parent(of: path) + "/" + name, key: nil)
                if number == 0 { metadata = said }
                for (index2, entry) in part.entries.enumerated() {
                    guard index.places[entry.name] == number else {
                        throw DataError(
                            .mismatch, file: path,
                            "“\(name)” holds “\(entry.name)”, which the index has elsewhere or not at all",
                            remedy: "Fetch index and files again, all of one version")
                    }
                    places[entry.name] = Place(part: number, entry: index2)
                    entries.append(entry)
                }
                parts.append(part)
            }
            if places.count < index.places.count {
                let lost = index.places.keys.sorted().first { places[$0] == nil } ?? ""
                throw DataError(
                    .mismatch, file: path, "“\(lost)” is not in the file that the index names",
                    remedy: "Fetch index and files again, all of one version")
            }
            (self.entries, self.places, files) = (entries, places, index.files)
        } else {
            let (part, said) = try WeightFile.part(path, key: key)
            metadata = said
            parts = [part]
            files = [path.split(separator: "/").last.map(String.init) ?? path]
            entries = part.entries
            places = Dictionary(
                uniqueKeysWithValues: part.entries.enumerated().map { ($1.name, Place(part: 0, entry: $0)) })
        }
        (self.parts, self.metadata) = (parts, metadata)
    }

    /// The tensor called `name`.
    public func entry(_ name: String) -> Entry? {
        places[name].map { parts[$0.part].entry($0.entry) }
    }

    /// The tensor called `name`: over the mapped file where that can be, else a copy. Half precision becomes float32, integer
    /// types we do not have become int64.
    ///
    /// - Throws: `DataError`: `.mismatch` for a name that it does not have, `.tooLarge` where there is no memory.
    public func tensor(_ name: String) throws(DataError) -> Tensor {
        guard let place = places[name] else { throw DataError(.mismatch, file: file, "there is no tensor “\(name)”") }
        switch parts[place.part] {
        case .torch(let archive): return try archive.tensor(archive.entries[place.entry])
        case .safetensors(let bytes, let entries, let file):
            let entry = entries[place.entry]
            return try bytes.tensor(entry.range, entry.type, Shape(entry.shape), file: file)
        }
    }

    private static func part(
        _ path: String, key: String?
    ) throws(DataError) -> (Part, [(key: String, value: String)]) {
        let start = try PieceReader(path).bytes(0..<16, "its start", isCut: true)
        if TorchArchive.isTorch(start) {
            let archive = try TorchArchive.read(path, key: key)
            try archive.verify()
            return (.torch(archive), [])
        }
        let survey = try Safetensors.survey(path)
        let file = try MappedFile(path)
        guard file.bytes.count == survey.size else {
            throw DataError(.unreadable, file: path, "the file changed while it was read")
        }
        return (.safetensors(.mapped(file), survey.entries, file: path), survey.metadata)
    }

    /// The file that a folder stands for.
    private static func resolved(_ path: String) throws(DataError) -> String {
        guard Files.isFolder(path) else { return path }
        let usual = [
            "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
        ]
        guard let name = usual.first(where: { Files.exists("\(path)/\($0)") }) else {
            throw DataError(
                .unreadable, file: path, "a folder without \(usual.joined(separator: ", "))",
                remedy: "Name the file")
        }
        return "\(path)/\(name)"
    }
}

extension WeightFile.Part {
    fileprivate var entries: [WeightFile.Entry] {
        switch self {
        case .torch(let archive): archive.entries.map { .init(name: $0.name, type: $0.type, shape: $0.shape) }
        case .safetensors(_, let entries, _): entries.map { .init(name: $0.name, type: $0.type, shape: $0.shape) }
        }
    }

    fileprivate func entry(_ index: Int) -> WeightFile.Entry {
        switch self {
        case .torch(let archive):
            let entry = archive.entries[index]
            return .init(name: entry.name, type: entry.type, shape: entry.shape)
        case .safetensors(_, let entries, _):
            let entry = entries[index]
            return .init(name: entry.name, type: entry.type, shape: entry.shape)
        }
    }
}
