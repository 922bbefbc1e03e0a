// SPDX-License-Identifier: Apache-2.0
// Which dictionary of a pickle holds the weights, and what it holds under which names.

/// The dictionary of tensors in a pickle, found through what training programs wrap around it.
struct TorchDictionary {
    /// The keys that lead to it, joined by dots.
    private(set) var key = ""
    /// Numbers and texts beside it.
    private(set) var values: [(key: String, value: String)] = []
    private var found: [(name: String, tensor: Int)] = []
    private let machine: PickleMachine
    /// Dictionaries and lists that have been walked through: one that holds itself, or is held often, is walked once.
    private var walked: Set<PickleNumber> = []
    private var (nameBytes, looked) = (0, 0)

    /// Where weights usually lie, the first that is there.
    private static let usual = [
        "state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params", "model_state",
        "generator",
    ]
    private static let deepest = 32
    private static let longestKey = 1024
    private static let mostValues = 64

    /// A dictionary or a list by its number.
    private enum PickleNumber: Hashable {
        case dictionary(Int)
        case sequence(Int)
    }

    /// - Throws: `DataError` when there is none, or one of several would have to be guessed.
    init(_ machine: PickleMachine, root: PickleValue, key: String?) throws(DataError) {
        self.machine = machine
        var (place, path) = (root, [String]())
        var beside: [(key: String, value: String)] = []
        let wanted = key.map { $0.split(separator: ".").map(String.init) }
        search: while path.count < TorchDictionary.deepest {
            guard case .dictionary(let number) = place else { break }
            let items = machine.dictionaries[number]
            if path.isEmpty { beside = try TorchDictionary.simple(items, machine) }
            if let key, let wanted {
                if path == wanted { break }
                var matches: [PickleValue] = []
                for item in items where try TorchDictionary.name(item.key, machine) == wanted[path.count] {
                    matches.append(item.value)
                }
                if matches.count == 1 {
                    path.append(wanted[path.count])
                    place = matches[0]
                    continue search
                }
                throw machine.error(
                    .mismatch, at: 0, "no dictionary is called “\(key)”",
                    remedy: "There are: \(try TorchDictionary.list(items, machine))")
            }
            if items.contains(where: { TorchDictionary.isTensor($0.value) }) { break }
            var inner: [(name: String, value: PickleValue)] = []
            for item in items where try holdsTensors(item.value) {
                inner.append((try TorchDictionary.name(item.key, machine), item.value))
            }
            guard !inner.isEmpty else { break }
            try TorchDictionary.checkUnique(inner.map(\.name), machine)
            guard
                let next = inner.count == 1
                    ? inner[0]
                    : TorchDictionary.usual.lazy.compactMap({ name in inner.first { $0.name == name } }).first
            else {
                throw machine.error(
                    .mismatch, at: 0,
                    "several dictionaries hold tensors, and none of them is called “state_dict” or “model”",
                    remedy: "Say which with key: \(inner.prefix(8).map { "“\($0.name)”" }.joined(separator: ", "))")
            }
            place = next.value
            path.append(next.name)
        }
        if let key, let wanted {
            guard case .dictionary = place, path == wanted else {
                throw machine.error(.mismatch, at: 0, "no dictionary is called “\(key)”")
            }
        }
        self.key = path.joined(separator: ".")
        values = path.isEmpty ? [] : beside
        try walk(place, "", depth: 0)
        guard !found.isEmpty else {
            throw machine.error(
                .mismatch, at: 0, "it holds \(place.kind) and no named tensors", remedy: PickleMachine.remedy)
        }
        try TorchDictionary.checkUnique(found.map(\.name), machine)
    }

    private static func checkUnique(_ names: [String], _ machine: PickleMachine) throws(DataError) {
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw machine.error(.malformed, at: 0, "two values are called “\(name)”")
        }
    }

    /// The tensors, where `ranges` are those of the storages.
    func entries(_ ranges: [Range<Int>]) -> [TorchArchive.Entry] {
        found.map { name, number in
            let tensor = machine.tensors[number]
            return TorchArchive.Entry(
                name: name, type: machine.storages[tensor.storage].type, shape: tensor.shape, strides: tensor.strides,
                offset: tensor.offset, range: ranges[tensor.storage])
        }
    }

    private mutating func walk(_ value: PickleValue, _ path: String, depth: Int) throws(DataError) {
        func under(_ name: String) -> String { path.isEmpty ? name : path + "." + name }
        switch value {
        case .tensor(let number):
            nameBytes += path.utf8.count
            // Names that share their beginnings take more room than the pickle that they come from.
            guard nameBytes <= machine.bytes.count * 32 + 1 << 20 else {
                throw machine.error(.tooLarge, at: 0, "the names of its tensors take more than 32 times its pickle")
            }
            found.append((path, number))
        case .dictionary(let number):
            guard try enter(.dictionary(number), depth) else { return }
            var own: Set<String> = []
            for item in machine.dictionaries[number] where TorchDictionary.isWalked(item.value) {
                let name = try TorchDictionary.name(item.key, machine)
                guard own.insert(name).inserted else {
                    throw machine.error(.malformed, at: 0, "two values are called “\(name)”")
                }
                try walk(item.value, under(name), depth: depth + 1)
            }
        case .sequence(let number):
            guard try enter(.sequence(number), depth) else { return }
            for (index, item) in machine.sequences[number].items.enumerated() where TorchDictionary.isWalked(item) {
                try walk(item, under(String(index)), depth: depth + 1)
            }
        default: break
        }
    }

    private mutating func enter(_ number: PickleNumber, _ depth: Int) throws(DataError) -> Bool {
        guard depth < TorchDictionary.deepest else {
            throw machine.error(.unsupported, at: 0, "dictionaries more than \(TorchDictionary.deepest) deep")
        }
        return walked.insert(number).inserted
    }

    // MARK: Looking at values

    private static func isTensor(_ value: PickleValue) -> Bool {
        if case .tensor = value { true } else { false }
    }

    private static func isWalked(_ value: PickleValue) -> Bool {
        switch value {
        case .tensor, .dictionary, .sequence: true
        default: false
        }
    }

    /// Whether tensors lie in a dictionary, or in those in it.
    private mutating func holdsTensors(_ value: PickleValue) throws(DataError) -> Bool {
        guard case .dictionary(let first) = value else { return false }
        var (left, seen) = ([first], Set([first]))
        while let number = left.popLast() {
            for item in machine.dictionaries[number] {
                looked += 1
                // A dictionary may be in many others, and be looked at from each.
                guard looked <= machine.bytes.count * 8 else {
                    throw machine.error(.tooLarge, at: 0, "dictionaries that hold one another many times over")
                }
                switch item.value {
                case .tensor: return true
                case .dictionary(let inner): if seen.insert(inner).inserted { left.append(inner) }
                default: break
                }
            }
        }
        return false
    }

    private static func name(_ key: PickleValue, _ machine: PickleMachine) throws(DataError) -> String {
        switch key {
        case .text(let text):
            guard Int(text.count) <= longestKey else {
                throw machine.error(.tooLarge, at: Int(text.start), "a key of \(text.count) bytes")
            }
            return machine.string(text)
        case .integer(let number): return String(number)
        default: return ""
        }
    }

    private static func list(
        _ items: [(key: PickleValue, value: PickleValue)], _ machine: PickleMachine
    ) throws(DataError) -> String {
        var names: [String] = []
        for item in items.prefix(8) { names.append("“\(try name(item.key, machine))”") }
        return names.joined(separator: ", ") + (items.count > 8 ? ", …" : "")
    }

    /// The numbers and short texts among `items`.
    private static func simple(
        _ items: [(key: PickleValue, value: PickleValue)], _ machine: PickleMachine
    ) throws(DataError) -> [(key: String, value: String)] {
        var result: [(key: String, value: String)] = []
        for item in items where result.count < mostValues {
            let text: String
            switch item.value {
            case .bool(let flag): text = flag ? "true" : "false"
            case .integer(let number): text = String(number)
            case .real(let number): text = String(number)
            case .text(let words) where words.count <= 256: text = machine.string(words)
            default: continue
            }
            result.append((try name(item.key, machine), text))
        }
        return result
    }
}
