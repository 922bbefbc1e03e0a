// SPDX-License-Identifier: Apache-2.0
// `lockstep --help`, `bench` and `doctor`: what they say.
import Foundation
@testable import LockstepBench
import Testing

@Suite("Command: reports", .serialized)
struct ReportTests {
    @Test("the first help page is short and complete")
    func help() throws {
        let result = try Command()("--help")
        #expect(result.status == 0)
        #expect(
            result.output == """
                OVERVIEW: Trains models on many CPU processes in lockstep.

                Commands that train take --ranks N (processes, over MPI) or --in-process N
                (threads).

                It ends with
                  0        done, and everything that was to be written was
                  1        failed for another reason, also predict whose answers are not finite
                           numbers; the sentence says which
                  64       words of the command line, or variables LOCKSTEP_…, that do not make
                           sense
                  65       the training ended, but its final loss is not a finite number; or
                           data that cannot be used; inspect: damaged, or nothing of
                           Lockstep's; export: a learner that ONNX cannot say
                  66       a file that is missing, damaged, or not what is needed
                  69       mpirun is missing
                  70       a mistake in a program: it stopped itself with a sentence
                  71       the system refuses to start a program, or to let it listen
                  73       a place that cannot be written to: found out before training
                  74       writing has failed: a full disk, an output that nobody reads
                  75       stopped as asked; a run or a sweep that had begun can be resumed
                  128 + n  ended by signal n

                USAGE: lockstep <subcommand>

                OPTIONS:
                  --version               Show the version.
                  -h, --help              Show help information.

                SUBCOMMANDS:
                  train                   Train a model: on handwritten digits, MNIST, images,
                                          a table, a text, or classes of texts.
                  lr-find                 Find a learning rate: draw the loss over the rate and
                                          suggest one.
                  sweep                   Train a recipe many times with other options, and say
                                          which are best.
                  predict                 Predict the rows of a CSV table, images, or texts,
                                          with an exported learner.
                  embed                   Make a vector of each text: of a CSV table, of lines,
                                          or of files.
                  sample                  Write text with a model that `lockstep train text`
                                          has saved.
                  export                  Write a trained learner for other programs: as ONNX.
                  serve                   Answer other programs over HTTP with an exported
                                          learner.
                  report                  Write a run as one page for a browser: report.html.
                  watch                   Show a run in a browser while it trains.
                  compare                 Write several runs side by side as one page for a
                                          browser.
                  bench                   Measure a training step: speed, memory, time to the
                                          first step.
                  launch                  Run a program on several ranks, or write the batch
                                          script that does.
                  plan                    Predict time per step, efficiency and the best number
                                          of nodes.
                  doctor                  Show what this machine has and what was chosen for it.
                  inspect                 Show what a file or a run's folder holds and whether
                                          it is whole.

                  See 'lockstep help <subcommand>' for detailed help.

                """)
    }

    @Test("every option of training is explained")
    func trainHelp() throws {
        let output = try Command()("train", "digits", "--help").output
        for option in [
            "--model", "--epochs", "--lr", "--batch-size", "--seed", "--save", "--run", "--print-config", "--ranks",
            "--in-process", "--resume", "--checkpoint-every", "--trace", "--log-dir", "--times",
            "--workers", "--tensorboard",
        ] {
            #expect(output.contains("\n  \(option) "), "\(option)")
        }
    }

    @Test(
        "bench prints the peers' fields", arguments: [["linreg"], ["tabular", "--learner"], ["mlp", "--ranks", "2"]])
    func bench(_ words: [String]) throws {
        let command = try Command()
        let result = try command.finish(command.start(["bench", "--json", "--batches", "5"] + words))
        #expect(result.status == 0, "\(result.errors)")
        let line = try #require(result.lines.last)
        let fields = try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(
            Set(fields.keys) == [
                "case", "engine", "ranks", "samples_per_s", "ms", "best_ms", "rss_mib", "own_mib", "first_step_s",
                "params",
            ])
        #expect(fields["case"] as? String == words[0])
        #expect(fields["engine"] as? String == (words.contains("--learner") ? "lockstep+learner" : "lockstep"))
        #expect(fields["ranks"] as? Int == (words.contains("--ranks") ? 2 : 1))
        let (best, median) = (fields["best_ms"] as? Double ?? 0, fields["ms"] as? Double ?? 0)
        #expect(best > 0 && best <= median)
        #expect((fields["first_step_s"] as? Double ?? 0) > 0 && (fields["rss_mib"] as? Int ?? 0) > 0)
        // Own memory is a part of what is resident.
        let own = fields["own_mib"] as? Double ?? 0
        #expect(own > 0 && own < Double(fields["rss_mib"] as? Int ?? 0))
    }

    @Test(
        "models have as many parameters as the peers'",
        arguments: [
            (BenchmarkCase.linreg, 2), (.mlp, 669_706), (.mlp256, 669_706), (.lenet, 421_642), (.resnet20, 272_474),
            (.tabular, 33_392), (.gpt, 818_241), (.lstm, 350_593),
        ])
    func parameters(_ benchmark: BenchmarkCase, _ count: Int) {
        #expect(Benchmark(benchmark).parameterCount == count)
    }

    @Test("a result's JSON and row carry every figure")
    func result() {
        let result = BenchmarkResult(
            name: "mlp", engine: "lockstep", ranks: 2, samplesPerSecond: 12345.67, milliseconds: 1.5,
            bestMilliseconds: 0.25,
            peakMebibytes: 40, ownMebibytes: 13.4, firstStepSeconds: 0.125, parameterCount: 7)
        #expect(
            result.json
                == #"{"case": "mlp", "engine": "lockstep", "ranks": 2, "samples_per_s": 12345.7, "ms": 1.5000, "best_ms": 0.2500, "rss_mib": 40, "own_mib": 13.4, "first_step_s": 0.125, "params": 7}"#
        )
        #expect(result.row.count == BenchmarkResult.header.count)
        #expect(result.row.contains("12345.7") && result.row.contains("0.2500"))
    }

    @Test("the doctor names kernels, MPI and shared memory, and says the same in JSON")
    func doctor() throws {
        let command = try Command()
        let text = try command("doctor")
        #expect(text.status == 0, "\(text.errors)")
        for label in [
            "blas core", "mpi", "threads per rank", "shared window", "/dev/shm", "oneDNN", "features", "convolutions",
        ] {
            #expect(text.lines.contains { $0.hasPrefix(label) }, "\(label): \(text.output)")
        }
        let json = try command("doctor", "--json")
        let report = try #require(JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any])
        let blas = try #require(report["blas"] as? [String: Any])
        #expect(text.output.contains(blas["coreChosen"] as? String ?? "?"))
        #expect(((report["mpi"] as? [String: Any])?["transport"] as? [String: Any])?["ranks"] as? Int == 2)
    }
}
