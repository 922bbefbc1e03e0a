// SPDX-License-Identifier: Apache-2.0
// Which methods of an open class a subclass overrides, read from its metadata (docs/decisions/0001).

/// The part of a class's metadata that it shares with a base class: its method table among other words.
///
/// A class's metadata ends in its method table, laid out as its superclass's with overridden entries replaced. Which entry
/// belongs to which method is not assumed: probe classes that override one method each show it.
enum MethodTable {
    /// Words before the first method: isa, superclass, flags and sizes, descriptor, destroyer.
    static let headerWords = 7

    /// The words of the part of `type`'s metadata that it shares with `base`, which has at least `methods` methods; empty
    /// where the layout is unknown.
    static func words(of type: AnyClass, sharedWith base: AnyClass, methods: Int) -> UnsafeBufferPointer<UInt> {
        #if os(Linux) && (arch(x86_64) || arch(arm64))
            let metadata = unsafeBitCast(base, to: UnsafeRawPointer.self)
            let size = Int(metadata.load(fromByteOffset: 32, as: UInt32.self))
            let start = Int(metadata.load(fromByteOffset: 36, as: UInt32.self))
            let count = (size - start) / MemoryLayout<UInt>.size
            guard start < size, (headerWords + methods..<1024).contains(count) else {
                return .init(start: nil, count: 0)
            }
            let own = unsafeBitCast(type, to: UnsafeRawPointer.self)
            return UnsafeBufferPointer(start: own.assumingMemoryBound(to: UInt.self), count: count)
        #else
            return .init(start: nil, count: 0)
        #endif
    }

    /// For each probe the words that only it changes, of the table it shares with `base`; nil when the layout is unknown.
    static func differences(_ probes: [AnyClass], from base: AnyClass, methods: Int) -> [Set<Int>]? {
        let table = words(of: base, sharedWith: base, methods: methods)
        guard !table.isEmpty else { return nil }
        let differing = probes.map { probe in
            let own = words(of: probe, sharedWith: base, methods: methods)
            return Set(table.indices.filter { $0 >= headerWords && table[$0] != own[$0] })
        }
        // Entries every class replaces, such as its initialiser.
        let common = differing.dropFirst().reduce(differing[0]) { $0.intersection($1) }
        return differing.map { $0.subtracting(common) }
    }
}
