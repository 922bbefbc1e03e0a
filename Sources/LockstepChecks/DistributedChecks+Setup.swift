// SPDX-License-Identifier: Apache-2.0
// Checks that ranks which are not set up alike end alike: with one sentence that names the rank and both values.

import LockstepComm
import LockstepData
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepOptim
import LockstepTensor
import LockstepTesting

/// One way in which a rank can be set up differently.
private struct SetupDifference {
    /// What the sentence must hold besides rank and both values.
    let words: [String]
    var infers = false
    var policy: (Bool) -> DistributedCallback? = { _ in nil }
    let make: (_ isOdd: Bool) -> Learner
    var fit: (Learner, Bool) throws -> Void = { learner, _ in try learner.fit(2) }
}

extension DistributedChecks {
    static let setup: [(name: String, body: @Sendable (any Communicator) throws -> Void)] = [
        ("D20 ranks that are set up differently refuse to start, whatever the difference", setupDifferences),
        ("D20 ranks whose inference differs refuse, too, and what may differ may", inferenceDifferences),
    ]

    static func labelledRows(_ rows: Int, seed: UInt64 = 0) -> TensorDataset {
        TensorDataset(
            inputs: [sample([rows, 3], seed: seed)], targets: [sampleIntegers([rows], seed: seed, in: 0..<2)])
    }

    /// Twelve rows in batches of four, six to validate; every option can be changed.
    static func twoClasses(
        seed: UInt64 = 1, train: DataLoader? = nil, valid: (any BatchSource)? = nil, dropout: Double = 0.5,
        loss: any LossFunction = CrossEntropyFlat(), optimizer: OptimizerFactory = .sgd(), wd: Double = 0.1,
        callbacks: [Callback] = [], metrics: [Metric] = [.accuracy], layers: [any UnaryLayer] = []
    ) -> Learner {
        let learner = Learner(
            dls: DataLoaders(
                train ?? DataLoader(labelledRows(12), batchSize: 4, shuffle: true),
                valid ?? DataLoader(labelledRows(6, seed: 9), batchSize: 4)),
            model: Sequential {
                Linear(3, 2); Dropout(dropout)
                layers
            }, loss: CrossEntropyFlat(), optimizer: optimizer, callbacks: callbacks, metrics: metrics, wd: .value(wd),
            defaultCallbacks: .core, seed: seed)
        learner.lossFunction = loss
        return learner
    }

    private static func loader(
        _ dataset: any Dataset, _ change: (inout DataLoader.Options) -> Void = { _ in }
    ) -> DataLoader {
        var options = DataLoader.Options()
        (options.batchSize, options.shuffle) = (4, true)
        change(&options)
        return DataLoader(dataset, options: options)
    }

    /// Twelve files of two classes in a folder; where it lies is a rank's own business.
    private static func files(in folder: String, last: Int) -> (any Dataset)? {
        let paths = (0..<12).map { "/\(folder)/\($0 % 2)/\($0 == 11 ? last : $0).txt" }
        let read = FunctionTransform { (path: String) in Tensor([Float](repeating: Float(path.utf8.count), count: 3)) }
        return (try? Datasets(ItemList(paths), transforms: [[read], [ParentLabel(), Categorize()]]))?.all
    }

    private static var dataDifferences: [SetupDifference] {
        let twelve = labelledRows(12)
        return [
            // The seed of a split decides who trains on what.
            SetupDifference(words: ["loader 0", "checksum of its items"]) { odd in
                let split = (0..<12).map { odd ? 11 - $0 : $0 }
                return twoClasses(train: loader(Subset(twelve, Array(split.prefix(8)))))
            },
            SetupDifference(words: ["loader 0", "checksum of its items"]) {
                twoClasses(train: loader(labelledRows(12, seed: $0 ? 3 : 2)))
            },
            SetupDifference(words: ["loader 0", "items: 12", "items: 11"]) {
                twoClasses(train: loader(labelledRows($0 ? 11 : 12)))
            },
            SetupDifference(words: ["loader 1", "items: 6", "items: 7"]) {
                twoClasses(valid: DataLoader(labelledRows($0 ? 7 : 6), batchSize: 4))
            },
            SetupDifference(words: ["loader 0", "seed: 42", "seed: 43"]) { odd in
                twoClasses(train: loader(twelve) { $0.seed = odd ? 43 : 42 })
            },
            SetupDifference(words: ["loader 0", "batch size: 4", "batch size: 5"]) { odd in
                twoClasses(train: loader(twelve) { $0.batchSize = odd ? 5 : 4 })
            },
            SetupDifference(words: ["loader 0", "shuffle: true", "shuffle: false"]) { odd in
                twoClasses(train: loader(twelve) { $0.shuffle = !odd })
            },
            SetupDifference(words: ["loader 0", "drop last: true", "drop last: false"]) { odd in
                twoClasses(train: loader(twelve) { $0.dropLast = odd })
            },
            SetupDifference(words: ["loader 0", "n: all", "n: 12"]) { odd in
                twoClasses(train: loader(twelve) { $0.n = odd ? 12 : nil })
            },
            SetupDifference(words: ["loader 0", "sampling: by 12 weights"]) { odd in
                twoClasses(
                    train: loader(twelve) { $0.sampling = .weighted((0..<12).map { Double($0 % (odd ? 3 : 4)) }) })
            },
            SetupDifference(words: ["loader 0", "sampling: 8 items", "sampling: 7 items"]) { odd in
                twoClasses(train: loader(twelve) { $0.sampling = .partial(odd ? 7 : 8) })
            },
            SetupDifference(words: ["loader 0", "hooks: none", "hooks: afterBatch"]) { odd in
                twoClasses(train: loader(twelve) { if odd { $0.hooks.afterBatch = { batch, _ in batch } } })
            },
            SetupDifference(words: ["loader 0", "checksum of its items"]) { odd in
                twoClasses(
                    train: loader(
                        MapDataset(odd ? Array(1..<13) : Array(0..<12), inputCount: 1) { twelve.item(at: $0 % 12) }))
            },
            SetupDifference(words: ["loader 0", "checksum of its items"]) { odd in
                twoClasses(
                    train: loader(
                        ImageDataset(
                            pixels: (0..<36).map { UInt8(odd ? $0 : 36 - $0) },
                            labels: [0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1], imageShape: [3])))
            },
            SetupDifference(words: ["loader 0", "checksum of its items"]) { odd in
                twoClasses(train: loader(LanguageModelDataset((0..<49).map { odd ? $0 % 7 : $0 % 5 }, blockLength: 4)))
            },
            SetupDifference(words: ["loader 0", "checksum of its items"]) { odd in
                twoClasses(train: loader(files(in: "data", last: odd ? 99 : 11) ?? twelve))
            },
            SetupDifference(words: ["loader 0: afterBatch: Normalize", "0.5", "0.25"]) { odd in
                var options = DataLoader.Options()
                options.batchSize = 4
                options.transforms.afterBatch = Pipeline([Normalize(mean: [odd ? 0.5 : 0.25], std: [1])])
                return twoClasses(train: TransformedDataLoader(twelve, options: options))
            },
        ]
    }

    private static var otherDifferences: [SetupDifference] {
        func scheduled(_ learner: Learner, _ end: Double) throws {
            try learner.fit(2, callbacks: [ParamScheduler(["lr": .cosine(1e-2, end)])])
        }
        return [
            SetupDifference(words: ["learner's seed: 1", "learner's seed: 2"]) { twoClasses(seed: $0 ? 2 : 1) },
            SetupDifference(words: ["epochs: 2", "epochs: 3"], make: { _ in twoClasses() }) { try $0.fit($1 ? 3 : 2) },
            SetupDifference(words: ["SkipToEpoch", "epoch: 1"], make: { _ in twoClasses() }) {
                try $0.fit(3, startEpoch: $1 ? 1 : 2)
            },
            SetupDifference(words: ["ParamScheduler", "scheds"], make: { _ in twoClasses() }) {
                try scheduled($0, $1 ? 1e-3 : 0)
            },
            SetupDifference(words: ["Dropout(0.5)", "Dropout(0.25)"]) { twoClasses(dropout: $0 ? 0.25 : 0.5) },
            // What a printed model does not show.
            SetupDifference(words: [
                "layer 2: AvgPool2d(2, countIncludePad: false)", "on rank 0 “layer 2: AvgPool2d(2)”",
            ]) {
                twoClasses(layers: [AvgPool2d(2, countIncludePad: !$0)])
            },
            SetupDifference(words: ["layer 2: MaxPool2d(2, ceilMode: true)", "on rank 0 “layer 2: MaxPool2d(2)”"]) {
                twoClasses(layers: [MaxPool2d(2, ceilMode: $0)])
            },
            SetupDifference(words: ["layer 2: InstanceNorm2d, momentum: 0.2", "momentum: 0.1"]) {
                twoClasses(layers: [InstanceNorm2d(2, momentum: $0 ? 0.2 : 0.1)])
            },
            SetupDifference(words: ["loss: CrossEntropyFlat, weight"]) {
                twoClasses(loss: CrossEntropyFlat(weight: Tensor([1, $0 ? 9 : 3])))
            },
            SetupDifference(words: ["loss: CrossEntropyFlat, ignoreIndex"]) {
                twoClasses(loss: CrossEntropyFlat(ignoreIndex: $0 ? 1 : -100))
            },
            SetupDifference(words: ["loss: LabelSmoothingCrossEntropyFlat", "loss: CrossEntropyFlat"]) {
                twoClasses(loss: $0 ? LabelSmoothingCrossEntropyFlat() : CrossEntropyFlat())
            },
            SetupDifference(words: ["group 0", "wd"]) { twoClasses(wd: $0 ? 0.2 : 0.1) },
            SetupDifference(words: ["optimizer sgd", "optimizer"]) {
                twoClasses(optimizer: $0 ? .sgd(mom: 0.9) : .adam())
            },
            SetupDifference(words: ["rule SGDRule", "nesterov: true", "nesterov: false"]) {
                twoClasses(optimizer: .sgd(mom: 0.9, nesterov: $0))
            },
            SetupDifference(words: ["rule AdamRule", "amsgrad: true", "amsgrad: false"]) {
                twoClasses(optimizer: .adam(amsgrad: $0))
            },
            SetupDifference(words: ["metric accuracy", "axis: -1", "axis: 1"]) {
                twoClasses(metrics: [.accuracy(axis: $0 ? 1 : -1)])
            },
            SetupDifference(words: ["GradientClip, maxNorm: 2", "GradientClip, maxNorm: 1"]) {
                twoClasses(callbacks: [GradientClip(maxNorm: $0 ? 2 : 1)])
            },
            SetupDifference(words: ["GradientAccumulation, samples: 8", "GradientAccumulation, samples: 4"]) {
                twoClasses(callbacks: [GradientAccumulation(samples: $0 ? 8 : 4)])
            },
            SetupDifference(words: ["SaveModelCallback, every"]) {
                twoClasses(callbacks: [Recorder(), SaveModelCallback(saving: .everyEpoch($0 ? 2 : 3))])
            },
            SetupDifference(words: ["PreemptionCallback, every_epochs"]) {
                twoClasses(callbacks: [PreemptionCallback(everyEpochs: $0 ? 2 : 3)])
            },
            SetupDifference(
                words: ["batch_norm: sync", "batch_norm: local"],
                policy: { DistributedCallback(batchNorm: $0 ? .local : .sync) }
            ) { _ in twoClasses() },
            SetupDifference(
                words: ["batch: global", "batch: perRank"],
                policy: { DistributedCallback(batch: $0 ? .perRank : .global) }
            ) {
                _ in twoClasses()
            },
            SetupDifference(
                words: ["update: owner", "update: replicated"],
                policy: { DistributedCallback(update: $0 ? .owner : .replicated) }
            ) {
                _ in twoClasses()
            },
            SetupDifference(words: ["check_interval: 2"], policy: { DistributedCallback(checkInterval: $0 ? 2 : nil) })
            { _ in twoClasses() },
            SetupDifference(
                words: ["compression: bf16"], policy: { DistributedCallback(compression: $0 ? .bf16 : .none) }
            ) {
                _ in twoClasses()
            },
        ]
    }

    /// Runs the body on ranks of which the last is odd, and checks what all of them end with.
    private static func expectRefused(_ c: any Communicator, _ difference: SetupDifference) throws {
        let isOdd = c.rank == c.size - 1
        let learner = difference.make(isOdd)
        learner.logger = SilentLogger()
        var text = "nothing was refused"
        do {
            if let callback = difference.policy(isOdd) {
                // The callback's own way: without a scope, but over these ranks.
                let own = DistributedCallback(
                    communicator: c, batch: callback.batch, batchNorm: callback.batchNorm, update: callback.update,
                    reduction: callback.reduction, compression: callback.compression,
                    checkInterval: callback.checkInterval)
                try learner.addCallback(own)
                try difference.fit(learner, isOdd)
            } else {
                try learner.distributed(over: c) {
                    if difference.infers { try learner.validate() } else { try difference.fit(learner, isOdd) }
                }
            }
        } catch {
            text = "\(error)"
        }
        let words = ["rank \(c.size - 1) is set up differently from rank 0"] + difference.words
        for word in words { try require(text.contains(word), "“\(word)” is not in: \(text)") }
        let all = try c.allGather(text, name: "sentences")
        try require(all.allSatisfy { $0 == all[0] }, "the ranks say: \(all)")
    }

    @Sendable static func setupDifferences(_ c: any Communicator) throws {
        guard c.size > 1 else { return }
        for difference in dataDifferences + otherDifferences { try expectRefused(c, difference) }
    }

    @Sendable static func inferenceDifferences(_ c: any Communicator) throws {
        guard c.size > 1 else { return }
        let batch = Batch(inputs: [sample([3, 3])], targets: [sampleIntegers([3], in: 0..<2)])
        let differences = [
            SetupDifference(words: ["items: 7", "items: 6"], infers: true) {
                twoClasses(valid: DataLoader(labelledRows($0 ? 7 : 6), batchSize: 4))
            },
            SetupDifference(words: ["checksum of its items"], infers: true) {
                twoClasses(valid: DataLoader(labelledRows(6, seed: $0 ? 8 : 9), batchSize: 4))
            },
            SetupDifference(words: ["loader: batch size: 3", "loader: batch size: 4"], infers: true) {
                twoClasses(valid: DataLoader(labelledRows(6), batchSize: $0 ? 3 : 4))
            },
            SetupDifference(words: ["checksum of its batches"], infers: true) { odd in
                twoClasses(
                    valid: BatchList([odd ? Batch(inputs: batch.inputs.map { $0 + 1 }, targets: batch.targets) : batch])
                )
            },
            SetupDifference(words: ["metric f1_score_macro: F1Score", "metric f1_score_micro: F1Score"], infers: true) {
                twoClasses(metrics: [$0 ? F1Score(average: .macro) : F1Score(average: .micro)])
            },
            SetupDifference(words: ["loss: CrossEntropyFlat, weight"], infers: true) {
                twoClasses(loss: CrossEntropyFlat(weight: Tensor([1, $0 ? 9 : 3])))
            },
        ]
        for difference in differences { try expectRefused(c, difference) }
        // Threads, paths and what rank 0 gives to all change nothing.
        guard let own = files(in: "rank\(c.rank)", last: 11) else { throw CheckFailure("no files") }
        let learner = twoClasses(train: loader(own) { $0.numWorkers = c.rank % 2 }, callbacks: [Recorder()])
        learner.logger = SilentLogger()
        learner.path = "/nowhere/\(c.rank)"
        for parameter in learner.model.parameters() { parameter.wrappedValue = parameter.value + Double(c.rank) }
        try learner.distributed(over: c) {
            try learner.fit(1)
            try learner.validate()
        }
    }
}
