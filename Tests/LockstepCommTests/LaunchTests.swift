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

    @Test(
        "the body of a batch job runs alone and says how not to",
        arguments: [
            (["SLURM_JOB_ID": "7", "SLURM_NTASKS": "4"], "Slurm job has 4 tasks"),
            (["PBS_JOBID": "7.host", "PBS_NP": "8"], "PBS job has 8 slots"),
            (["PE_HOSTFILE": "/var/spool/x", "NSLOTS": "3"], "Grid Engine job has 3 slots"),
            (["LSB_JOBID": "7", "LSB_DJOB_NUMPROC": "2"], "LSF job has 2 slots"),
        ])
    func batch(environment: [String: String], text: String) throws {
        guard case .solo(let hint?) = try Launch.decide(environment) else {
            Issue.record("no hint")
            return
        }
        #expect(hint.contains(text))
    }

    @Test("variables of a batch system outside of a job mean nothing")
    func noJob() throws {
        #expect(try Launch.decide(["NSLOTS": "4", "PBS_NP": "4", "LSB_DJOB_NUMPROC": "4"]) == .solo(hint: nil))
    }

    @Test("a rank of mpirun within a batch job is a rank, also where srun started mpirun")
    func nested() throws {
        let environment = ["OMPI_COMM_WORLD_SIZE": "2", "SLURM_STEP_NUM_TASKS": "4", "PMI_SIZE": "4", "NSLOTS": "4"]
        #expect(try Launch.decide(environment) == .mpi(promisedSize: 2))
    }

    @Test("ranks can be adopted only from a program that runs MPI")
    func adopt() throws {
        _ = try World.current()
        let error = #expect(throws: CommunicatorError.self) { try World.adopt() }
        #expect(error?.code == .launch)
    }

    @Test("without a launcher the world is one rank and MPI stays asleep")
    func current() throws {
        let world = try World.current()
        #expect(world is SoloCommunicator)
        #expect(try World.current() === world)
    }
}
