// SPDX-License-Identifier: Apache-2.0
// Checksums of data, so that ranks notice that theirs are not the same.

package import LockstepTensor

/// A checksum that is cheap whatever the size of the data: of tensors it reads a few rows, of lists of numbers all.
package struct Fingerprint {
    /// The sum so far.
    package private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325
    /// Rows of a tensor that are read, and bytes of each.
    private static let (rows, bytes) = (16, 4096)

    package init() {}

    /// FNV-1a over 64-bit words.
    package mutating func add(_ memory: UnsafeRawBufferPointer) {
        var offset = 0
        while offset + 8 <= memory.count {
            add(memory.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        while offset < memory.count {
            add(UInt64(memory[offset]))
            offset += 1
        }
    }

    private mutating func add(_ word: UInt64) {
        value = (value ^ word) &* 0x100_0000_01b3
        value ^= value >> 29
    }

    package mutating func add(_ number: Int) { add(UInt64(truncatingIfNeeded: number)) }
    package mutating func add(_ number: Double) { add(number.bitPattern) }
    package mutating func add(_ text: String) {
        add(text.utf8.count)
        Array(text.utf8).withUnsafeBytes { add($0) }
    }
    package mutating func add<Number: BitwiseCopyable>(_ numbers: [Number]) {
        add(numbers.count)
        numbers.withUnsafeBytes { add($0) }
    }

    /// Some of `count` consecutive rows of `width` bytes each: the first, the last, and others between them.
    package mutating func add(rowsOf memory: UnsafeRawBufferPointer, count: Int, width: Int) {
        add(count)
        add(width)
        let chosen = Swift.min(count, Self.rows)
        for number in 0..<chosen where width > 0 {
            let row = chosen == 1 ? 0 : number * (count - 1) / (chosen - 1)
            let start = row * width
            add(UnsafeRawBufferPointer(rebasing: memory[start..<start + Swift.min(width, Self.bytes)]))
        }
    }

    /// Shape, type and some of the rows of a tensor.
    package mutating func add(_ tensor: Tensor) {
        add("\(tensor.dtype)\(tensor.shape)")
        guard tensor.rank > 0, tensor.count > 0 else {
            return tensor.count == 1 ? add(tensor.detached.item()) : ()
        }
        let count = tensor.shape[0]
        let chosen = Swift.min(count, Self.rows)
        for number in 0..<chosen {
            let row = tensor[chosen == 1 ? 0 : number * (count - 1) / (chosen - 1)].detached.contiguous()
            let size = Swift.min(row.count * row.dtype.byteCount, Self.bytes)
            add(UnsafeRawBufferPointer(start: row.unsafePointer, count: size))
            withExtendedLifetime(row) {}
        }
    }
}

/// Data of which a checksum can be taken without making items.
package protocol Fingerprinted {
    /// Adds what decides which items there are, and what some of them hold.
    func add(to fingerprint: inout Fingerprint)
}

extension Fingerprinted {
    /// The checksum, in hexadecimal digits.
    package var fingerprint: String {
        var sum = Fingerprint()
        add(to: &sum)
        return String(sum.value, radix: 16)
    }
}

extension Fingerprint {
    /// Adds the items' numbers in the whole, and some of the items, as they are before any transform, if they are texts or
    /// numbers. Of a path the last two parts: where a folder lies need not be the same on all machines.
    mutating func add(_ items: ItemList) {
        add(items.count)
        add(items.numbers ?? [])
        for number in 0..<Swift.min(items.count, Self.rows) {
            let index = number == 0 ? 0 : number * (items.count - 1) / (Swift.min(items.count, Self.rows) - 1)
            switch try? items[index] {
            case let text as String: add(text.split(separator: "/").suffix(2).joined(separator: "/"))
            case let number as Int: add(number)
            case let number as Double: add(number)
            default: return
            }
        }
    }

    /// Adds a part of unknown type: its checksum, or its type and number of items.
    mutating func add(_ dataset: any Dataset) {
        add("\(type(of: dataset))")
        add(dataset.count)
        (dataset as? any Fingerprinted)?.add(to: &self)
    }
}

extension TensorDataset: Fingerprinted {
    package func add(to fingerprint: inout Fingerprint) {
        for member in inputs + targets { fingerprint.add(member) }
    }
}

extension Subset: Fingerprinted {
    package func add(to fingerprint: inout Fingerprint) {
        fingerprint.add(indices)
        fingerprint.add(base)
    }
}

extension Unlabelled: Fingerprinted {
    package func add(to fingerprint: inout Fingerprint) { fingerprint.add(base) }
}

extension TabularDataset: Fingerprinted {
    package func add(to fingerprint: inout Fingerprint) {
        rows.add(to: &fingerprint)
        if let selection { fingerprint.add(selection) }
    }
}

extension MapDataset: Fingerprinted {
    /// What closures make of the elements is not looked at; numbers may be the items' places in a split.
    package func add(to fingerprint: inout Fingerprint) {
        if let numbers = items as? any Collection<Int> { fingerprint.add(Array(numbers)) }
    }
}

extension TransformedTuples: Fingerprinted {
    package func add(to fingerprint: inout Fingerprint) {
        for list in lists {
            fingerprint.add(list.items)
            for word in list.pipeline.vocabulary ?? [] { fingerprint.add(word) }
        }
    }
}

extension BatchList: Fingerprinted {
    package func add(to fingerprint: inout Fingerprint) {
        for batch in batches {
            fingerprint.add(batch.size)
            for member in batch.inputs + batch.targets { fingerprint.add("\(member.dtype)\(member.shape)") }
        }
        for batch in [batches.first, batches.last].compactMap({ $0 }) {
            for member in batch.inputs + batch.targets { fingerprint.add(member) }
        }
    }
}
