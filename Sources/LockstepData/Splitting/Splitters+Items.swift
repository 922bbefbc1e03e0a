// SPDX-License-Identifier: Apache-2.0
// Splits by what the items are: marks, functions, folders, lists of names, columns, classes.

import LockstepTensor

extension Splitter {
    /// Items whose mark is true are for validation.
    /// - Precondition: one mark per item.
    public static func mask(
        _ isValid: [Bool], file: StaticString = #fileID, line: UInt = #line
    ) -> Splitter {
        Splitter { count in
            require(
                isValid.count == count, "Splitter.mask: \(isValid.count) marks for \(count) items", file: file,
                line: line)
            return Splitter.split(isValid)
        }
    }

    /// Items for which `isValid` is true are for validation.
    public static func function(_ isValid: @escaping @Sendable (Any) throws -> Bool) -> Splitter {
        Splitter(items: { items in
            Splitter.split(try (0..<items.count).map { try isValid(items[$0]) })
        })
    }

    /// Files by the folder two levels up, as in `train/cat/1.png` and `valid/cat/2.png`; other files are in neither part.
    ///
    /// fastai's `GrandparentSplitter`.
    public static func grandparent(train: [String] = ["train"], valid: [String] = ["valid"]) -> Splitter {
        Splitter(items: { items in
            var split = Split(train: [], valid: [])
            for index in 0..<items.count {
                let parts = try Splitter.path(items[index]).split(separator: "/")
                guard parts.count > 2 else { continue }
                let folder = String(parts[parts.count - 3])
                if train.contains(folder) { split.train.append(index) }
                if valid.contains(folder) { split.valid.append(index) }
            }
            return split
        })
    }

    /// Files whose names (without folders) stand in the text file at `path`, one a line, are for validation.
    ///
    /// - Throws: `DataError` when that file cannot be read or is not UTF-8.
    public static func file(_ path: String) throws(DataError) -> Splitter {
        guard let text = String(validating: try Files.read(path), as: UTF8.self) else {
            throw DataError(.malformed, file: path, "is not UTF-8 text")
        }
        let names = Set(text.split(whereSeparator: \.isNewline).map(String.init))
        return function { item in
            let path = try Splitter.path(item)
            return names.contains(path.split(separator: "/").last.map(String.init) ?? path)
        }
    }

    /// Rows of a table by a column: those where it has the value `on`, or is true or not 0, are for validation.
    ///
    /// - Parameter on: the value as text; nil for “true”.
    public static func column(_ name: String = "is_valid", on: String? = nil) -> Splitter {
        function { item in
            guard let row = item as? TableRow else {
                throw DataError(
                    .mismatch, file: "Splitter.column", "an item is a \(type(of: item)), not the row of a table")
            }
            let value = try row.text(name)
            if let on { return value == on }
            return value.map { !["", "0", "0.0", "false", "False", "FALSE"].contains($0) } ?? false
        }
    }

    /// A random part of every class, so that both parts have the classes in the same proportion: `Int(validFraction · count)`
    /// items in all, shared out by the largest remainder.
    ///
    /// scikit-learn's `train_test_split(stratify:)`.
    /// - Parameter labels: the class of every item.
    /// - Precondition: one label per item.
    public static func stratified(
        _ validFraction: Double = 0.2, labels: [String], seed: UInt64 = 42, file: StaticString = #fileID,
        line: UInt = #line
    ) -> Splitter {
        Splitter { count in
            require(
                labels.count == count, "Splitter.stratified: \(labels.count) labels for \(count) items", file: file,
                line: line)
            // Classes in the order in which they first come: a dictionary's own differs between processes.
            let order = RandomStream.permutation(count, seed: seed, stream: RandomStream.split)
            var classes: [String: Int] = [:]
            var members: [[Int]] = []
            for index in order {
                let number = classes[labels[index], default: members.count]
                if number == members.count { members.append([]) }
                classes[labels[index]] = number
                members[number].append(index)
            }
            let fraction = min(1, max(0, validFraction))
            let shares = members.map { fraction * Double($0.count) }
            var taken = shares.map { Int($0) }
            let missing = Int(fraction * Double(count)) - taken.reduce(0, +)
            let neediest = shares.indices.sorted {
                let (a, b) = (shares[$0] - Double(taken[$0]), shares[$1] - Double(taken[$1]))
                return a == b ? $0 < $1 : a > b
            }
            for number in neediest.prefix(max(0, missing)) { taken[number] += 1 }
            let valid = Set(zip(members, taken).flatMap { $0.prefix($1) })
            return Split(train: order.filter { !valid.contains($0) }, valid: order.filter(valid.contains))
        }
    }

    private static func split(_ isValid: [Bool]) -> Split {
        Split(train: isValid.indices.filter { !isValid[$0] }, valid: isValid.indices.filter { isValid[$0] })
    }

    private static func path(_ item: Any) throws(DataError) -> String {
        guard let path = item as? String else {
            throw DataError(.mismatch, file: "Splitter", "an item is a \(type(of: item)), not the path of a file")
        }
        return path
    }
}
