// SPDX-License-Identifier: Apache-2.0
// fastai's names of what a learner is, has and does, with those to use.

public import LockstepData
public import LockstepNN
public import LockstepOptim
public import LockstepTensor

extension Learner {
    // MARK: What it does
    @available(*, unavailable, renamed: "fitOneCycle(_:lrMax:)")
    public var fit_one_cycle: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "fitFlatCos(_:lr:)")
    public var fit_flat_cos: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "fitSGDR(cycles:cycleLength:lrMax:)")
    public var fit_sgdr: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "fineTune(_:baseLR:)") public var fine_tune: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "lrFind()") public var lr_find: ForeignName<LRFindResult> { ForeignName() }
    @available(*, unavailable, renamed: "predictions(on:)")
    public var get_preds: ForeignName<Predictions> { ForeignName() }
    @available(*, unavailable, renamed: "showResults(maxCount:)")
    public var show_results: ForeignName<ShownResults> { ForeignName() }
    @available(*, unavailable, renamed: "createOptimizer()")
    public var create_opt: ForeignName<Optimizer> { ForeignName() }
    @available(*, unavailable, renamed: "oneBatch(_:_:)") public var one_batch: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "allBatches()") public var all_batches: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "freeze(to:)") public var freeze_to: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "toFP16()") public var to_fp16: ForeignName<Learner> { ForeignName() }
    @available(*, unavailable, renamed: "toBF16()") public var to_bf16: ForeignName<Learner> { ForeignName() }
    @available(*, unavailable, renamed: "toFP32()") public var to_fp32: ForeignName<Learner> { ForeignName() }
    @available(*, unavailable, renamed: "addCallback(_:)") public var add_cb: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "addCallbacks(_:)") public var add_cbs: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "removeCallback(_:)") public var remove_cb: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "removeCallbacks(_:)")
    public var remove_cbs: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "withAddedCallbacks(_:_:)")
    public var added_cbs: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "withRemovedCallbacks(_:_:)")
    public var removed_cbs: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "orderedCallbacks(for:)")
    public var ordered_cbs: ForeignName<[Callback]> { ForeignName() }
    @available(*, unavailable, renamed: "withoutLogging(_:)") public var no_logging: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "withoutProgress(_:)") public var no_bar: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "withoutProgress(_:)") public var no_mbar: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "withUnreducedLoss(_:)")
    public var loss_not_reduced: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "showTrainingLoop()")
    public var show_training_loop: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "gatherArguments()") public var gather_args: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "save(_:withOptimizer:)")
    public var save_model: ForeignName<String> { ForeignName() }
    @available(*, unavailable, renamed: "load(_:withOptimizer:strict:)")
    public var load_model: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "distributed(_:)") public var distrib_ctx: ForeignName<Void> { ForeignName() }
    @available(*, unavailable, renamed: "toDistributed()")
    public var to_distributed: ForeignName<Learner> { ForeignName() }
    @available(*, unavailable, renamed: "detachDistributed()")
    public var detach_distributed: ForeignName<Learner> { ForeignName() }

    // MARK: What it has
    @available(*, unavailable, renamed: "lossFunction") public var loss_func: any LossFunction { unavailable() }
    @available(*, unavailable, renamed: "optimizer") public var opt: Optimizer { unavailable() }
    @available(*, unavailable, renamed: "optimizerFactory") public var opt_func: OptimizerFactory { unavailable() }
    @available(*, unavailable, renamed: "callbacks") public var cbs: [Callback] { unavailable() }
    @available(*, unavailable, renamed: "modelDirectory") public var model_dir: String { unavailable() }
    @available(*, unavailable, renamed: "nEpoch") public var n_epoch: Int { unavailable() }
    @available(*, unavailable, renamed: "nIter") public var n_iter: Int { unavailable() }
    @available(*, unavailable, renamed: "trainIter") public var train_iter: Int { unavailable() }
    @available(*, unavailable, renamed: "pctTrain") public var pct_train: Double { unavailable() }
    @available(*, unavailable, renamed: "smoothLoss") public var smooth_loss: Double? { unavailable() }
    @available(*, unavailable, renamed: "finalRecord") public var final_record: [Double?] { unavailable() }
    @available(*, unavailable, renamed: "lossGrad") public var loss_grad: Tensor? { unavailable() }
    @available(*, unavailable, renamed: "trainBn") public var train_bn: Bool { unavailable() }
    @available(*, unavailable, renamed: "wdBnBias") public var wd_bn_bias: Bool { unavailable() }

    // MARK: Arguments

    @available(*, unavailable, message: "loss: for loss_func:, optimizer: for opt_func:, callbacks: for cbs:")
    public convenience init<Loss: LossFunction>(
        dls: DataLoaders, model: Module, loss_func: Loss, opt_func: OptimizerFactory? = nil,
        optimizer: OptimizerFactory? = nil, lr: HyperValue = 1e-3, splitter: ParameterSplitter? = nil,
        cbs: [Callback] = [], callbacks: [Callback] = [], metrics: [Metric] = [], path: String? = nil,
        model_dir: String = "models", wd: HyperValue? = nil, wd_bn_bias: Bool = false, train_bn: Bool = true
    ) { unavailable() }
    @available(*, unavailable, message: "Learner(dls: dls, model: model, loss: .crossEntropy)")
    public convenience init<Loss: LossFunction>(
        _ dls: DataLoaders, _ model: Module, loss_func: Loss, opt_func: OptimizerFactory? = nil,
        lr: HyperValue = 1e-3, splitter: ParameterSplitter? = nil, cbs: [Callback] = [], metrics: [Metric] = [],
        path: String? = nil, model_dir: String = "models", wd: HyperValue? = nil, wd_bn_bias: Bool = false,
        train_bn: Bool = true
    ) { unavailable() }
    @available(*, unavailable, message: "optimizer: for opt_func:, callbacks: for cbs:")
    public convenience init<Loss: LossFunction>(
        dls: DataLoaders, model: Module, loss: Loss, opt_func: OptimizerFactory, lr: HyperValue = 1e-3,
        splitter: ParameterSplitter? = nil, cbs: [Callback] = [], callbacks: [Callback] = [], metrics: [Metric] = [],
        path: String? = nil, wd: HyperValue? = nil
    ) { unavailable() }
    @available(*, unavailable, message: "callbacks: for cbs:")
    public convenience init<Loss: LossFunction>(
        dls: DataLoaders, model: Module, loss: Loss, optimizer: OptimizerFactory = .adam(), lr: HyperValue = 1e-3,
        splitter: ParameterSplitter? = nil, cbs: [Callback], metrics: [Metric] = [], path: String? = nil,
        wd: HyperValue? = nil
    ) { unavailable() }
    @available(*, unavailable, renamed: "fit(_:lr:wd:callbacks:)")
    public func fit(_ nEpoch: Int, lr: HyperValue? = nil, wd: HyperValue? = nil, cbs: [Callback]) { unavailable() }
    @available(*, unavailable, renamed: "fitOneCycle(_:lrMax:wd:callbacks:)")
    public func fitOneCycle(_ nEpoch: Int, lrMax: HyperValue? = nil, wd: HyperValue? = nil, cbs: [Callback]) {
        unavailable()
    }
    @available(*, unavailable, renamed: "fitOneCycle(_:lrMax:)")
    public func fitOneCycle(_ nEpoch: Int, lr: HyperValue) { unavailable() }
    @available(*, unavailable, renamed: "fineTune(_:baseLR:callbacks:)")
    public func fineTune(_ epochs: Int, baseLR: Double = 2e-3, cbs: [Callback]) { unavailable() }
}

extension Recorder {
    @available(*, unavailable, renamed: "plotLoss()") public var plot_loss: ForeignName<Plot> { ForeignName() }
    @available(*, unavailable, renamed: "plotSchedule(keys:)") public var plot_sched: ForeignName<[Plot]> {
        ForeignName()
    }
    @available(*, unavailable, renamed: "metricNames") public var metric_names: [String] { unavailable() }
    @available(*, unavailable, message: "learner.lrFind().plot()")
    public var plot_lr_find: ForeignName<Plot> { ForeignName() }
}

extension Interpretation {
    @available(*, unavailable, renamed: "Interpretation(learner:)")
    public static var from_learner: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "topLosses(_:largest:)")
    public var top_losses: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "ClassificationInterpretation.confusionMatrix()")
    public var confusion_matrix: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "ClassificationInterpretation.mostConfused(minimum:)")
    public var most_confused: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "ClassificationInterpretation.report()")
    public var print_classification_report: ForeignName<Any> { ForeignName() }
}

// MARK: - Names that stand by themselves

@available(*, unavailable, renamed: "Metric.accuracy") public var accuracy: Metric { unavailable() }
@available(*, unavailable, renamed: "Metric.errorRate") public var error_rate: Metric { unavailable() }
@available(*, unavailable, renamed: "Metric.topKAccuracy(k:)") public var top_k_accuracy: Metric { unavailable() }
@available(*, unavailable, renamed: "Metric.accuracyMulti(threshold:sigmoid:)")
public var accuracy_multi: Metric { unavailable() }
@available(*, unavailable, renamed: "Learner.load(contentsOf:)")
public var load_learner: ForeignName<Learner> { ForeignName() }
@available(*, unavailable, renamed: "Learner.vision(dls:_:)")
public var vision_learner: ForeignName<Learner> { ForeignName() }
@available(*, unavailable, renamed: "Learner.vision(dls:_:)")
public var cnn_learner: ForeignName<Learner> { ForeignName() }
@available(*, unavailable, renamed: "Learner.text(_:_:)")
public var text_classifier_learner: ForeignName<Learner> { ForeignName() }
@available(*, unavailable, renamed: "AccumMetric(_:_:)") public var skm_to_fastai: ForeignName<Metric> { ForeignName() }
@available(*, unavailable, renamed: "Metrics.make(from:name:)")
public var mk_metric: ForeignName<Metric> { ForeignName() }
@available(
    *, unavailable,
    message: "Learner(dls: data.loaders, model: TabularModel(data.columns))"
)
public var tabular_learner: ForeignName<Learner> { ForeignName() }
@available(
    *, unavailable,
    message: "Learner(dls: texts.loaders, model: GPT(vocabulary: texts.encoding.count), loss: .crossEntropy)"
)
public var language_model_learner: ForeignName<Learner> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.fit")
public var CancelFitException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.epoch")
public var CancelEpochException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.train")
public var CancelTrainException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.validate")
public var CancelValidException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.batch")
public var CancelBatchException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.step")
public var CancelStepException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "CancelSignal.backward")
public var CancelBackwardException: ForeignName<CancelSignal> { ForeignName() }
@available(*, unavailable, renamed: "Tracker") public typealias TrackerCallback = Tracker
@available(*, unavailable, renamed: "CorpusBLEU") public typealias CorpusBLEUMetric = CorpusBLEU
