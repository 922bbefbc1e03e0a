// SPDX-License-Identifier: Apache-2.0
// A program that runs MPI itself: ours joins its ranks and leaves its MPI alone.

import CMPI
import Glibc
import Lockstep

/// What `lockstep-rank-tests --adopt` does: start MPI, hand over part of the ranks, go on with MPI afterwards, finalise.
enum HostProgram {
    /// Ends the program, with "1 passed, 0 failed" from the host's rank 0 when all was right.
    static func run() -> Never {
        var (level, rank, size): (CInt, CInt, CInt) = (0, 0, 0)
        guard cmpi_init_multiple(&level) == 0 else { exit(1) }
        _ = cmpi_comm_rank(cmpi_comm_world(), &rank)
        _ = cmpi_comm_size(cmpi_comm_world(), &size)
        do {
            // Backwards, so that the communicator given is seen to be used, not MPI's own.
            var reversed: cmpi_handle = 0
            guard cmpi_comm_split(cmpi_comm_world(), 0, -rank, &reversed) == 0 else { exit(1) }
            let ranks = try World.adopt(mpi: reversed)
            try expect(ranks.rank == Int(size - 1 - rank), "rank \(rank) of the host is rank \(ranks.rank)")
            try expect(try World.current() === ranks, "there is another world")
            let sum = try ranks.allReduce(Double(ranks.rank))
            try expect(sum == Double(size * (size - 1) / 2), "the sum is \(sum)")
            let isRefused = (try? World.adopt()) == nil
            try expect(isRefused, "ranks can be adopted twice")
            let x = Tensor.linspace(-1, 1, count: 60).reshaped([60, 1])
            let data = DataLoader(TensorDataset(inputs: [x], targets: [x * 2]), batchSize: 6)
            let learner = Learner(
                dls: DataLoaders(data, data), model: Sequential { Linear(1, 1) }, loss: .mse, optimizer: .sgd(),
                lr: 0.1,
                defaultCallbacks: .core)
            try learner.withoutLogging { try learner.distributed { try learner.fit(1) } }
        } catch {
            Console.standardError.write("✗ adopting a host's ranks, rank \(rank): \(error)\n")
            _ = cmpi_abort(cmpi_comm_world(), 1)
            exit(1)
        }
        // The host's MPI is as it was: it still works, and is the host's to finalise.
        var (value, isFinalised): (Float, CInt) = (1, 1)
        let works = cmpi_allreduce_in_place(&value, 1, CInt(CMPI_FLOAT32), CInt(CMPI_SUM), cmpi_comm_world()) == 0
        _ = cmpi_finalized(&isFinalised)
        let isRight = works && value == Float(size) && isFinalised == 0 && cmpi_finalize() == 0
        if rank == 0 { Console.standardOutput.write(isRight ? "1 passed, 0 failed\n" : "0 passed, 1 failed\n") }
        exit(isRight ? 0 : 1)
    }

    private struct Difference: Error, CustomStringConvertible { let description: String }

    private static func expect(_ holds: Bool, _ otherwise: String) throws {
        if !holds { throw Difference(description: otherwise) }
    }
}
