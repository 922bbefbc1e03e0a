// SPDX-License-Identifier: Apache-2.0
// One file: found out what it is, and looked at as such.

import Foundation
import LockstepData

extension Inspection {
    /// What is read to tell kinds apart.
    private static let startLength = 256

    static func file(_ path: String) -> Inspection {
        var result = Inspection(path, kind: "unknown")
        do throws(DataError) {
            let pieces = try PieceReader(path)
            result.size = pieces.size
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            let start = try pieces.bytes(0..<startLength, "its start", isCut: true)
            guard let kind = FileKind(name: name, start: start) else {
                result.fail(
                    pieces.size == 0 ? "is empty" : "is nothing that Lockstep writes, as far as its first bytes tell")
                return result
            }
            result.kind = kind.rawValue
            if pieces.size == 0, kind != .lock { throw DataError(.truncated, file: path, "is empty") }
            try result.look(kind, pieces)
        } catch {
            result.fail(error)
        }
        return result
    }

    private mutating func look(_ kind: FileKind, _ pieces: borrowing PieceReader) throws(DataError) {
        if kind != .safetensors { checksum = "none" }
        switch kind {
        case .safetensors: try lookAtTensors()
        case .torch: try lookAtTorch()
        case .weightIndex: try lookAtIndex()
        case .npy: try lookAtArray()
        case .npz: try lookAtArrays()
        case .trace: try lookAtTrace(pieces)
        case .settings: try lookAtSettings()
        case .runState: try lookAtState()
        case .textModel: content = [.init("says", Fact(try object()))]
        case .interpretation: try lookAtInterpretation()
        case .ranks: try lookAtRanks()
        case .history: try lookAtHistory(pieces)
        case .table: try lookAtTable(pieces)
        case .log: try lookAtLog(pieces)
        case .results: try lookAtResults(pieces)
        case .lock: content = RunLock.facts(ofFile: path)
        }
    }
}
