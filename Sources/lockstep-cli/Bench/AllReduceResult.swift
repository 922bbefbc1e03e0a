// SPDX-License-Identifier: Apache-2.0
// One size of `lockstep bench allreduce`, for people and for programs.

import Foundation

/// How long a reduction of one size takes, four ways.
struct AllReduceResult {
    /// Seconds of the slowest rank.
    struct Time {
        var best: Double
        var median: Double
    }
    var ranks: Int
    var bytes: Int
    /// Whether ranks read each other's memory.
    var isShared: Bool
    /// Ours, in place, to the weighted mean.
    var reduce = Time(best: 0, median: 0)
    /// `MPI_Allreduce` of everything in one call; nil without MPI.
    var mpi: Time?
    /// `MPI_Allreduce` in pieces of 1 MiB.
    var pieces: Time?
    /// Every rank copying as many bytes at the same time: the traffic that a reduction in place needs at least.
    var copy = Time(best: 0, median: 0)

    /// How many times faster than `other`, by medians.
    private func ratio(_ other: Time?) -> Double? { other.map { $0.median / reduce.median } }
    /// The part of the copy bandwidth that the reduction reaches.
    var shareOfCopy: Double { copy.median / reduce.median }

    static let header = """
        Microseconds of the slowest rank, median (best); data is fresh before every call.
            size         lockstep in place             MPI_Allreduce      in 1 MiB pieces         copy    ×MPI  ×pieces  of copy
        """

    var row: String {
        func cell(_ time: Time?) -> String {
            time.map { String(format: "%.1f (%.1f)", $0.median * 1e6, $0.best * 1e6) } ?? "-"
        }
        func times(_ ratio: Double?) -> String { ratio.map { String(format: "%.2f", $0) } ?? "-" }
        let size = bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
        let cells = [
            (size, 8), (cell(reduce), 26), (cell(mpi), 26), (cell(pieces), 21),
            (String(format: "%.1f", copy.median * 1e6), 13), (times(ratio(mpi)), 8), (times(ratio(pieces)), 9),
            (String(format: "%.0f %%", shareOfCopy * 100), 9),
        ]
        return cells.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined()
    }

    var json: String {
        func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "null" }
        func fields(_ name: String, _ time: Time?) -> String {
            "\"\(name)_us\": \(number(time.map { $0.median * 1e6 })), \"\(name)_best_us\": \(number(time.map { $0.best * 1e6 }))"
        }
        return "{\"bench\": \"allreduce\", \"ranks\": \(ranks), \"bytes\": \(bytes), \"shared\": \(isShared), "
            + [fields("lockstep", reduce), fields("mpi", mpi), fields("mpi_pieces", pieces), fields("copy", copy)]
            .joined(separator: ", ")
            + ", \"times_mpi\": \(number(ratio(mpi))), \"times_mpi_pieces\": \(number(ratio(pieces))), \"share_of_copy\": \(number(shareOfCopy))}"
    }
}
