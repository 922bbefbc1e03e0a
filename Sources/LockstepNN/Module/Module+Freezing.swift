// SPDX-License-Identifier: Apache-2.0
// Which parameters train, and which kind of parameter they are.

public import LockstepTensor

/// A layer whose parameters scale and shift normalised values: batch, instance and layer normalisation.
///
/// Optimizers exempt these parameters from weight decay, and may train them while everything around them is frozen.
public protocol NormalizationLayer: Module {}

extension Module {
    /// Excludes all parameters from training: they get no gradient and are never stepped.
    public final func freeze() {
        for parameter in parameters() { parameter.isTrainable = false }
    }

    /// Includes all parameters in training.
    public final func unfreeze() {
        for parameter in parameters() { parameter.isTrainable = true }
    }

    /// The parameters of all ``NormalizationLayer``s, weights and biases.
    public final func normalizationParameters() -> [Parameter] {
        unique(modules().filter { $0 is any NormalizationLayer }.flatMap { $0.parameters() })
    }

    /// The parameters called `bias` in the modules that are not normalisation layers.
    ///
    /// A parameter of another name, such as the `b` of a hand-written regression, does not count.
    public final func biasParameters() -> [Parameter] {
        var list: [Parameter] = []
        for module in modules() where !(module is any NormalizationLayer) {
            for case (name: "bias", member: .parameter(let parameter)) in module.members { list.append(parameter) }
        }
        return unique(list)
    }
}

private func unique(_ parameters: [Parameter]) -> [Parameter] {
    var seen: Set<ObjectIdentifier> = []
    return parameters.filter { seen.insert(ObjectIdentifier($0)).inserted }
}
