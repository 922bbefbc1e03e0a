// SPDX-License-Identifier: Apache-2.0
// Metric states and tensors as bytes, for the ranks of one program: the same build on the same kind of machine.

import LockstepLearner
import LockstepTensor

/// Writes values one after the other.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write<Value: BitwiseCopyable>(_ value: Value) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }

    mutating func write<Value: BitwiseCopyable>(_ values: [Value]) {
        write(values.count)
        values.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    mutating func write(_ tensor: Tensor) {
        write(tensor.dtype.rawValue)
        write(tensor.shape.dimensions)
        let dense = tensor.detached.contiguous()
        bytes.append(
            contentsOf: UnsafeRawBufferPointer(start: dense.unsafePointer, count: dense.count * dense.dtype.byteCount))
    }

    mutating func write(_ rows: BatchRows) {
        write(rows.batches.count)
        for batch in rows.batches {
            write(batch.count)
            for tensor in batch { write(tensor) }
        }
    }

    mutating func write(_ state: MetricState) {
        write(state.sums)
        write(state.counts)
        write(state.shared)
        write(state.rows)
    }
}

/// Reads what a ``WireWriter`` of another rank has written.
struct WireReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }

    mutating func read<Value: BitwiseCopyable>(_ type: Value.Type = Value.self) -> Value {
        defer { position += MemoryLayout<Value>.size }
        return bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: position, as: Value.self) }
    }

    mutating func readArray<Value: BitwiseCopyable>(of type: Value.Type = Value.self) -> [Value] {
        let count: Int = read()
        return (0..<count).map { _ in read(Value.self) }
    }

    mutating func readTensor() -> Tensor {
        let dtype = DType(rawValue: read()) ?? .float32
        let tensor = Tensor.uninitialized(Shape(readArray(of: Int.self)), dtype: dtype)
        let size = tensor.count * dtype.byteCount
        bytes.withUnsafeBytes { source in
            if let base = source.baseAddress, size > 0 {
                tensor.unsafePointer.copyMemory(from: base + position, byteCount: size)
            }
        }
        position += size
        return tensor
    }

    mutating func readRows() -> BatchRows {
        var rows = BatchRows()
        let batches: Int = read()
        for _ in 0..<batches {
            let columns: Int = read()
            rows.append((0..<columns).map { _ in readTensor() })
        }
        return rows
    }

    mutating func readState() -> MetricState {
        MetricState(
            sums: readArray(of: Double.self), counts: readArray(of: Int64.self), shared: readArray(of: Double.self),
            rows: readRows())
    }
}

enum Wire {
    /// The memory of an array.
    static func bytes<Value: BitwiseCopyable>(of values: [Value]) -> [UInt8] { values.withUnsafeBytes { Array($0) } }

    /// FNV-1a over 64-bit words: equal replicas have equal sums, and a single changed bit changes it.
    static func checksum(_ memory: UnsafeRawBufferPointer, seed: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
        var hash = seed
        var offset = 0
        while offset + 8 <= memory.count {
            hash = (hash ^ memory.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x100_0000_01b3
            hash ^= hash >> 29
            offset += 8
        }
        while offset < memory.count {
            hash = (hash ^ UInt64(memory[offset])) &* 0x100_0000_01b3
            offset += 1
        }
        return hash
    }
}

extension Tensor {
    /// The bytes of a contiguous tensor, in place.
    var rawBytes: UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: unsafePointer, count: count * dtype.byteCount)
    }
}
