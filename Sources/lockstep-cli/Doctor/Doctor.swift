// SPDX-License-Identifier: Apache-2.0
// `lockstep doctor`: what this machine has, what was chosen for it, and what should be changed.

import ArgumentParser
import Foundation
import Lockstep

/// Looks at processor, libraries, MPI and shared memory.
struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show what this machine has and what was chosen for it.",
        discussion:
            "Starts two ranks under mpirun to see whether they reach each other. Under mpirun it reports on those.")

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: .hidden)
    var probe = false

    func run() throws {
        let ranks = try World.current()
        if probe || ranks.size > 1 {
            let transport = TransportFacts(try TransportReport.collect(over: ranks))
            guard ranks.isRankZero else { return }
            if probe { return try say(transport.json) }
            try show(DoctorReport(transport))
        } else {
            try show(DoctorReport(TransportProbe.run()))
        }
    }

    private func show(_ report: DoctorReport) throws { try say(json ? try report.json : report.text) }
}
