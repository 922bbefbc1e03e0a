// SPDX-License-Identifier: Apache-2.0
// What Open MPI leaves on a machine when its processes are killed: files of shared memory, and folders of its sessions.

import Foundation

/// Removes what dead jobs of this user have left, by name, and only what nobody has open.
///
/// `/dev/shm/vader_segment.HOST.USER.JOB.RANK` and `/dev/shm/osc_sm.HOST.JOB.…`, where JOB is in hexadecimal digits and its
/// upper half the same for all jobs of one mpirun; and `ompi.HOST.USER/pid.PID`, the folder of the mpirun of that number.
struct JobRemains {
    /// Where shared memory lies.
    var memory = "/dev/shm"
    /// Where Open MPI keeps its sessions.
    var sessions: String = {
        let environment = ProcessInfo.processInfo.environment
        let folder = ["TMPDIR", "TEMP", "TMP"].lazy.compactMap { environment[$0] }.first ?? "/tmp"
        return "\(folder)/ompi.\(JobRemains.host).\(geteuid())"
    }()

    /// This machine as Open MPI calls it: without its domain.
    static let host = String(ProcessInfo.processInfo.hostName.prefix { $0 != "." })

    /// The upper half of the numbers of an mpirun's jobs, which it keeps in its folder; nil while that is not there.
    func family(ofMpirun pid: Int32) -> UInt32? {
        guard let text = try? String(contentsOfFile: "\(sessions)/pid.\(pid)/contact.txt", encoding: .utf8),
            let job = UInt32(text.prefix { $0.isNumber })
        else { return nil }
        return job >> 16
    }

    /// Removes what the job of an mpirun has left that has ended.
    func remove(family: UInt32?, ofMpirun pid: Int32) {
        if let family { removeMemory { $0 == family } }
        removeSession(pid)
    }

    /// Removes what all jobs of this user have left of which no process is there any more.
    func removeOfDeadJobs() {
        removeMemory { _ in true }
        for name in names(in: sessions) where name.hasPrefix("pid.") {
            guard let pid = Int32(name.dropFirst(4)), kill(pid, 0) != 0, errno == ESRCH else { continue }
            // A folder this young may be of an mpirun that is only beginning, in a container that numbers its own processes.
            var status = stat()
            guard stat("\(sessions)/\(name)", &status) == 0, time(nil) - status.st_mtim.tv_sec > 10 else { continue }
            removeSession(pid)
        }
    }

    /// The upper half of the job's number in the name of a file of shared memory of this machine and user.
    static func family(ofMemory name: String, host: String = host, user: UInt32 = geteuid()) -> UInt32? {
        for prefix in ["vader_segment.\(host).\(user).", "osc_sm.\(host)."] where name.hasPrefix(prefix) {
            return UInt32(name.dropFirst(prefix.count).prefix { $0 != "." }, radix: 16).map { $0 >> 16 }
        }
        return nil
    }

    private func removeMemory(where isMeant: (UInt32) -> Bool) {
        for name in names(in: memory) {
            guard let family = JobRemains.family(ofMemory: name), isMeant(family) else { continue }
            JobRemains.withUnused("\(memory)/\(name)") { unlink($0) }
        }
    }

    private func removeSession(_ pid: Int32) {
        let folder = "\(sessions)/pid.\(pid)"
        guard let files = FileManager.default.enumerator(atPath: folder) else { return }
        // mpirun and its ranks map some of them as long as they live.
        for case let file as String in files {
            let path = "\(folder)/\(file)"
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { continue }
            guard JobRemains.withUnused(path, { _ in }) else { return }
        }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Calls `body` if the file at `path` is this user's and no process anywhere has it open for writing, or mapped so.
    ///
    /// The kernel grants a lease only then; it counts the open files, whatever machine or container their processes believe
    /// to be on.
    @discardableResult
    static func withUnused<T>(_ path: String, _ body: (String) -> T) -> Bool {
        let file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_IFMT == S_IFREG else {
            return false
        }
        // Whoever opens it meanwhile waits, and we are told with a signal that would end us.
        signal(SIGIO, SIG_IGN)
        let setLease: Int32 = 1024  // F_SETLEASE, which is Linux's own
        guard fcntl(file, setLease, Int32(F_RDLCK)) == 0 else { return false }
        _ = body(path)
        _ = fcntl(file, setLease, Int32(F_UNLCK))
        return true
    }

    private func names(in folder: String) -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    }
}
