// SPDX-License-Identifier: Apache-2.0
// One job at a time in a folder.

import Foundation
import Glibc

/// A folder that a program works in. Held until it is let go of, or the program ends.
///
/// The lock is the kernel's (`flock`), so that a killed program leaves none behind; the file says who holds it. Where the
/// file system has no such locks, who the file names counts: until that process is seen to be gone, or its job is started again.
package final class FolderLock {
    /// Who works in a folder.
    package struct Holder: Equatable {
        package var host: String
        package var process: Int32
        /// The batch system's number of the job; empty without one.
        package var job: String

        /// This program.
        package static var own: Holder {
            let environment = ProcessInfo.processInfo.environment
            let array = environment["SLURM_ARRAY_JOB_ID"].flatMap { id in
                environment["SLURM_ARRAY_TASK_ID"].map { "\(id)_\($0)" }
            }
            let job = array ?? environment["SLURM_JOB_ID"] ?? environment["PBS_JOBID"] ?? ""
            return Holder(host: ProcessInfo.processInfo.hostName, process: getpid(), job: job)
        }

        fileprivate var text: String { "\(host) \(process) \(job)\n" }

        fileprivate init?(_ text: String) {
            let words = text.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, let process = Int32(words[1]) else { return nil }
            self.init(host: String(words[0]), process: process, job: words.count > 2 ? String(words[2]) : "")
        }

        fileprivate init(host: String, process: Int32, job: String) {
            (self.host, self.process, self.job) = (host, process, job)
        }

        /// Whether it is known to be gone: only of this machine's processes is that seen.
        fileprivate var isGone: Bool {
            let own = Holder.own
            // A batch system runs a job once at a time.
            if !job.isEmpty, job == own.job, (host, process) != (own.host, own.process) { return true }
            return host == own.host && kill(process, 0) != 0 && errno == ESRCH
        }

        fileprivate var words: String { "process \(process) on \(host)" + (job.isEmpty ? "" : " (job \(job))") }
    }

    /// The file that is locked.
    package static let name = ".lock"
    private let descriptor: Int32

    /// Locks `folder`, which is there.
    ///
    /// - Parameter patience: Seconds to wait for a holder that may be about to end: ranks of a killed job take a moment.
    /// - Throws: `DataError` (`.unwritable`) that says who works there, or why no lock can be had.
    package init(_ folder: String, patience: Double = 10) throws(DataError) {
        let path = "\(folder)/\(FolderLock.name)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw DataError(.unwritable, file: path, systemWords("cannot be opened"))
        }
        var waited = 0.0
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let holder = FolderLock.holder(inFile: path)
            guard errno == EWOULDBLOCK || errno == EINTR else {
                // No locks here: what the file says must do.
                if holder.map({ $0.isGone || $0 == .own }) ?? true { break }
                close(descriptor)
                throw FolderLock.isHeld(folder, by: holder)
            }
            guard waited < patience else {
                close(descriptor)
                throw FolderLock.isHeld(folder, by: holder)
            }
            usleep(50_000)
            waited += 0.05
        }
        let text = Array(Holder.own.text.utf8)
        guard ftruncate(descriptor, 0) == 0, lseek(descriptor, 0, SEEK_SET) == 0,
            Descriptor.write(text, to: descriptor)
        else {
            let error = DataError(.unwritten, file: path, systemWords("cannot be written"))
            close(descriptor)
            throw error
        }
        // Last: what is refused has nothing to let go of.
        self.descriptor = descriptor
    }

    deinit {
        ftruncate(descriptor, 0)
        close(descriptor)
    }

    /// Who a lock's file says works there, or did last.
    package static func holder(inFile path: String) -> Holder? {
        let kept = errno
        defer { errno = kept }
        return (try? Files.read(path, limit: 4096)).flatMap { Holder(String(decoding: $0, as: UTF8.self)) }
    }

    private static func isHeld(_ folder: String, by holder: Holder?) -> DataError {
        DataError(
            .unwritable, file: folder, "\(holder?.words ?? "another program") works in this folder",
            remedy: "Wait for its end, or name another folder; if it is known to be gone, remove \(folder)/\(name)")
    }
}
