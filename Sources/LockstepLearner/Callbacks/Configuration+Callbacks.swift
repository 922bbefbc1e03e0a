// SPDX-License-Identifier: Apache-2.0
// The callbacks that files call by name. Swift finds no type by itself, so each has a line here.

import LockstepTensor

extension Configuration {
    /// Every callback of the module that keeps no functions and belongs to the model, not to a run.
    static let callbacks: [Configuration] = callbackTypes.map { $0.configuration }

    private static let callbackTypes: [any Configurable.Type] = [
        TrainEvalCallback.self, Recorder.self, ProgressCallback.self,
        GradientClip.self, GradientAccumulation.self, ShortEpochCallback.self, MixUp.self, CutMix.self,
        WeightAverage.self,
        BnFreeze.self, CollectDataCallback.self, MCDropoutCallback.self, ModelResetter.self, RNNCallback.self,
        RNNRegularizer.self,
        TerminateOnNaNCallback.self, EarlyStoppingCallback.self, ReduceLROnPlateau.self, SaveModelCallback.self,
    ]
}
