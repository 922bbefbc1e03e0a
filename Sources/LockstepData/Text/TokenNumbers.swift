// SPDX-License-Identifier: Apache-2.0
// The numbers of a long text's tokens, each in as few bytes as its neighbours need.

/// Numbers from 0 to 2³¹ − 1, as many as there is room for on the disk.
///
/// Each run of 2²⁰ lies in the smallest integers that hold its largest: characters take a byte each, words two, until the
/// vocabulary has grown too large for that. What is beyond `memoryLimit` bytes lies in a ``SpillFile``.
final class TokenNumbers: @unchecked Sendable {
    /// Numbers of a run.
    static let runLength = 1 << 20

    /// A run, or the last one's beginning.
    fileprivate struct Run {
        let base: UnsafeRawPointer
        /// Bytes of a number: 1, 2 or 4.
        let width: Int
    }

    /// How many there are.
    let count: Int
    private let runs: [Run]
    private let memory: [UnsafeMutableRawPointer]
    /// Keeps what is mapped.
    private let spill: SpillFile?

    private init(_ count: Int, _ runs: [Run], _ memory: [UnsafeMutableRawPointer], _ spill: SpillFile?) {
        (self.count, self.runs, self.memory, self.spill) = (count, runs, memory, spill)
    }

    /// Numbers that are in memory already.
    convenience init(_ numbers: [Int]) {
        let builder = Builder(memoryLimit: .max)
        for number in numbers { builder.append(number) }
        let (runs, memory) = builder.finishInMemory()
        self.init(numbers.count, runs, memory, nil)
    }

    deinit { for block in memory { block.deallocate() } }

    /// Calls `body` with the numbers of `range` in order.
    func forEach(in range: Range<Int>, _ body: (Int) -> Void) {
        precondition(range.lowerBound >= 0 && range.upperBound <= count)
        var place = range.lowerBound
        while place < range.upperBound {
            let (run, offset) = (runs[place / Self.runLength], place % Self.runLength)
            let length = min(range.upperBound - place, Self.runLength - offset)
            switch run.width {
            case 1: Self.forEach(run, UInt8.self, offset, length, body)
            case 2: Self.forEach(run, UInt16.self, offset, length, body)
            default: Self.forEach(run, UInt32.self, offset, length, body)
            }
            place += length
        }
    }

    @inline(__always)
    private static func forEach<Number: FixedWidthInteger>(
        _ run: Run, _: Number.Type, _ offset: Int, _ length: Int, _ body: (Int) -> Void
    ) {
        let numbers = run.base.assumingMemoryBound(to: Number.self) + offset
        for index in 0..<length { body(Int(truncatingIfNeeded: numbers[index])) }
    }

    /// Takes numbers one after another; the first error is thrown at the end.
    final class Builder {
        private let memoryLimit: Int
        private var numbers: UnsafeMutablePointer<UInt32>
        private var filled = 0
        private var largest: UInt32 = 0
        private var widths: [Int] = []
        private var memory: [UnsafeMutableRawPointer] = []
        private var bytesInMemory = 0
        private var spill: SpillFile?
        private var failure: DataError?

        private let folder: String?

        /// - Parameters:
        ///   - memoryLimit: Bytes that are kept in memory.
        ///   - folder: Where the others go, if not into the temporary folder.
        init(memoryLimit: Int = 256 << 20, folder: String? = nil) {
            (self.memoryLimit, self.folder) = (memoryLimit, folder)
            numbers = .allocate(capacity: TokenNumbers.runLength)
        }

        deinit {
            numbers.deallocate()
            for block in memory { block.deallocate() }
        }

        /// How many were taken.
        private(set) var count = 0

        /// Takes a number, which must be at least 0 and less than 2³¹.
        @inline(__always)
        func append(_ number: Int) {
            let small = UInt32(truncatingIfNeeded: number)
            numbers[filled] = small
            largest = max(largest, small)
            (filled, count) = (filled + 1, count + 1)
            if filled == TokenNumbers.runLength { endRun() }
        }

        /// Takes many of them.
        func append(_ more: UnsafeBufferPointer<UInt32>) {
            var rest = more[...]
            while !rest.isEmpty {
                let part = rest.prefix(TokenNumbers.runLength - filled)
                if let base = UnsafeBufferPointer(rebasing: part).baseAddress {
                    (numbers + filled).update(from: base, count: part.count)
                }
                largest = max(largest, part.max() ?? 0)
                (filled, count) = (filled + part.count, count + part.count)
                if filled == TokenNumbers.runLength { endRun() }
                rest = rest.dropFirst(part.count)
            }
        }

        private func endRun() {
            defer { (filled, largest) = (0, 0) }
            guard failure == nil, filled > 0 else { return }
            let width = largest <= UInt8.max ? 1 : largest <= UInt16.max ? 2 : 4
            let block = UnsafeMutableRawPointer.allocate(byteCount: filled * width, alignment: 4)
            switch width {
            case 1: narrow(to: block.assumingMemoryBound(to: UInt8.self))
            case 2: narrow(to: block.assumingMemoryBound(to: UInt16.self))
            default: narrow(to: block.assumingMemoryBound(to: UInt32.self))
            }
            widths.append(width)
            if spill == nil, bytesInMemory + filled * width <= memoryLimit {
                memory.append(block)
                bytesInMemory += filled * width
                return
            }
            defer { block.deallocate() }
            do throws(DataError) {
                if spill == nil { spill = try SpillFile(in: folder) }
                try spill?.append(UnsafeRawBufferPointer(start: block, count: filled * width))
            } catch {
                failure = error
            }
        }

        private func narrow<Number: FixedWidthInteger>(to block: UnsafeMutablePointer<Number>) {
            for index in 0..<filled { block[index] = Number(truncatingIfNeeded: numbers[index]) }
        }

        /// What was taken; nothing is left here.
        ///
        /// - Throws: `DataError` where the disk did not take what does not fit in memory.
        func finish() throws(DataError) -> TokenNumbers {
            endRun()
            if let failure { throw failure }
            var base = try spill?.map()
            let (file, all, places) = (spill, count, widths.dropFirst(memory.count))
            var (runs, blocks) = finishInMemory()
            for width in places {
                guard let start = base else { break }
                runs.append(Run(base: start, width: width))
                base = start + width * TokenNumbers.runLength
            }
            return TokenNumbers(all, runs, blocks, file)
        }

        /// What lies in memory; nothing is left here.
        fileprivate func finishInMemory() -> ([Run], [UnsafeMutableRawPointer]) {
            endRun()
            defer { (memory, widths, spill, count) = ([], [], nil, 0) }
            return (zip(memory, widths).map { Run(base: UnsafeRawPointer($0), width: $1) }, memory)
        }
    }
}
