// SPDX-License-Identifier: Apache-2.0
// What ranks found out about reaching each other, in a form that a probing process can send.

import Foundation
import Lockstep

/// A `TransportReport`, or why there is none.
struct TransportFacts: Codable, Sendable {
    var ranks = 0
    var nodes = 0
    /// MPI's own words.
    var library: String?
    var sharedWindowWorks = false
    /// Through what ranks share memory.
    var sharedMemory = "none"
    /// Of an agreement of all ranks.
    var agreementNanoseconds = 0
    var suggestedThreadsPerRank = 0
    /// Between nodes, where there are several: seconds of a message, bytes a second each way.
    var latency: Double?
    var bytesPerSecond: Double?
    /// One sentence with the remedy when ranks could not be started.
    var problem: String?

    init(_ report: TransportReport) {
        (ranks, nodes, library) = (report.size, report.placement.nodeCount, report.mpiVersion)
        (sharedWindowWorks, agreementNanoseconds) = (report.sharedMemoryWorks, report.agreementNanoseconds)
        sharedMemory = report.sharedMemory
        suggestedThreadsPerRank = report.suggestedThreadsPerRank
        (latency, bytesPerSecond) = (report.network?.latency, report.network?.bytesPerSecond)
    }

    init(problem: String) { self.problem = problem }

    /// One line.
    var json: String {
        get throws { String(decoding: try JSONEncoder().encode(self), as: UTF8.self) }
    }
}

/// Two ranks that are started for the purpose.
enum TransportProbe {
    static func run() -> TransportFacts {
        let words: [String]
        do { words = try Launcher.command(ranks: 2, running: [Launcher.programPath, "doctor", "--probe"]) } catch {
            return TransportFacts(problem: error.description)
        }
        let (child, output, errors) = (Process(), Pipe(), Pipe())
        child.executableURL = URL(filePath: words[0])
        child.arguments = Array(words.dropFirst())
        child.environment = ProcessInfo.processInfo.environment
            .merging(Mpirun.environment.merging(["TERM": "dumb"]) { $1 }) { own, _ in own }
        (child.standardOutput, child.standardError) = (output, errors)
        do { try child.run() } catch {
            return TransportFacts(problem: "\(words[0]) cannot be started: \(error.localizedDescription)")
        }
        // A launcher that waits for ever, as for a name server, must not take the doctor with it.
        let alarm = DispatchWorkItem { child.terminate() }
        DispatchQueue.global().asyncAfter(deadline: .now() + 30, execute: alarm)
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = errors.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        alarm.cancel()
        if child.terminationStatus == 0, let facts = try? JSONDecoder().decode(TransportFacts.self, from: text) {
            return facts
        }
        let complaints = String(decoding: complaint, as: UTF8.self).split(separator: "\n").filter {
            !$0.hasPrefix("---")
        }
        return TransportFacts(
            problem:
                "mpirun -n 2 ended with status \(child.terminationStatus): \(complaints.prefix(4).joined(separator: " "))"
        )
    }
}
