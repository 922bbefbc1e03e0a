// SPDX-License-Identifier: Apache-2.0
// What more nodes would bring: the terms of a step, the table, and the words that are refused.

import Foundation
import Lockstep
import Testing

@testable import LockstepBench

@Suite("Plan") struct PlanTests {
    private func model(ranksPerNode: Int = 1, _ compression: GradientCompression = .none) -> StepModel {
        // A million parameters are 4 MB; 1 MB takes a tenth of a second.
        StepModel(
            compute: 0.1, parameterCount: 1_000_000, ranksPerNode: ranksPerNode, compression: compression,
            network: LinkSpeed(latency: 1e-3, bytesPerSecond: 10e6))
    }

    @Test("a step is what one rank computes, and on several nodes its gradients over the network")
    func terms() {
        #expect(model().step(nodes: 1) == 0.1)
        // 4 MB at 10 MB/s; three messages one after the other; one header.
        #expect(abs(model().step(nodes: 2) - (0.1 + 0.4 + 3e-3 + 4e-6)) < 1e-9)
        #expect(abs(model(.bf16).step(nodes: 2) - (0.1 + 0.2 + 3e-3 + 4e-6)) < 1e-9)
        // 6 MB; two phases, two rounds of the end, the header.
        #expect(abs(model().step(nodes: 4) - (0.1 + 0.6 + 5e-3 + 12e-6)) < 1e-9)
        #expect(abs(model(ranksPerNode: 2).step(nodes: 1) - (0.1 + 4e6 / 8e9)) < 1e-9)
        #expect(model().step(nodes: 1, share: 0.25) == 0.025)
        // So many nodes that messages cost more than their bytes.
        let fast = StepModel(
            compute: 0.1, parameterCount: 1000, network: LinkSpeed(latency: 1e-9, bytesPerSecond: 1e12))
        #expect(fast.between(1001) > 2 * 1000 * StepModel.messageSeconds)
    }

    @Test("a batch per rank grows with the nodes; a global one is cut among them")
    func plans() throws {
        let grows = StepPlan(model(), batchSize: 10, upTo: 6)
        #expect(grows.steps.map(\.nodes) == [1, 2, 4, 6])
        #expect(grows.steps[0].efficiency == 1 && grows.steps[0].samplesPerSecond == 100)
        #expect(abs(grows.steps[1].efficiency - 0.1 / model().step(nodes: 2)) < 1e-12)
        #expect(grows.best.nodes == 1)
        let cut = StepPlan(
            StepModel(
                compute: 1, parameterCount: 1000, network: LinkSpeed(latency: 1e-3, bytesPerSecond: 1e9)),
            batchSize: 100, globalBatch: 100, upTo: 4096)
        // A hundred samples keep no more than a hundred ranks busy.
        #expect(cut.best.nodes > 32 && cut.best.nodes <= 128)
        #expect(cut.steps.last?.nodes == 4096)
        #expect(try JSONDecoder().decode(StepPlan.self, from: JSONEncoder().encode(cut)) == cut)
        #expect(grows.markdown.split(separator: "\n")[2] == "| 1 | 1 | 100.0 | 100.0 % | 100 |")
    }

    @Test(
        "networks as people write them",
        arguments: [
            ("10G,25us", 1.25e9, 25e-6), ("100M,1ms", 12.5e6, 1e-3), ("2.5K,0.5s", 312.5, 0.5), ("10G", 0, 0),
            ("10,25us", 0, 0),
            ("0G,25us", 0, 0), ("10G,-1us", 0, 0), ("10G,25us,3", 0, 0), ("", 0, 0),
        ])
    func networks(_ text: String, rate: Double, latency: Double) {
        let speed = LinkSpeed(text: text)
        guard rate > 0 else { return #expect(speed == nil) }
        #expect(
            abs((speed?.bytesPerSecond ?? 0) / rate - 1) < 1e-12 && abs((speed?.latency ?? 0) / latency - 1) < 1e-12)
    }

    @Test("the command plans a step that was measured elsewhere, and measures a case")
    func command() throws {
        let command = try Command()
        let told = try command(
            "plan", "--step", "100", "--parameters", "1000000", "--nodes", "2", "--network", "80M,1ms")
        #expect(told.status == 0, "\(told.errors)")
        #expect(told.lines.contains("| 2 | 2 | 503.0 | 19.9 % | 4 |"), "\(told.output)")
        #expect(
            told.output.hasSuffix("1 node: the most in this table of which no more than half is waiting (100 %)\n"))
        let waiting = try command(
            "plan", "--step", "1", "--parameters", "1000000000", "--ranks-per-node", "2", "--nodes", "2")
        #expect(
            waiting.output.hasSuffix("1 node: more than half of the step is waiting there already (efficiency 0 %)\n"),
            "\(waiting.output)")
        let measured = try command("plan", "linreg", "--nodes", "4", "--json")
        let plan = try JSONDecoder().decode(StepPlan.self, from: Data(measured.output.utf8))
        #expect(plan.model.parameterCount == 2 && plan.model.compute > 0 && plan.steps.count == 3)
        for (words, sentence) in [
            (["plan"], "name a case, or give both --step and --parameters"),
            (["plan", "mlp", "--network", "fast"], "--network fast: must be a rate in bits and a time"),
            (["plan", "mlp", "--nodes", "0"], "--nodes 0: must be between 1 and 1048576"),
            (["plan", "--step", "0", "--parameters", "3"], "--step 0.0: must be more than 0"),
        ] {
            let result = try command.finish(command.start(words))
            #expect(result.status == 64)
            #expect(result.errors.contains(sentence), "\(result.errors)")
        }
    }
}
