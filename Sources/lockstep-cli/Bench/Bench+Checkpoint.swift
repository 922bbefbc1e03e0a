// SPDX-License-Identifier: Apache-2.0
// `lockstep bench checkpoint`: what a checkpoint costs the steps beside it, and in PyTorch.

import Foundation
import Lockstep
import LockstepBench

extension Bench {
    /// On one rank or several; PyTorch on one.
    func runCheckpoint() throws {
        let bench = CheckpointBench(width: width ?? 4096, steps: batches ?? 60)
        let (json, python, script) = (json, peers.peers, peers.peerScripts + "/checkpoint_peer.py")
        if python != nil { try Failure.requireReadable(script, option: "--peer-scripts") }
        let words = ["\(width ?? 4096)", "\(batches ?? 60)"]
        try ranks.run { communicator in
            let result = try bench.run(over: communicator)
            guard communicator.isRankZero else { return }
            try say(json ? result.json : result.text)
            guard let python else { return }
            for line in try Self.lines([python, script] + words) {
                guard !json else {
                    try say(line)
                    continue
                }
                guard let found = try? JSONDecoder().decode(CheckpointPeer.self, from: Data(line.utf8)) else {
                    continue
                }
                try say(found.text)
            }
        }
    }

    /// What a program prints.
    /// - Throws: ``Failure`` when it fails.
    private static func lines(_ words: [String]) throws -> [String] {
        let (child, output) = (Process(), Pipe())
        child.executableURL = URL(filePath: "/usr/bin/env")
        child.arguments = words
        child.standardOutput = output
        try child.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        child.waitUntilExit()
        guard child.terminationStatus == 0 else {
            throw Failure(
                description: "\(words.joined(separator: " ")): ended with \(child.terminationStatus)", code: 1)
        }
        return data.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    }
}

/// What `checkpoint_peer.py` says of one way to save; seconds.
private struct CheckpointPeer: Decodable {
    let name: String
    let snapshot, step, write: Double
    /// Nil where steps wait until all is written.
    let besideWrite: Double?

    var text: String {
        func ms(_ seconds: Double) -> String { String(format: "%.1f ms", seconds * 1000) }
        let beside = besideWrite.map {
            ", while one is written \(ms($0)): ratio \(String(format: "%.3f", $0 / step))"
        }
        let seconds = String(format: "%.2f", write)
        return
            "\(name): a step is late by \(ms(snapshot)); a step takes \(ms(step))\(beside ?? ""); written in \(seconds) s"
    }
}
