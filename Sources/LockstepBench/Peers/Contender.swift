// SPDX-License-Identifier: Apache-2.0
// Who takes part in a comparison, and the command that measures it.

import Foundation

/// One way to train a case.
public enum Contender: String, CaseIterable, Sendable {
    case lockstep = "lockstep"
    case torch = "PyTorch"
    case torchChannelsLast = "PyTorch, channels last"
    case fastai = "fastai"
    case jax = "JAX"

    /// Whether it has something to show for `benchmark` on `ranks` ranks.
    func takesPart(in benchmark: BenchmarkCase, ranks: Int) -> Bool {
        switch self {
        case .lockstep, .torch, .jax: true
        case .torchChannelsLast: ranks == 1 && (benchmark == .lenet || benchmark == .resnet20)
        case .fastai: ranks == 1 && [.linreg, .mlp, .lenet, .tabular].contains(benchmark)
        }
    }
}

/// Where the programs are that a comparison starts.
public struct PeerPrograms: Sendable {
    /// This command.
    public var lockstep: String
    /// A Python with torch, fastai and jax; a peer that is missing there is left out.
    public var python: String
    /// The folder with `torch_peer.py` and `jax_peer.py`.
    public var scripts: String

    public init(lockstep: String, python: String, scripts: String) {
        (self.lockstep, self.python, self.scripts) = (lockstep, python, scripts)
    }

    /// The command that measures one case once and prints one line of JSON. One rank gets one core.
    func command(_ contender: Contender, _ benchmark: BenchmarkCase, ranks: Int) -> [String] {
        let pin = ranks == 1 ? ["taskset", "-c", "0"] : []
        let name = benchmark.rawValue
        let torch = scripts + "/torch_peer.py"
        switch contender {
        case .lockstep: return pin + [lockstep, "bench", name, "--json"] + (ranks > 1 ? ["--ranks", "\(ranks)"] : [])
        case .torch where ranks > 1:
            return [python, "-m", "torch.distributed.run", "--nproc-per-node", "\(ranks)", torch, name]
        case .torch: return pin + [python, torch, name]
        case .torchChannelsLast: return pin + [python, torch, name, "--channels-last"]
        case .fastai: return pin + [python, torch, name, "--engine", "fastai"]
        case .jax:
            return pin + [python, scripts + "/jax_peer.py", name] + (ranks > 1 ? ["--devices", "\(ranks)"] : [])
        }
    }

    /// Runs it; nil when it does not start or prints no measurement.
    func measure(_ contender: Contender, _ benchmark: BenchmarkCase, ranks: Int) -> StepMeasurement? {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command(contender, benchmark, ranks: ranks)
        var environment = ProcessInfo.processInfo.environment
        environment["OMP_NUM_THREADS"] = "1"
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let line = data.split(separator: UInt8(ascii: "\n")).last { $0.first == UInt8(ascii: "{") }
        return line.flatMap { try? JSONDecoder().decode(StepMeasurement.self, from: Data($0)) }
    }
}

/// What every contender prints.
public struct StepMeasurement: Codable, Sendable, Equatable {
    public var samplesPerSecond: Double
    public var mebibytes: Int
    public var firstStepSeconds: Double

    enum CodingKeys: String, CodingKey {
        case samplesPerSecond = "samples_per_s"
        case mebibytes = "rss_mib"
        case firstStepSeconds = "first_step_s"
    }
}
