// SPDX-License-Identifier: Apache-2.0
// What the launcher has promised, read from the environment before MPI is started.

/// How a program was started.
public enum Launch: Sendable, Hashable {
    /// A single process; the hint says what to do if that was not meant.
    case solo(hint: String?)
    /// A rank of an MPI job of `promisedSize` ranks, where the launcher says how many.
    case mpi(promisedSize: Int?)

    /// Reads the launcher's variables. Pure, so that every launcher can be tested.
    ///
    /// Several launchers can start n processes that MPI would not connect: each would train alone, as rank 0 of 1, or die
    /// within `MPI_Init`. These are errors here, with the remedy.
    public static func decide(_ environment: [String: String]) throws -> Launch {
        func number(_ name: String) -> Int? { environment[name].flatMap(Int.init) }
        if let size = number("OMPI_COMM_WORLD_SIZE") { return .mpi(promisedSize: size) }
        if environment["PMIX_RANK"] != nil { return .mpi(promisedSize: number("SLURM_STEP_NUM_TASKS")) }
        if let tasks = number("SLURM_STEP_NUM_TASKS"), tasks > 1 {
            throw CommunicatorError(
                .launch,
                "srun started \(tasks) tasks without PMIx, so MPI cannot connect them. Start with `srun --mpi=pmix` (`srun --mpi=list` shows what this Slurm has), or with `mpirun` inside the allocation."
            )
        }
        for (variable, launcher) in [
            ("PMI_SIZE", "a PMI launcher (MPICH, Intel MPI, or srun --mpi=pmi2)"), ("MV2_COMM_WORLD_SIZE", "MVAPICH"),
        ] {
            if let size = number(variable), size > 1 {
                throw CommunicatorError(
                    .launch,
                    "\(launcher) started \(size) processes (\(variable)=\(size)), but this program is built with Open MPI, which would not connect them. Use Open MPI's mpirun, or `srun --mpi=pmix`."
                )
            }
        }
        if environment["TORCHELASTIC_RUN_ID"] != nil, let size = number("WORLD_SIZE"), size > 1 {
            throw CommunicatorError(
                .launch,
                "torchrun started \(size) processes (WORLD_SIZE=\(size)); this program needs `mpirun -n \(size)`.")
        }
        if environment["SLURM_JOB_ID"] != nil, let tasks = number("SLURM_NTASKS"), tasks > 1 {
            return .solo(
                hint:
                    "this Slurm job has \(tasks) tasks, but the program was started directly and runs as one process. Use `srun --mpi=pmix` or `mpirun` for all of them."
            )
        }
        for (variable, mark, system) in [
            ("PBS_NP", "PBS_JOBID", "PBS"), ("NSLOTS", "PE_HOSTFILE", "Grid Engine"),
            ("LSB_DJOB_NUMPROC", "LSB_JOBID", "LSF"),
        ] {
            if environment[mark] != nil, let slots = number(variable), slots > 1 {
                return .solo(
                    hint:
                        "this \(system) job has \(slots) slots, but the program was started directly and runs as one process. Use `mpirun` for all of them."
                )
            }
        }
        return .solo(hint: nil)
    }
}
