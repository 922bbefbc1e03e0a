// SPDX-License-Identifier: Apache-2.0
// `lockstep bench scaling`: how cost grows with the batch, the width, the ranks and the threads.

import Foundation
import Lockstep
import LockstepBench

extension Bench {
    /// Every point of every series in a program of its own, round after round, so that a busy minute hits all alike.
    func runScaling() throws {
        try Output.check("--report", folder: peers.report)
        let cores = ProcessInfo.processInfo.activeProcessorCount
        var report = ScalingReport(ScalingSeries.all, cores: cores)
        for round in 0..<peers.rounds {
            for (index, series) in report.series.enumerated() {
                for (place, point) in series.points.enumerated() {
                    Console.standardError.write("round \(round + 1): \(point.command)\n")
                    report.series[index].points[place].rounds.append(try Self.measure(point.command))
                }
            }
            try write(report)
        }
        try say(report.markdown, terminator: "")
        try say("report: \(peers.report)/scaling.md, scaling.json, scaling-*.svg")
    }

    /// Runs a command of a series with `--json` and returns its samples per second.
    private static func measure(_ command: String) throws -> Double {
        var words = command.split(separator: " ").map(String.init)
        let child = Process()
        child.executableURL = URL(filePath: Launcher.programPath)
        child.environment = ProcessInfo.processInfo.environment
        while let setting = words.first, setting.contains("=") {
            let parts = setting.split(separator: "=", maxSplits: 1).map(String.init)
            child.environment?[parts[0]] = parts[1]
            words.removeFirst()
        }
        child.arguments = words.dropFirst() + ["--json"]
        let output = Pipe()
        child.standardOutput = output
        try child.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        let line = data.split(separator: UInt8(ascii: "\n")).last { $0.first == UInt8(ascii: "{") }
        guard child.terminationStatus == 0, let line,
            let found = try? JSONDecoder().decode(StepMeasurement.self, from: Data(line))
        else { throw Failure(description: "\(command) failed", code: max(1, child.terminationStatus)) }
        return found.samplesPerSecond
    }

    private func write(_ report: ScalingReport) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try Output.write(report.markdown, to: "\(peers.report)/scaling.md")
        try Output.write(String(decoding: encoder.encode(report), as: UTF8.self), to: "\(peers.report)/scaling.json")
        for axis in ScalingSeries.Axis.allCases {
            let svg = report.plot(axis).svg(width: 520, height: 320)
            try Output.write(svg, to: "\(peers.report)/scaling-\(axis.fileName).svg")
        }
    }
}
