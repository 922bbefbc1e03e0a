// SPDX-License-Identifier: Apache-2.0
// PyTorch's and MLX's names of what a tensor does, with those to use.

extension Tensor {
    // MARK: PyTorch
    @available(*, unavailable, renamed: "reshaped(_:)") public var view: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "reshaped(_:)") public var reshape: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "permuted(_:)") public var permute: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "transposed(_:_:)") public var transpose: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "unsqueezed(axis:)") public var unsqueeze: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "squeezed(axis:)") public var squeeze: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "expanded(to:)") public var expand: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "flattened(from:to:)") public var flatten: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "repeated(_:)") public var `repeat`: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "tiled(_:)") public var tile: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "clamped(min:max:)") public var clamp: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "clamped(min:max:)") public var clip: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "matmul(_:)") public var mm: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "matmul(_:)") public var bmm: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "standardDeviation()") public var std: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "variance()") public var `var`: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "product()") public var prod: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "max(axes:)") public var amax: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "min(axes:)") public var amin: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "topK(_:axis:)") public var topk: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "sorted(axis:)") public var sort: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "argsorted(axis:)") public var argsort: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "chunks(_:axis:)") public var chunk: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "rolled(by:axis:)") public var roll: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "flipped(axes:)") public var flip: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "filled(where:with:)")
    public var masked_fill: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "maskedSelect(_:)")
    public var masked_select: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "indexSelect(axis:index:)")
    public var index_select: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "indexAdd(axis:index:source:)")
    public var index_add: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "scatterAdd(axis:index:source:)")
    public var scatter_add: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "logSoftmax(axis:)")
    public var log_softmax: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "logSumExp(axis:)") public var logsumexp: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "leakyRelu(slope:)")
    public var leaky_relu: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "floorDivided(by:)")
    public var floor_divide: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "repeatInterleaved(_:axis:)")
    public var repeat_interleave: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "padded(_:)") public var pad: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "requiringGradient()")
    public var requires_grad_: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "count") public var numel: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "detached") public var detach: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "detached") public var clone: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "transposed()") public var T: Tensor { unavailable() }
    @available(*, unavailable, renamed: "gradient") public var grad: Tensor? { unavailable() }
    @available(*, unavailable, renamed: "requiresGradient") public var requires_grad: Bool { unavailable() }
    @available(*, unavailable, renamed: "rank") public var ndim: Int { unavailable() }
    @available(*, unavailable, message: "x.shape, x.dim(0), x.count")
    public var size: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.floats, x.doubles, x.ints or x.bools")
    public var tolist: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.floats, or NPY.write(NumericArray(x), to: file)")
    public var numpy: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.to(.float32)") public var float: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.to(.float64)") public var double: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.to(.int64)") public var long: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.to(.bfloat16), or withAutocast(.half) { }")
    public var half: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.to(.float32)") public var type: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "there are no devices: tensors are computed on the processor")
    public var cuda: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "there are no devices: tensors are computed on the processor")
    public var cpu: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "there are no devices: tensors are computed on the processor")
    public var device: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "normal(_:)") public static var randn: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "uniform(_:)") public static var rand: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "randomIntegers(_:in:)")
    public static var randint: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "randomPermutation(_:)")
    public static var randperm: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "zeros(like:)")
    public static var zeros_like: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "ones(like:)")
    public static var ones_like: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "concatenated(_:axis:)")
    public static var cat: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "stacked(_:axis:)")
    public static var stack: ForeignName<Tensor> { ForeignName() }

    // MARK: MLX
    @available(*, unavailable, renamed: "to(_:)") public var asType: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "transposed(_:_:)")
    public var swappedAxes: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "unsqueezed(axis:)")
    public var expandedDimensions: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "indexSelect(axis:index:)")
    public var take: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, renamed: "permuted(_:)") public var movedAxis: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "x.floats, x.doubles, x.ints or x.bools")
    public var asArray: ForeignName<Tensor> { ForeignName() }
    @available(*, unavailable, message: "operations are done at once: there is nothing to evaluate")
    public var eval: ForeignName<Tensor> { ForeignName() }
}

// MARK: - Names that stand by themselves

@available(*, unavailable, renamed: "Tensor") public typealias MLXArray = Tensor
@available(*, unavailable, renamed: "Tensor.concatenated(_:axis:)")
public var concatenate: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "crossEntropy(_:_:)")
public var cross_entropy: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "nllLoss(_:_:)") public var nll_loss: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "mseLoss(_:_:)") public var mse_loss: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "l1Loss(_:_:)") public var l1_loss: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "smoothL1Loss(_:_:)")
public var smooth_l1_loss: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "bceLoss(_:_:)")
public var binary_cross_entropy: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "bceWithLogits(_:_:)")
public var binary_cross_entropy_with_logits: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "logSoftmax(_:axis:)") public var log_softmax: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "leakyRelu(_:slope:)") public var leaky_relu: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "Tensor.einsum(_:_:)") public var einsum: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "Tensor.normal(_:)") public var randn: ForeignName<Tensor> { ForeignName() }
@available(*, unavailable, renamed: "setSeed(_:)") public var set_seed: ForeignName<Any> { ForeignName() }
@available(*, unavailable, renamed: "setSeed(_:)") public var manual_seed: ForeignName<Any> { ForeignName() }
@available(*, unavailable, renamed: "withNoGrad(_:)") public var no_grad: ForeignName<Any> { ForeignName() }
@available(*, unavailable, renamed: "Tensor.backward()") public var valueAndGrad: ForeignName<Any> { ForeignName() }
@available(*, unavailable, message: "there is no prefix: Tensor.zeros([2]), maximum(a, b), setSeed(1)")
public enum torch {}
@available(*, unavailable, message: "there is no prefix: Tensor.normal([2, 3]), setSeed(1)") public enum MLXRandom {}
