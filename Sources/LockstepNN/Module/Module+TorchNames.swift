// SPDX-License-Identifier: Apache-2.0
// PyTorch's and MLX's names of modules and losses, with those to use.

public import LockstepTensor

extension Module {
    // MARK: PyTorch
    @available(*, unavailable, renamed: "namedParameters()")
    public var named_parameters: ForeignName<[(name: String, parameter: Parameter)]> { ForeignName() }
    @available(*, unavailable, renamed: "namedBuffers()")
    public var named_buffers: ForeignName<[(name: String, buffer: Buffer)]> { ForeignName() }
    @available(*, unavailable, renamed: "namedModules()")
    public var named_modules: ForeignName<[(name: String, module: Module)]> { ForeignName() }
    @available(*, unavailable, renamed: "namedChildren()")
    public var named_children: ForeignName<[(name: String, module: Module)]> { ForeignName() }
    @available(*, unavailable, renamed: "stateDictionary()") public var state_dict: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "loadStateDictionary(_:strict:)")
    public var load_state_dict: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "freeze()") public var requires_grad_: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, renamed: "addOutputObserver(_:)")
    public var register_forward_hook: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, message: "model.convert(to: .float64); there are no devices")
    public var to: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, message: "there are no devices: models are computed on the processor")
    public var cuda: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, message: "model.convert(to: .bfloat16), or withAutocast(.half) { }")
    public var half: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, message: "for layer in model.modules() { }")
    public var apply: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, message: "@Buffer var name = Tensor.zeros([3])")
    public var register_buffer: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, message: "@Parameter var name = Tensor.zeros([3])")
    public var register_parameter: ForeignName<Module> { ForeignName() }
    @available(*, unavailable, message: "optimizer.zeroGradients()")
    public var zero_grad: ForeignName<Module> { ForeignName() }

    // MARK: MLX
    @available(*, unavailable, renamed: "modules()") public var leafModules: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "parameters()")
    public var trainableParameters: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, message: "model.loadStateDictionary(tensors), or optimizer.step()")
    public var update: ForeignName<Any> { ForeignName() }
}

extension Conv2d {
    @available(*, unavailable, message: "Conv2d(1, 16, kernelSize: 3)")
    public convenience init(
        inputChannels: Int, outputChannels: Int, kernelSize: Pair, stride: Pair = 1, padding: Pair = 0,
        bias: Bool = true
    ) { unavailable() }
}
extension Conv2d {
    @available(*, unavailable, message: "Conv2d(1, 16, kernelSize: 3)")
    public convenience init(
        in_channels: Int, out_channels: Int, kernel_size: Pair, stride: Pair = 1, padding: Pair = 0, bias: Bool = true
    ) { unavailable() }
}
extension Linear {
    @available(*, unavailable, message: "Linear(64, 10)")
    public convenience init(in_features: Int, out_features: Int, bias: Bool = true) { unavailable() }
}
extension Linear {
    @available(*, unavailable, message: "Linear(64, 10)")
    public convenience init(inputDimensions: Int, outputDimensions: Int, bias: Bool = true) { unavailable() }
}
extension Embedding {
    @available(*, unavailable, message: "Embedding(1000, 64)")
    public convenience init(embeddingCount: Int, dimensions: Int) { unavailable() }
}
extension Embedding {
    @available(*, unavailable, message: "Embedding(1000, 64)")
    public convenience init(num_embeddings: Int, embedding_dim: Int) { unavailable() }
}
extension LayerNorm {
    @available(*, unavailable, message: "LayerNorm(64)")
    public convenience init(dimensions: Int, eps: Double = 1e-5) { unavailable() }
}
extension RMSNorm {
    @available(*, unavailable, message: "RMSNorm(64)")
    public convenience init(dimensions: Int, eps: Double = 1e-5) { unavailable() }
}
extension Dropout {
    @available(*, unavailable, message: "Dropout(0.5)")
    public convenience init(p: Double) { unavailable() }
}

// MARK: - Names that stand by themselves

@available(*, unavailable, message: "an ordinary property; with another name in files @Submodule(\"name\")")
@propertyWrapper public struct ModuleInfo<Part> {
    /// What it holds.
    public var wrappedValue: Part
    /// Holds a part.
    public init(wrappedValue: Part, key: String? = nil) { self.wrappedValue = wrappedValue }
}
@available(*, unavailable, renamed: "Parameter") public typealias ParameterInfo = Parameter
@available(*, unavailable, message: "layers have no prefix: Linear(64, 10)") public enum nn {}
@available(*, unavailable, message: "an array of modules: let layers = [Linear(64, 64), Linear(64, 10)]")
public var ModuleList: ForeignName<[Module]> { ForeignName() }
@available(*, unavailable, message: "a dictionary of modules with string keys")
public var ModuleDict: ForeignName<[String: Module]> { ForeignName() }

// MARK: - Losses of fastai

@available(*, unavailable, renamed: "CrossEntropyFlat") public typealias CrossEntropyLossFlat = CrossEntropyFlat
@available(*, unavailable, renamed: "CrossEntropyFlat") public typealias CrossEntropyLoss = CrossEntropyFlat
@available(*, unavailable, renamed: "FocalFlat") public typealias FocalLossFlat = FocalFlat
@available(*, unavailable, renamed: "BCEWithLogitsFlat") public typealias BCEWithLogitsLossFlat = BCEWithLogitsFlat
@available(*, unavailable, renamed: "BCEWithLogitsFlat") public typealias BCEWithLogitsLoss = BCEWithLogitsFlat
@available(*, unavailable, renamed: "BCEFlat") public typealias BCELossFlat = BCEFlat
@available(*, unavailable, renamed: "MSEFlat") public typealias MSELossFlat = MSEFlat
@available(*, unavailable, renamed: "MSEFlat") public typealias MSELoss = MSEFlat
@available(*, unavailable, renamed: "L1Flat") public typealias L1LossFlat = L1Flat
