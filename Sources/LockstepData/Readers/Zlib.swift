// SPDX-License-Identifier: Apache-2.0
// The only file that calls zlib: streams that inflate and deflate, and CRC-32.

import CZlib

/// A zlib inflating stream; ends the stream when it goes out of scope.
struct Inflater: ~Copyable {
    /// What one call of `step` came to.
    enum Outcome: Equatable {
        /// More input or more room for output is needed.
        case more
        /// The member is complete; that of gzip agrees with its checksum and length.
        case memberEnd
        /// zlib's words for what is wrong with the input.
        case damaged(String)
    }

    // zlib keeps a pointer back to the stream structure, so it must never move.
    private let stream: UnsafeMutablePointer<z_stream>

    /// What stands around the deflated bytes.
    enum Wrapping {
        /// A header of gzip before them, a checksum behind.
        case gzip
        /// Nothing, as in zip archives.
        case none
    }

    /// Fails when zlib cannot allocate its state. The corresponding zlib function is `inflateInit2`.
    init?(_ wrapping: Wrapping = .gzip) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        // 15 bits of window, + 16: a gzip header and nothing else; negative: no header at all.
        guard lsz_inflate_init(stream, wrapping == .gzip ? 15 + 16 : -15) == Z_OK else {
            stream.deallocate()
            return nil
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Inflates from `input` into `output`; `consumed` and `produced` say how far it came. The corresponding zlib
    /// function is `inflate`.
    mutating func step(
        _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer, consumed: inout Int,
        produced: inout Int
    ) -> Outcome {
        let available = min(input.count, Int(Int32.max))
        let room = min(output.count, Int(Int32.max))
        let source = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.next_in = source.map { UnsafeMutablePointer(mutating: $0) }
        stream.pointee.avail_in = UInt32(available)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(room)
        let code = inflate(stream, Z_NO_FLUSH)
        consumed = available - Int(stream.pointee.avail_in)
        produced = room - Int(stream.pointee.avail_out)
        switch code {
        case Z_OK, Z_BUF_ERROR: return .more
        case Z_STREAM_END: return .memberEnd
        default: return .damaged(stream.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)")
        }
    }

    /// Makes ready for the next member. The corresponding zlib function is `inflateReset`.
    mutating func reset() { inflateReset(stream) }
}

/// zlib's one-shot services.
enum Zlib {
    /// `bytes` as one gzip member, without name and time so that equal input gives equal output. `nil` only when out of
    /// memory. The corresponding zlib functions are `deflateInit2`, `deflateBound` and `deflate`.
    static func gzip(_ bytes: [UInt8], level: Int) -> [UInt8]? {
        var stream = z_stream()
        return withUnsafeMutablePointer(to: &stream) { stream -> [UInt8]? in
            guard lsz_deflate_init(stream, Int32(level), 15 + 16) == Z_OK else { return nil }
            defer { deflateEnd(stream) }
            let bound = Int(deflateBound(stream, UInt(bytes.count)))
            var complete = false
            let result = [UInt8](unsafeUninitializedCapacity: bound) { output, count in
                bytes.withUnsafeBufferPointer { input in
                    var taken = 0
                    repeat {
                        let piece = min(input.count - taken, 1 << 30)
                        let room = min(bound - count, 1 << 30)
                        stream.pointee.next_in = input.baseAddress.map { UnsafeMutablePointer(mutating: $0 + taken) }
                        stream.pointee.avail_in = UInt32(piece)
                        stream.pointee.next_out = output.baseAddress.map { $0 + count }
                        stream.pointee.avail_out = UInt32(room)
                        let code = deflate(stream, taken + piece == input.count ? Z_FINISH : Z_NO_FLUSH)
                        taken += piece - Int(stream.pointee.avail_in)
                        count += room - Int(stream.pointee.avail_out)
                        complete = code == Z_STREAM_END
                        if code != Z_OK && code != Z_STREAM_END { break }
                    } while !complete
                }
            }
            return complete ? result : nil
        }
    }

    /// CRC-32 (the one of gzip and PNG) of `bytes`, continued from `seed`. The corresponding zlib function is `crc32_z`.
    static func crc32(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
        guard let base = bytes.baseAddress else { return seed }
        return UInt32(truncatingIfNeeded: crc32_z(UInt(seed), base.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
}
