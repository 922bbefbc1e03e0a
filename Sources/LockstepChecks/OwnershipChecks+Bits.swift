// SPDX-License-Identifier: Apache-2.0
// Who updates is chosen by a stopwatch: so it must not change a bit.

public import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

extension OwnershipChecks {
    /// Checks of bits, as those of ``all``.
    static let bits: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("owners' updates have the bits of replicated ones: every rule, clipped or scaled, of any size", sameBits)
    ]

    /// Checks that change what the whole process uses: for programs that run one check at a time.
    public static let processWide: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("bitwise training leaves the threads of the process as they were", threadsStay)
    ]

    /// Every rule that can be divided, with decay in the gradient and beside it.
    private static let factories: [OptimizerFactory] = [
        .sgd(wd: 0.1, decoupleWD: false), .sgd(mom: 0.9, wd: 0.1, decoupleWD: false), .sgd(mom: 0.9, wd: 0.1),
        .rmsProp(wd: 0.1, decoupleWD: false), .rmsProp(mom: 0.9, wd: 0.1, decoupleWD: false), .adam(),
        .adam(wd: 0.1, decoupleWD: false), .adamW(), .radam(wd: 0.1, decoupleWD: false), .radam(wd: 0.1, beta: 2),
        .qhadam(wd: 0.1, decoupleWD: false),
    ]

    /// A network of parameters of 1, of a prime, and of a vector's lanes and their neighbours, in `width` units.
    private static func learner(_ factory: OptimizerFactory, width: Int, callbacks: [Callback]) -> Learner {
        setSeed(3)
        let model = Sequential {
            Linear(5, width); ReLU(); Linear(width, 1)
        }
        let data = DataLoader(
            TensorDataset(inputs: [sample([22, 5], seed: 1)], targets: [sample([22, 1], seed: 2)]), batchSize: 7,
            shuffle: true, seed: 3)
        return Learner(
            dls: DataLoaders(data, data), model: model, loss: .mse, optimizer: factory, lr: 0.05,
            callbacks: callbacks, defaultCallbacks: .core)
    }

    /// The bits of weights and of the optimizer's state after a fit.
    private static func bits(
        _ factory: OptimizerFactory, width: Int, callbacks: [Callback], _ update: UpdatePolicy, _ c: any Communicator
    ) throws -> [UInt64] {
        let learner = learner(factory, width: width, callbacks: callbacks)
        try learner.withoutLogging { try learner.distributed(over: c, update: update) { try learner.fit(2) } }
        let weights = learner.model.namedParameters().flatMap { $0.parameter.value.doubles }
        let state = learner.optimizer?.stateDictionary.entries.flatMap { entry in
            entry.tensors.flatMap { $0.tensor.doubles }
        }
        return (weights + (state ?? [])).map(\.bitPattern)
    }

    @Sendable static func sameBits(_ c: any Communicator) throws {
        let makers: [() -> [Callback]] = [
            { [] }, { [GradientClip(maxNorm: 0.3)] }, { [GradientAccumulation(samples: 14)] },
        ]
        for (index, factory) in factories.enumerated() {
            for width in [1, 15, 16, 17, 31, 67] where width == 17 || (width + index) % 3 == 0 {
                for callbacks in makers {
                    let (owner, replicated) = (
                        try bits(factory, width: width, callbacks: callbacks(), .owner, c),
                        try bits(factory, width: width, callbacks: callbacks(), .replicated, c)
                    )
                    let different = zip(owner, replicated).filter { $0 != $1 }.count
                    guard different == 0, owner.count == replicated.count else {
                        throw CheckFailure(
                            "\(factory.name) \(index), \(width) units, \(callbacks().map(\.typeName)): \(different) of \(owner.count) numbers differ"
                        )
                    }
                }
            }
        }
    }

    @Sendable static func threadsStay(_ c: any Communicator) throws {
        guard [1, 2, 4, 8].contains(c.size) else { return }
        // Each rank has a number of its own, as ranks that are threads of one process may.
        let threads = 2 + c.rank % 2
        try ComputeContext.with(threads: threads) {
            for _ in 0..<4 {
                let learner = learner(.sgd(), width: 3, callbacks: [])
                try learner.withoutLogging {
                    try learner.distributed(over: c, reduction: .bitwise) { try learner.fit(1) }
                }
                let after = ComputeContext.current.threads
                guard after == threads else { throw CheckFailure("\(threads) threads before, \(after) after") }
            }
        }
    }
}
