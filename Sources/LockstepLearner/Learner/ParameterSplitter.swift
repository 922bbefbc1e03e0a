// SPDX-License-Identifier: Apache-2.0
// Cutting a model into parameter groups.

public import LockstepNN
public import LockstepTensor

/// How a model's parameters are cut into groups with hyper-parameters of their own.
public struct ParameterSplitter {
    private let split: (Module) -> [[Parameter]]

    /// Cuts models as `split` does: a group for each list it returns, first the body, last the head.
    public init(_ split: @escaping (Module) -> [[Parameter]]) { self.split = split }

    /// The groups of `model`.
    public func callAsFunction(_ model: Module) -> [[Parameter]] { split(model) }

    /// One group with every parameter. Frozen ones are in it, so that unfreezing reaches them; they are never stepped.
    public static var trainableParameters: ParameterSplitter { ParameterSplitter { [$0.parameters()] } }

    /// A group for each of `parts` of the model, in that order: first the body, last the head.
    public static func parts<Model: Module>(_ parts: @escaping (Model) -> [Module]) -> ParameterSplitter {
        ParameterSplitter { model in
            guard let model = model as? Model else {
                stop(
                    "ParameterSplitter.parts: the model is a \(model.typeName), not a \(Model.self)", file: #fileID,
                    line: #line)
            }
            return parts(model).map { $0.parameters() }
        }
    }
}
