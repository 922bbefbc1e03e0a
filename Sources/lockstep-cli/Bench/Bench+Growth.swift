// SPDX-License-Identifier: Apache-2.0
// `lockstep bench growth`: how time and memory grow with the work.

import Foundation
import Lockstep
import LockstepBench

extension Bench {
    /// Every size in a program of its own, so that memory is the size's; a cost that grows faster than its work is a failure.
    func runGrowth() throws {
        if let growthPart = growthPart.flatMap(GrowthCase.init) {
            let folder = NSTemporaryDirectory() + "lockstep-growth-\(UInt32.random(in: 0 ... .max))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            return try say(growthPart.run(size: growthSize ?? growthPart.sizes[0], folder: folder).json)
        }
        try Output.check("--report", folder: peers.report)
        let script = peers.peerScripts + "/growth_peer.py"
        if peers.peers != nil { try Failure.requireReadable(script, option: "--peer-scripts") }
        var report = GrowthReport([])
        for work in GrowthCase.allCases where only.isEmpty || only.contains(work.rawValue) {
            var series = GrowthSeries(work)
            for size in work.sizes {
                Console.standardError.write("\(work.rawValue): \(size)\n")
                let own = ["bench", "growth", "--growth-part", work.rawValue, "--growth-size", "\(size)"]
                guard let point = Self.point([Launcher.programPath] + own) else {
                    throw Failure(description: "bench growth: \(work.rawValue) of \(size) failed", code: 1)
                }
                series.points.append(point)
                // Peers that take minutes for a size have said enough.
                if let python = peers.peers, series.peer.last.map({ $0.seconds < 30 }) ?? true,
                    let point = Self.point([python, script, work.rawValue, "\(size)"])
                {
                    series.peer.append(point)
                }
            }
            report.series.append(series)
            try write(report)
        }
        try say(report.markdown, terminator: "")
        try say("report: \(peers.report)/growth.md, growth.json, growth.svg")
        guard report.beyond.isEmpty else {
            let names = report.beyond.map(\.rawValue).joined(separator: ", ")
            throw Failure(description: "costs grow faster than the work: \(names)", code: 1)
        }
    }

    /// What a program prints in its last line; nil where it fails or does no such work.
    private static func point(_ words: [String]) -> GrowthPoint? {
        let (child, output) = (Process(), Pipe())
        child.executableURL = URL(filePath: "/usr/bin/env")
        child.arguments = words
        child.standardOutput = output
        guard (try? child.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        let line = data.split(separator: UInt8(ascii: "\n")).last { $0.first == UInt8(ascii: "{") }
        return line.flatMap { try? JSONDecoder().decode(GrowthPoint.self, from: Data($0)) }
    }

    private func write(_ report: GrowthReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try Output.write(report.markdown, to: "\(peers.report)/growth.md")
        try Output.write(String(decoding: encoder.encode(report), as: UTF8.self), to: "\(peers.report)/growth.json")
        try Output.write(report.plot.svg(width: 520, height: 320), to: "\(peers.report)/growth.svg")
    }
}
