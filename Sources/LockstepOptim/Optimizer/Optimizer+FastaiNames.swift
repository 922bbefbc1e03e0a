// SPDX-License-Identifier: Apache-2.0
// fastai's, PyTorch's and MLX's names of optimizers and schedules, with those to use.

public import LockstepTensor

extension Optimizer {
    @available(*, unavailable, renamed: "zeroGradients()") public var zero_grad: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "setHyper(_:_:)") public var set_hyper: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "setHypers(_:)") public var set_hypers: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "freeze(to:)") public var freeze_to: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "clearState()") public var clear_state: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "stateDictionary") public var state_dict: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "loadStateDictionary(_:)")
    public var load_state_dict: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, message: "groups, whose hyper-parameters are hypers")
    public var param_groups: [[Parameter]] { unavailable() }
    @available(*, unavailable, message: "optimizer.hypers[0][\"lr\"], optimizer.setHyper(\"lr\", 1e-3)")
    public var learningRate: Double { unavailable() }
    @available(*, unavailable, message: "loss.backward(), then optimizer.step()")
    public var update: ForeignName<Any> { ForeignName() }
}

// MARK: - Names that stand by themselves

@available(*, unavailable, renamed: "OptimizerFactory.sgd(mom:wd:)")
public var SGD: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.adam(mom:wd:)")
public var Adam: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.adamW(mom:wd:)")
public var AdamW: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.rmsProp(mom:wd:)")
public var RMSProp: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.rmsProp(mom:wd:)")
public var RMSprop: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.radam(mom:wd:)")
public var RAdam: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.lamb(mom:wd:)")
public var Lamb: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.larc(mom:wd:)")
public var Larc: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.lookahead(_:k:alpha:)")
public var Lookahead: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "OptimizerFactory.ranger(mom:wd:)")
public var ranger: ForeignName<OptimizerFactory> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.linear(_:_:)")
public var SchedLin: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.cosine(_:_:)")
public var SchedCos: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.constant(_:)") public var SchedNo: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.exponential(_:_:)")
public var SchedExp: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.polynomial(_:_:power:)")
public var SchedPoly: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.combined(_:)")
public var combine_scheds: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "Schedule.combinedCosine(_:_:_:_:)")
public var combined_cos: ForeignName<Schedule> { ForeignName() }
@available(*, unavailable, renamed: "LearningRate.slice(_:_:)")
public var slice: ForeignName<HyperValue> { ForeignName() }
@available(*, unavailable, renamed: "evenMultiples(_:_:_:)")
public var even_mults: ForeignName<[Double]> { ForeignName() }
