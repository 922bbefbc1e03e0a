// SPDX-License-Identifier: Apache-2.0
// One size of `lockstep bench allreduce`, for people and for programs.

import Foundation

/// How long a reduction of one size takes, each way.
struct AllReduceResult: Codable, Equatable {
    /// Seconds of the slowest rank.
    struct Time: Codable, Equatable {
        var best: Double
        var median: Double
    }
    var ranks: Int
    var bytes: Int
    /// Whether ranks read each other's memory.
    var isShared: Bool
    /// Ours, in place, to the weighted mean.
    var reduce: Time?
    /// `MPI_Allreduce` of everything in one call; nil without MPI.
    var mpi: Time?
    /// `MPI_Allreduce` in pieces of 1 MiB.
    var pieces: Time?
    /// `MPI_Allreduce` without CMA, the kernel's copy from one process to another.
    var mpiWithoutCMA: Time?
    /// Both: pieces, and no CMA.
    var piecesWithoutCMA: Time?
    /// `torch.distributed` over Gloo.
    var gloo: Time?
    /// Every rank copying as many bytes at the same time: the traffic that a reduction in place needs at least.
    var copy: Time?

    /// How many times faster ours is than `other`, by medians.
    private func ratio(_ other: Time?) -> Double? {
        guard let other, let reduce else { return nil }
        return other.median / reduce.median
    }
    /// The fastest way of calling MPI other than in one call as it comes.
    var bestTuned: Time? {
        [pieces, mpiWithoutCMA, piecesWithoutCMA].compactMap { $0 }.min { $0.median < $1.median }
    }
    /// The part of the copy bandwidth that the reduction reaches.
    var shareOfCopy: Double? { ratio(copy) }

    /// Takes over what another program has measured for the same size.
    mutating func add(withoutCMA other: AllReduceResult) {
        (mpiWithoutCMA, piecesWithoutCMA) = (other.mpi, other.pieces)
    }

    // MARK: For people

    static let header = """
        Microseconds of the slowest rank, medians; data is fresh before every call.
                    lockstep   MPI_All-    in 1 MiB    without   pieces and                  copy at          × best           of copy
            size    in place     reduce      pieces        CMA       no CMA       Gloo     same time    × MPI  tuned   × Gloo  bandwidth
        """

    var row: String {
        func cell(_ time: Time?) -> String { time.map { String(format: "%.1f", $0.median * 1e6) } ?? "-" }
        func times(_ ratio: Double?) -> String { ratio.map { String(format: "%.1f", $0) } ?? "-" }
        let size = bytes < 1 << 20 ? "\(bytes >> 10) KiB" : "\(bytes >> 20) MiB"
        let cells = [
            (size, 8), (cell(reduce), 12), (cell(mpi), 11), (cell(pieces), 12), (cell(mpiWithoutCMA), 11),
            (cell(piecesWithoutCMA), 13), (cell(gloo), 11), (cell(copy), 14), (times(ratio(mpi)), 9),
            (times(ratio(bestTuned)), 7), (times(ratio(gloo)), 9),
            (shareOfCopy.map { String(format: "%.0f %%", $0 * 100) } ?? "-", 11),
        ]
        return cells.map { String(repeating: " ", count: max(0, $0.1 - $0.0.count)) + $0.0 }.joined()
    }

    // MARK: For programs

    /// One line: microseconds, medians and best; null where something was not measured.
    var json: String {
        func number(_ value: Double?) -> String { value.map { String(format: "%.3f", $0) } ?? "null" }
        let times = [
            ("lockstep", reduce), ("mpi", mpi), ("mpi_pieces", pieces), ("mpi_no_cma", mpiWithoutCMA),
            ("mpi_pieces_no_cma", piecesWithoutCMA), ("gloo", gloo), ("copy", copy),
        ].map { name, time in
            "\"\(name)_us\": \(number(time.map { $0.median * 1e6 })), \"\(name)_best_us\": \(number(time.map { $0.best * 1e6 }))"
        }
        let bandwidth = copy.map { Double(bytes) / $0.median * 1e-9 }
        let ratios = [
            ("copy_gb_per_s", bandwidth), ("times_mpi", ratio(mpi)), ("times_mpi_pieces", ratio(pieces)),
            ("times_best_tuned", ratio(bestTuned)), ("times_gloo", ratio(gloo)), ("share_of_copy", shareOfCopy),
        ].map { "\"\($0.0)\": \(number($0.1))" }
        return "{\"bench\": \"allreduce\", \"ranks\": \(ranks), \"bytes\": \(bytes), \"shared\": \(isShared), "
            + (times + ratios).joined(separator: ", ") + "}"
    }
}
