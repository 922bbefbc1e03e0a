// SPDX-License-Identifier: Apache-2.0
// The decision table: what each launcher leaves in the environment, and what we make of it.
import LockstepComm
import Testing

@Suite("Launch")
struct LaunchTests {
    @Test(
        "launchers whose ranks MPI connects",
        arguments: [
            (["OMPI_COMM_WORLD_SIZE": "4", "SLURM_JOB_ID": "1", "SLURM_NTASKS": "4"], Launch.mpi(promisedSize: 4)),
            (["PMIX_RANK": "0", "SLURM_STEP_NUM_TASKS": "8"], .mpi(promisedSize: 8)),
            (["PMIX_RANK": "0"], .mpi(promisedSize: nil)),
            ([:], .solo(hint: nil)),
            (["SLURM_JOB_ID": "7", "SLURM_NTASKS": "1"], .solo(hint: nil)),
            (["SLURM_STEP_NUM_TASKS": "1", "PMI_SIZE": "1"], .solo(hint: nil)),
        ])
    func decisions(environment: [String: String], launch: Launch) throws {
        #expect(try Launch.decide(environment) == launch)
    }

    @Test(
        "launchers that would start n programs of one rank are refused, with the remedy",
        arguments: [
            (["SLURM_STEP_NUM_TASKS": "4", "SLURM_JOB_ID": "1"], "srun --mpi=pmix"),
            (["PMI_SIZE": "2"], "Open MPI's mpirun"),
            (["MV2_COMM_WORLD_SIZE": "2"], "MVAPICH"),
            (["TORCHELASTIC_RUN_ID": "x", "WORLD_SIZE": "2"], "mpirun -n 2"),
        ])
    func refusals(environment: [String: String], remedy: String) {
        let error = #expect(throws: CommunicatorError.self) { try Launch.decide(environment) }
        #expect(error?.code == .launch)
        #expect(error?.message.contains(remedy) == true)
    }

    @Test("the body of a batch job runs alone and says how not to")
    func batch() throws {
        guard case .solo(let hint?) = try Launch.decide(["SLURM_JOB_ID": "7", "SLURM_NTASKS": "4"]) else {
            Issue.record("no hint")
            return
        }
        #expect(hint.contains("4 tasks"))
    }

    @Test("without a launcher the world is one rank and MPI stays asleep")
    func current() throws {
        let world = try World.current()
        #expect(world is SoloCommunicator)
        #expect(try World.current() === world)
    }
}
