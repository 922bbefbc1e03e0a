// SPDX-License-Identifier: Apache-2.0
// How names in files come to be the names in a model: wrappers around a model, counters, old spellings.

/// What the names of a file lose and gain to be those of a model.
struct WeightNames {
    /// What is taken off where a name begins with it: `module.`.
    let strip: String
    /// What is put before: `bert.`.
    let add: String
    private let known: Set<String>

    /// Wrappers that are looked at, of names that begin alike.
    private static let (mostPrefixes, deepest) = (24, 3)

    /// The prefixes with which the most names of the file are names of the model; none where that does not help.
    init(_ names: [String], for model: [String]) {
        let known = Set(model)
        var best = (strip: "", add: "", count: 0)
        func attempt(_ strip: String, _ add: String) {
            var found: Set<String> = []
            for name in names {
                if let name = WeightNames.mapped(name, strip, add, known) { found.insert(name) }
            }
            if found.count > best.count { best = (strip, add, found.count) }
        }
        attempt("", "")
        let strips = WeightNames.prefixes(of: names), adds = WeightNames.prefixes(of: model)
        for strip in strips where strip.count > best.count { attempt(strip.prefix, "") }
        for add in adds where add.count > best.count { attempt("", add.prefix) }
        for strip in strips {
            for add in adds where min(strip.count, add.count) > best.count { attempt(strip.prefix, add.prefix) }
        }
        (self.known, strip, add) = (known, best.strip, best.add)
    }

    /// What the model calls the file's `name`; nil where it has nothing of that name.
    func name(_ name: String) -> String? { WeightNames.mapped(name, strip, add, known) }

    private static func mapped(_ name: String, _ strip: String, _ add: String, _ known: Set<String>) -> String? {
        var inner = name
        if !strip.isEmpty, name.hasPrefix(strip) {
            inner = String(name.dropFirst(strip.count))
        } else if !strip.isEmpty, !add.isEmpty {
            return known.contains(name) ? name : nil
        }
        for candidate in [add + inner, inner] {
            if known.contains(candidate) { return candidate }
            // As TensorFlow called them, and BERT's first files do.
            for (old, new) in [(".gamma", ".weight"), (".beta", ".bias")] where candidate.hasSuffix(old) {
                let renamed = candidate.dropLast(old.count) + new
                if known.contains(String(renamed)) { return String(renamed) }
            }
        }
        return nil
    }

    /// What names begin with, up to three levels, the most frequent first.
    private static func prefixes(of names: [String]) -> [(prefix: String, count: Int)] {
        var counts: [String: Int] = [:]
        for name in names {
            var dots = 0
            for index in name.utf8.indices where name.utf8[index] == UInt8(ascii: ".") {
                dots += 1
                if dots > deepest { break }
                counts[String(name[...index]), default: 0] += 1
            }
        }
        let ordered = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return ordered.prefix(mostPrefixes).map { ($0.key, $0.value) }
    }

    // MARK: Rules

    /// Whether a file's tensor is nothing that a model has to have a place for: a counter, or a table that anybody can make.
    static func isIgnorable(_ name: String, shape: [Int]) -> Bool {
        let parts = name.split(separator: ".")
        // GPT-2's causal mask beside its attention.
        if parts.suffix(2).elementsEqual(["attn", "bias"]), shape.count == 4 { return true }
        return parts.last.map { ignorable.contains(String($0)) } ?? false
    }

    /// Whether a model's tensor may be what it is at the beginning where a file lacks it.
    static func mayBeMissing(_ name: String) -> Bool {
        name.split(separator: ".").last.map { counters.contains(String($0)) } ?? false
    }

    private static let counters: Set<String> = [
        "num_batches_tracked", "position_ids", "token_type_ids", "inv_freq", "relative_position_index",
    ]
    private static let ignorable = counters.union(["masked_bias", "attn_mask", "total_ops", "total_params"])

    /// Whether `name` is `part`, or lies in it.
    static func lies(_ name: String, in part: String) -> Bool {
        name == part || name.hasPrefix(part.hasSuffix(".") ? part : part + ".")
    }
}
