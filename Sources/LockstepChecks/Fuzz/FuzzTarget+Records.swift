// SPDX-License-Identifier: Apache-2.0
// Lines of text: what ranks and mpirun tell the launcher, choices of engines, descriptions of encodings, everything `lockstep inspect` reads.

import Foundation
import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepInspect
import LockstepTensor

extension FuzzTarget {
    static let records: [FuzzTarget] = [
        FuzzTarget("launcher", factor: 256, seeds: { accounts.map { Array($0.utf8) } }) { bytes in
            var account = FailureAccount(token: "t0k3n", here: "here")
            for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            {
                _ = account.read(String(line))
                _ = LauncherRecord.read(String(line), token: "t0k3n")
            }
            _ = (account.end(), account.takeWatching(), account.outcome(mpirunCode: 1).sentence)
        },
        FuzzTarget("convolutions", seeds: { [Array(choice.utf8)] }) { bytes in
            defer { ConvolutionEngine.forgetChoices() }
            let text = String(decoding: bytes, as: UTF8.self)
            try ConvolutionEngine.restore(text.split(separator: "\n").map(String.init))
            _ = ConvolutionEngine.choices
        },
        FuzzTarget("encoding", factor: 256, seeds: { try encodings() }) { bytes in
            guard let encoding = try? JSONDecoder().decode(TextEncoding.self, from: Data(bytes)) else { return }
            _ = encoding.decode(encoding.encode("a b 12 ä, Bc"))
            _ = try JSONEncoder().encode(encoding)
        },
        // The first byte says what the file is called.
        FuzzTarget("inspect", factor: 256, seeds: { try inspected() }) { bytes in
            let folder = "\(scratch)/fuzz-\(getpid())"
            try Files.createFolder(folder)
            let path = "\(folder)/\(names[Int(bytes.first ?? 0) % names.count])"
            try Files.append(Safetensed.file(Array(bytes.dropFirst())), to: path, truncating: true)
            defer { unlink(path) }
            for place in [path, folder] {
                let found = Inspection.of(place)
                _ = (found.text, try found.json)
            }
        },
    ]

    private static let names = [
        "model.safetensors", "p.npy", "trace.json", "settings.json", "history.csv", "rank-0.log", "results.html",
        "run.json", "step-000000000003.safetensors", "export.bundle", "predictions.csv", ".lock", "text.json", "other",
    ]

    /// Of every kind one, behind the byte that stands for its name.
    private static func inspected() throws -> [[UInt8]] {
        let texts: [(UInt8, String)] = [
            (
                2,
                #"{"displayTimeUnit":"ms","traceEvents":[{"name":"process_name","ph":"M","pid":0,"args":{"name":"r"}},"#
                    + "\n" + #"{"name":"step","ph":"X","pid":0,"ts":1.5,"dur":2.0,"args":{"epoch":0}},"# + "\n{}]}\n"
            ),
            (3, #"{"recipe": "mlp", "lr": 0.1, "data": null}"#), (4, "epoch,train_loss,time\n0,1.5,00:01\n"),
            (
                5,
                "2026-01-31 12:00:00.000  rank 0 of 1, pid 7\n2026-01-31 12:00:01.000  fit of 3 epochs\n"
            ),
            (6, "<!DOCTYPE html>\n<div class=\"item right\"></div></body></html>\n"),
            (7, #"{"format": 1, "state": "running"}"#), (10, "y,p(a)\na,0.5\n"), (11, "host 12 34"),
        ]
        let bundle = try Safetensors.encode(
            [.init(name: "0.bias", type: .float32, shape: [1], bytes: [0, 0, 0, 0])],
            metadata: [("lockstep.learner", "{}"), ("resume.epoch", "1"), ("optimizer.rule", "adam")])
        let array = NumericArray(shape: [2], elements: .float32([1, 2])).map(NPY.encode) ?? []
        let files: [[UInt8]] = [[9] + bundle, [8] + Safetensed.text(of: bundle), [1] + array]
        return files + texts.map { [$0] + Array($1.utf8) }
    }

    private static let choice =
        "forward 3x8x8 4x8x8 kernel 3x3 stride 1x1 dilation 1x1 padding 1,1,1,1 groups 1 blas"

    private static func encodings() throws -> [[UInt8]] {
        try [Tokenizer.characters, .words].map {
            Array(try JSONEncoder().encode(TextEncoding(fitting: "a b c, ab ab", tokenizer: $0, minFrequency: 1)))
        }
    }

    private static let dashes = String(repeating: "-", count: 74)

    private static var accounts: [String] {
        [
            LauncherRecord.failure(
                FailureRecord(reporter: 1, rank: 1, event: "after_batch", cause: .failed, code: 1)
            ).line(token: "t0k3n"),
            LauncherRecord.watching(host: "n1", pid: 7).line(token: "t0k3n"),
            "\(dashes)\nMPI_ABORT was invoked on rank 1 in communicator MPI_COMM_WORLD\nwith errorcode 7.\n\(dashes)",
            "\(dashes)\nmpirun noticed that process rank 1 with PID 0 on node n1 exited on signal 9 (Killed).\n\(dashes)",
            "\(dashes)\nORTE has lost communication with a remote daemon.\n\n  HNP daemon   : [[1,0],0] on node a\n  Remote daemon: [[1,0],1] on node b\n\(dashes)\n[n1:00001] 1 more process has sent help message help-mpi",
        ]
    }
}
