// SPDX-License-Identifier: Apache-2.0
// What kind of file it is, by its first bytes and, where they are damaged, by its name.

import LockstepData

/// The kinds of files that Lockstep writes, and weights of others.
enum FileKind: String {
    case safetensors = "weights"
    case torch = "PyTorch weights"
    case weightIndex = "index of weights"
    case npy = "array (.npy)"
    case npz = "arrays (.npz)"
    case trace
    case settings
    case runState = "state of a run"
    case textModel = "description of a text model"
    case interpretation = "what a model gets wrong"
    case ranks = "times of ranks"
    case history
    case table = "table of predictions"
    case log = "log of a rank"
    case results = "page of results"
    case lock = "lock of a folder"

    /// By the first bytes of a file called `name`.
    init?(name: String, start: [UInt8]) {
        let json = start.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
        if start.starts(with: [0x93] + Array("NUMPY".utf8)) {
            self = .npy
        } else if start.count > 8, start[8] == UInt8(ascii: "{"), start[6] == 0, start[7] == 0 {
            self = .safetensors
        } else if name.hasSuffix(".npz") {
            // A zip archive, as PyTorch's are.
            self = .npz
        } else if TorchArchive.isTorch(start) {
            self = .torch
        } else if start.starts(with: TraceScan.opening) {
            self = .trace
        } else if start.starts(with: Array("<!DOCTYPE html>".utf8)) {
            self = .results
        } else if json {
            // An object of JSON that nothing else is may be what a run was told.
            let kind = FileKind(named: name)
            self =
                [.runState, .textModel, .interpretation, .ranks, .weightIndex].contains(kind)
                ? kind ?? .settings : .settings
        } else if LogScan.isLine(start.prefix { $0 != 0x0A }) {
            self = .log
        } else if start.starts(with: Array("epoch,".utf8)) {
            self = .history
        } else if let kind = FileKind(named: name) {
            self = kind
        } else {
            return nil
        }
    }

    /// By the name alone.
    private init?(named name: String) {
        switch name {
        case "settings.json": self = .settings
        case "run.json": self = .runState
        case "text.json": self = .textModel
        case "interpretation.json": self = .interpretation
        case "ranks.json": self = .ranks
        case "history.csv": self = .history
        case ".lock": self = .lock
        case _ where name.hasSuffix(".safetensors") || name.hasSuffix(".bundle"): self = .safetensors
        case _ where name.hasSuffix(".pth") || name.hasSuffix(".pt"): self = .torch
        case _ where name.hasSuffix(".safetensors.index.json") || name.hasSuffix(".bin.index.json"): self = .weightIndex
        case _ where name.hasSuffix(".npy"): self = .npy
        case _ where name.hasSuffix(".npz"): self = .npz
        case _ where name.hasSuffix(".csv") || name.hasSuffix(".csv.gz"): self = .table
        case _ where name.hasSuffix(".html"): self = .results
        case _ where name.hasSuffix(".log"): self = .log
        case _ where name.hasSuffix(".json"): self = .trace
        default: return nil
        }
    }
}
