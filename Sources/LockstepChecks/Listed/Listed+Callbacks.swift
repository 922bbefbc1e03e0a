// SPDX-License-Identifier: Apache-2.0
// The listed callbacks, and those of ranks, with options other than the usual ones.

package import LockstepComm
import LockstepDistributed
package import LockstepLearner
import LockstepOptim
import LockstepTensorBoard

extension Listed {
    /// Callbacks that are added together.
    package struct Callbacks: Sendable, CustomStringConvertible {
        package let name: String
        /// Callbacks that write below a folder, on ranks.
        package let make: @Sendable (_ folder: String, _ ranks: any Communicator) throws -> [Callback]
        package var description: String { name }

        init(
            _ name: String,
            _ make: @escaping @Sendable (_ folder: String, _ ranks: any Communicator) throws -> [Callback]
        ) {
            (self.name, self.make) = (name, make)
        }
    }

    private static var quiet: Console { Console { _ in } }

    /// Every callback that is no base of others. One is in every learner already.
    package static let callbacks: [Callbacks] =
        CallbackExample.all.filter { $0.name != "TrainEvalCallback" }
        .map { example in Callbacks(example.name) { folder, _ in example.make(folder) } } + logs + ofRanks

    /// Those that write files of other programs.
    private static let logs: [Callbacks] = [
        Callbacks("TensorBoardCallback") { folder, _ in
            [TensorBoardCallback(folder: folder + "/events", histogramsEvery: 2)]
        }
    ]

    /// Those of `LockstepDistributed`; some need ranks.
    private static let ofRanks: [Callbacks] = [
        Callbacks("DistributedCallback") { _, ranks in
            [DistributedCallback(communicator: ranks, batchNorm: .averageStatistics)]
        },
        Callbacks("PreemptionCallback") { folder, _ in
            [PreemptionCallback(saving: folder + "/p", everyEpochs: 1, console: quiet, requested: { nil })]
        },
        Callbacks("TimeReport") { _, _ in [TimeReport(console: quiet)] },
        Callbacks("TraceCallback") { folder, _ in [TraceCallback(folder + "/t.json")] },
        Callbacks("RankLog") { folder, ranks in [try RankLog(folder: folder, over: ranks)] },
    ]
}
