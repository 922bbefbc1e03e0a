// SPDX-License-Identifier: Apache-2.0
// `lockstep plan`: what more nodes would bring, before anyone queues for them.

import ArgumentParser
import Foundation
import Lockstep
import LockstepBench

/// Predicts the step of a case, or of a step that was measured elsewhere, on many nodes.
struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Predict time per step, efficiency and the best number of nodes.",
        discussion: """
            From the step of one rank, measured here (a case of bench) or given, and from the network between the nodes
            (lockstep doctor measures it on several). Gradients are summed after the backward pass: nothing hides anything else.
              lockstep plan gpt --nodes 256 --network 10G,25us
              lockstep plan --step 180 --parameters 25600000 --batch-size 64 --ranks-per-node 2 --network 100G,2us
            """)

    @Argument(help: ArgumentHelp("The case whose step is measured on one rank.", valueName: "case"))
    var choice: BenchmarkCase?

    @Option(help: ArgumentHelp("Instead of a case: milliseconds of one rank's step.", valueName: "ms"))
    var step: Double?

    @Option(help: ArgumentHelp("With --step: trained numbers of the model.", valueName: "n"))
    var parameters: Int?

    @Option(help: ArgumentHelp("Samples of one rank's step (default: the case's, else 1).", valueName: "n"))
    var batchSize: Int?

    @Option(help: ArgumentHelp("Samples of all ranks together, however many they are.", valueName: "n"))
    var globalBatch: Int?

    @Option(help: ArgumentHelp("The most nodes.", valueName: "n"))
    var nodes = 1024

    @Option(help: ArgumentHelp("Ranks on each node.", valueName: "k"))
    var ranksPerNode = 1

    @Option(
        help: ArgumentHelp(
            "Bits a second of each node, and how long a message takes.", valueName: "10G,25us"))
    var network = "10G,25us"

    @Flag(help: "Print one line of JSON.")
    var json = false

    @OptionGroup var compression: CompressionOption

    func validate() throws {
        guard (choice == nil) == (step != nil), (step != nil) == (parameters != nil) else {
            throw ValidationError("name a case, or give both --step and --parameters")
        }
        if let step, !(step > 0 && step.isFinite) {
            throw ValidationError("--step \(step): must be more than 0 milliseconds")
        }
        for (name, value, most) in [
            ("--parameters", parameters, 1 << 50), ("--batch-size", batchSize, 65_536),
            ("--global-batch", globalBatch, 1 << 40),
            ("--nodes", nodes, 1 << 20), ("--ranks-per-node", ranksPerNode, 4096),
        ] {
            if let value, !(1...most).contains(value) {
                throw ValidationError("\(name) \(value): must be between 1 and \(most)")
            }
        }
        if LinkSpeed(text: network) == nil {
            throw ValidationError(
                "--network \(network): must be a rate in bits and a time, such as 10G,25us or 100M,1ms")
        }
    }

    func run() throws {
        guard let speed = LinkSpeed(text: network) else { return }
        let (seconds, count, samples) = try measured()
        let model = StepModel(
            compute: seconds, parameterCount: count, ranksPerNode: ranksPerNode, compression: compression.value,
            network: speed)
        let plan = StepPlan(model, batchSize: samples, globalBatch: globalBatch, upTo: nodes)
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return try say(String(decoding: try encoder.encode(plan), as: UTF8.self))
        }
        try say("one rank: \(Int((seconds * 1e6).rounded())) µs per step of \(samples) samples, \(count) parameters")
        try say(plan.markdown, terminator: "")
        let (best, percent) = (plan.best, Int((plan.best.efficiency * 100).rounded()))
        let nodes = "\(best.nodes) node\(best.nodes == 1 ? "" : "s")"
        let sentence =
            if globalBatch != nil { "more are not a hundredth faster (\(percent) %)" } else if best.efficiency < 0.5 {
                "more than half of the step is waiting there already (efficiency \(percent) %)"
            } else { "the most in this table of which no more than half is waiting (\(percent) %)" }
        try say("\(nodes): \(sentence)")
    }

    /// Seconds of one rank's step, trained numbers, samples.
    private func measured() throws -> (Double, Int, Int) {
        if let step, let parameters { return (step * 1e-3, parameters, batchSize ?? 1) }
        guard let choice else { return (0, 0, 0) }
        let task = Benchmark(choice, batchSize: batchSize)
        let result = try task.run(over: SoloCommunicator())
        return (result.milliseconds * 1e-3, result.parameterCount, task.batchSize)
    }
}
