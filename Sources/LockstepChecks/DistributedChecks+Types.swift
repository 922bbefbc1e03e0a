// SPDX-License-Identifier: Apache-2.0
// Checks that models of other element types than float32 train on ranks as in one process.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension DistributedChecks {
    static let types: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("models of bfloat16 and float64 train as in one process, to the rounding of the type", otherTypes)
    ]

    @Sendable static func otherTypes(_ c: any Communicator) throws {
        for (dtype, tolerance) in [(DType.bfloat16, 0.03), (.float64, 1e-6)] {
            for factory in [OptimizerFactory.adam(), .lamb(), .ranger()] {
                for policy in [UpdatePolicy.replicated, .owner] {
                    func make() -> Learner {
                        setSeed(3)
                        let model = Sequential {
                            Embedding(7, 4); Flatten(); Linear(8, 6); LayerNorm(6); GELU(); Linear(6, 3)
                        }
                        model.convert(to: dtype)
                        let x = sampleIntegers([23, 2], seed: 5, in: 0..<7)
                        let y = sampleIntegers([23], seed: 6, in: 0..<3)
                        let data = DataLoader(TensorDataset(inputs: [x], targets: [y]), batchSize: 5)
                        return Learner(
                            dls: DataLoaders(data, data), model: model, loss: .crossEntropy, optimizer: factory,
                            lr: 0.01, callbacks: [Recorder()], defaultCallbacks: .core)
                    }
                    let alone = make()
                    try alone.withoutLogging { try alone.fit(1) }
                    let together = make()
                    try together.addCallback(DistributedCallback(communicator: c, update: policy))
                    try together.withoutLogging { try together.fit(1) }
                    let (one, many) = (parameters(alone).map(Double.init), parameters(together).map(Double.init))
                    let what = "\(dtype), \(factory.name), \(policy)"
                    try require(
                        together.model.parameters().allSatisfy { $0.value.dtype == dtype },
                        "\(what): the parameters are of another type")
                    try require(close(many, one, tolerance), "\(what): weights \(many), one process \(one)")
                    let everyones = try c.allGather(parameters(together))
                    try require(
                        everyones.indices.allSatisfy { everyones[$0] == everyones[$0 % many.count] },
                        "\(what): the ranks' weights differ")
                }
            }
        }
    }
}
