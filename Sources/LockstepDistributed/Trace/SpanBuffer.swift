// SPDX-License-Identifier: Apache-2.0
// The latest spans of a rank, in memory that does not grow.

/// What happened from when to when.
struct Span: Equatable {
    var name: Int32
    var epoch: Int32
    /// The batch in its phase; −1 outside of batches.
    var batch: Int32
    var start: Int64
    var duration: Int64
    /// Nanoseconds at its beginning spent waiting for other ranks.
    var waited: Int64
}

/// A ring of spans: when it is full the oldest go.
struct SpanBuffer {
    let capacity: Int
    private var spans: [Span] = []
    private var next = 0
    private var names: [String] = []
    private var numbers: [String: Int32] = [:]
    /// How many spans had to go.
    private(set) var dropped = 0

    init(capacity: Int) {
        self.capacity = capacity
        spans.reserveCapacity(min(capacity, 1 << 12))
    }

    mutating func number(of name: String) -> Int32 {
        if let number = numbers[name] { return number }
        names.append(name)
        numbers[name] = Int32(names.count - 1)
        return Int32(names.count - 1)
    }

    func name(_ span: Span) -> String { names[Int(span.name)] }

    mutating func append(_ span: Span) {
        if spans.count < capacity { return spans.append(span) }
        spans[next] = span
        next = (next + 1) % capacity
        dropped += 1
    }

    /// The number of spans.
    var count: Int { spans.count }

    /// Span `index`, from the oldest.
    subscript(index: Int) -> Span { spans[(next + index) % spans.count] }
}
