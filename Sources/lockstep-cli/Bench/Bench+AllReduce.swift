// SPDX-License-Identifier: Apache-2.0
// `lockstep bench allreduce`: the reduction of gradients beside MPI, Gloo and a copy, in one run.

import Foundation
import Lockstep

extension Bench {
    /// Two ranks unless told otherwise: one has nothing to reduce.
    func runAllReduce() throws {
        let json = json
        if let part {
            return try measureAllReduce(part) { try say(String(decoding: JSONEncoder().encode($0), as: UTF8.self)) }
        }
        if !json { try say(AllReduceResult.header) }
        if ranks.inProcess != nil || Launcher.startedRanks != nil {
            // Ranks that are here already: no other programs beside them.
            return try measureAllReduce(.all) { try say(json ? $0.json : $0.row) }
        }
        let script = peers.peerScripts + "/gloo_peer.py"
        let python = try peers.peers.map { name in
            guard let path = name.contains("/") ? name : Launcher.path(of: name) else {
                throw Failure.noInput("--peers \(name): there is no such program in PATH")
            }
            try Failure.requireReadable(path, option: "--peers")
            try Failure.requireReadable(script, option: "--peer-scripts")
            return path
        }
        let gloo = python.map { [$0, script] }
        for result in try AllReducePeers(ranks: ranks.ranks ?? 2, gloo: gloo).run() {
            try say(json ? result.json : result.row)
        }
        if python == nil, !json { try say("Gloo was left out: --peers PYTHON names a Python with torch.") }
    }

    private func measureAllReduce(
        _ part: AllReduceBench.Part, _ show: @escaping @Sendable (AllReduceResult) throws -> Void
    ) throws {
        try ranks.run { communicator in
            let isWriter = communicator.isRankZero
            try AllReduceBench(part: part).run(over: communicator) { if isWriter { try show($0) } }
        }
    }
}
