// SPDX-License-Identifier: Apache-2.0
// Names of fastai, PyTorch and MLX as somebody would write them, each with what the compiler says; nothing here compiles.

import Foundation
import Lockstep

func tensors(_ x: Tensor, _ y: Tensor, _ mask: Tensor) {
    _ = x.view(2, 3).relu()  // 'view' has been renamed to 'reshaped(_:)'
    _ = x.reshape(2, -1)  // 'reshape' has been renamed to 'reshaped(_:)'
    _ = x.permute(2, 0, 1)  // 'permute' has been renamed to 'permuted(_:)'
    _ = x.transpose(0, 1)  // 'transpose' has been renamed to 'transposed(_:_:)'
    _ = x.unsqueeze(0)  // 'unsqueeze' has been renamed to 'unsqueezed(axis:)'
    _ = x.squeeze()  // 'squeeze' has been renamed to 'squeezed(axis:)'
    _ = x.expand(2, 3)  // 'expand' has been renamed to 'expanded(to:)'
    _ = x.flatten(start_dim: 1)  // 'flatten' has been renamed to 'flattened(from:to:)'
    _ = x.repeat(2, 1)  // 'repeat' has been renamed to 'repeated(_:)'
    _ = x.tile(2)  // 'tile' has been renamed to 'tiled(_:)'
    _ = x.clamp(min: 0, max: 1)  // 'clamp' has been renamed to 'clamped(min:max:)'
    _ = x.clip(0, 1)  // 'clip' has been renamed to 'clamped(min:max:)'
    _ = x.mm(y)  // 'mm' has been renamed to 'matmul(_:)'
    _ = x.bmm(y)  // 'bmm' has been renamed to 'matmul(_:)'
    _ = x.std(dim: 0)  // 'std' has been renamed to 'standardDeviation()'
    _ = x.var(dim: 0)  // 'var' has been renamed to 'variance()'
    _ = x.prod()  // 'prod' has been renamed to 'product()'
    _ = x.amax(dim: 1)  // 'amax' has been renamed to 'max(axes:)'
    _ = x.amin(dim: 1)  // 'amin' has been renamed to 'min(axes:)'
    _ = x.topk(3, dim: 1)  // 'topk' has been renamed to 'topK(_:axis:)'
    _ = x.sort(dim: 1)  // 'sort' has been renamed to 'sorted(axis:)'
    _ = x.argsort(dim: 1)  // 'argsort' has been renamed to 'argsorted(axis:)'
    _ = x.chunk(2)  // 'chunk' has been renamed to 'chunks(_:axis:)'
    _ = x.roll(1, dims: 0)  // 'roll' has been renamed to 'rolled(by:axis:)'
    _ = x.flip([0])  // 'flip' has been renamed to 'flipped(axes:)'
    _ = x.masked_fill(mask, -1e9)  // 'masked_fill' has been renamed to 'filled(where:with:)'
    _ = x.masked_select(mask)  // 'masked_select' has been renamed to 'maskedSelect(_:)'
    _ = x.index_select(0, y)  // 'index_select' has been renamed to 'indexSelect(axis:index:)'
    _ = x.index_add(0, y, x)  // 'index_add' has been renamed to 'indexAdd(axis:index:source:)'
    _ = x.scatter_add(0, y, x)  // 'scatter_add' has been renamed to 'scatterAdd(axis:index:source:)'
    _ = x.log_softmax(dim: -1)  // 'log_softmax' has been renamed to 'logSoftmax(axis:)'
    _ = x.logsumexp(dim: 1)  // 'logsumexp' has been renamed to 'logSumExp(axis:)'
    _ = x.leaky_relu(0.1)  // 'leaky_relu' has been renamed to 'leakyRelu(slope:)'
    _ = x.floor_divide(2)  // 'floor_divide' has been renamed to 'floorDivided(by:)'
    _ = x.repeat_interleave(2)  // 'repeat_interleave' has been renamed to 'repeatInterleaved(_:axis:)'
    _ = x.pad([1, 1])  // 'pad' has been renamed to 'padded(_:)'
    _ = x.requires_grad_()  // 'requires_grad_' has been renamed to 'requiringGradient()'
    _ = x.numel()  // 'numel' has been renamed to 'count'
    _ = x.detach()  // 'detach' has been renamed to 'detached'
    _ = x.clone()  // 'clone' has been renamed to 'detached'
    _ = x.T  // 'T' has been renamed to 'transposed()'
    _ = x.grad  // 'grad' has been renamed to 'gradient'
    _ = x.requires_grad  // 'requires_grad' has been renamed to 'requiresGradient'
    _ = x.ndim  // 'ndim' has been renamed to 'rank'
    _ = x.size(0)  // 'size' is unavailable: x.shape, x.dim(0), x.count
    _ = x.tolist()  // 'tolist' is unavailable: x.floats, x.doubles, x.ints or x.bools
    _ = x.numpy()  // 'numpy' is unavailable: x.floats, or NPY.write(NumericArray(x), to: file)
    _ = x.float()  // 'float' is unavailable: x.to(.float32)
    _ = x.double()  // 'double' is unavailable: x.to(.float64)
    _ = x.long()  // 'long' is unavailable: x.to(.int64)
    _ = x.half()  // 'half' is unavailable: x.to(.bfloat16), or withAutocast(.half) { }
    _ = x.type()  // 'type' is unavailable: x.to(.float32)
    _ = x.cuda()  // 'cuda' is unavailable: there are no devices
    _ = x.cpu()  // 'cpu' is unavailable: there are no devices
    _ = x.device  // 'device' is unavailable: there are no devices
    _ = Tensor.randn(2, 3)  // 'randn' has been renamed to 'normal(_:)'
    _ = Tensor.rand(2, 3)  // 'rand' has been renamed to 'uniform(_:)'
    _ = Tensor.randint(0, 10)  // 'randint' has been renamed to 'randomIntegers(_:in:)'
    _ = Tensor.randperm(10)  // 'randperm' has been renamed to 'randomPermutation(_:)'
    _ = Tensor.zeros_like(x)  // 'zeros_like' has been renamed to 'zeros(like:)'
    _ = Tensor.ones_like(x)  // 'ones_like' has been renamed to 'ones(like:)'
    _ = Tensor.cat([x, y], dim: 0)  // 'cat' has been renamed to 'concatenated(_:axis:)'
    _ = Tensor.stack([x, y])  // 'stack' has been renamed to 'stacked(_:axis:)'
    _ = x.asType(Float.self)  // 'asType' has been renamed to 'to(_:)'
    _ = x.swappedAxes(0, 1)  // 'swappedAxes' has been renamed to 'transposed(_:_:)'
    _ = x.expandedDimensions(axis: 0)  // 'expandedDimensions' has been renamed to 'unsqueezed(axis:)'
    _ = x.take(y, axis: 0)  // 'take' has been renamed to 'indexSelect(axis:index:)'
    _ = x.movedAxis(source: 0, destination: 1)  // 'movedAxis' has been renamed to 'permuted(_:)'
    _ = x.asArray(Float.self)  // 'asArray' is unavailable: x.floats, x.doubles, x.ints or x.bools
    x.eval()  // 'eval' is unavailable: operations are done at once: there is nothing to evaluate
    let _: MLXArray = x  // 'MLXArray' has been renamed to 'Tensor'
    _ = concatenate([x, y], axis: 0)  // 'concatenate' has been replaced by 'Tensor.concatenated(_:axis:)'
    _ = cross_entropy(x, y)  // 'cross_entropy' has been renamed to 'crossEntropy(_:_:)'
    _ = nll_loss(x, y)  // 'nll_loss' has been renamed to 'nllLoss(_:_:)'
    _ = mse_loss(x, y)  // 'mse_loss' has been renamed to 'mseLoss(_:_:)'
    _ = l1_loss(x, y)  // 'l1_loss' has been renamed to 'l1Loss(_:_:)'
    _ = smooth_l1_loss(x, y)  // 'smooth_l1_loss' has been renamed to 'smoothL1Loss(_:_:)'
    _ = binary_cross_entropy(x, y)  // 'binary_cross_entropy' has been renamed to 'bceLoss(_:_:)'
    _ = binary_cross_entropy_with_logits(x, y)  // renamed to 'bceWithLogits(_:_:)'
    _ = log_softmax(x, dim: 1)  // 'log_softmax' has been renamed to 'logSoftmax(_:axis:)'
    _ = leaky_relu(x)  // 'leaky_relu' has been renamed to 'leakyRelu(_:slope:)'
    _ = einsum("ij,jk->ik", x, y)  // 'einsum' has been replaced by 'Tensor.einsum(_:_:)'
    _ = randn(2, 3)  // 'randn' has been replaced by 'Tensor.normal(_:)'
    _ = set_seed(42)  // 'set_seed' has been renamed to 'setSeed(_:)'
    _ = manual_seed(42)  // 'manual_seed' has been renamed to 'setSeed(_:)'
    _ = no_grad()  // 'no_grad' has been renamed to 'withNoGrad(_:)'
    _ = valueAndGrad(model: 1)  // 'valueAndGrad' has been replaced by 'Tensor.backward()'
    _ = torch.self  // 'torch' is unavailable: there is no prefix: Tensor.zeros([2]), maximum(a, b), setSeed(1)
    _ = MLXRandom.self  // 'MLXRandom' is unavailable: there is no prefix: Tensor.normal([2, 3]), setSeed(1)
}

func modules(_ model: Module) {
    _ = model.named_parameters()  // 'named_parameters' has been renamed to 'namedParameters()'
    _ = model.named_buffers()  // 'named_buffers' has been renamed to 'namedBuffers()'
    _ = model.named_modules()  // 'named_modules' has been renamed to 'namedModules()'
    _ = model.named_children()  // 'named_children' has been renamed to 'namedChildren()'
    _ = model.state_dict()  // 'state_dict' has been renamed to 'stateDictionary()'
    _ = model.load_state_dict(1)  // 'load_state_dict' has been renamed to 'loadStateDictionary(_:strict:)'
    _ = model.requires_grad_(false)  // 'requires_grad_' has been renamed to 'freeze()'
    _ = model.register_forward_hook(1)  // 'register_forward_hook' has been renamed to 'addOutputObserver(_:)'
    _ = model.to("cuda")  // 'to' is unavailable: model.convert(to: .float64); there are no devices
    _ = model.cuda()  // 'cuda' is unavailable: there are no devices
    _ = model.half()  // 'half' is unavailable: model.convert(to: .bfloat16), or withAutocast(.half) { }
    _ = model.apply(1)  // 'apply' is unavailable: for layer in model.modules() { }
    _ = model.register_buffer("mean", 1)  // 'register_buffer' is unavailable: @Buffer var name = Tensor.zeros([3])
    _ = model.register_parameter("w", 1)  // 'register_parameter' is unavailable: @Parameter var name = Tensor.zeros([3
    _ = model.zero_grad()  // 'zero_grad' is unavailable: optimizer.zeroGradients()
    _ = model.leafModules()  // 'leafModules' has been renamed to 'modules()'
    _ = model.trainableParameters()  // 'trainableParameters' has been renamed to 'parameters()'
    _ = model.update(parameters: 1)  // 'update' is unavailable: model.loadStateDictionary(tensors), or optimizer.step(
    _ = nn.self  // 'nn' is unavailable: layers have no prefix: Linear(64, 10)
    _ = ModuleList([1])  // 'ModuleList' is unavailable: an array of modules
    _ = ModuleDict(["a": 1])  // 'ModuleDict' is unavailable: a dictionary of modules with string keys
    _ = Conv2d(inputChannels: 1, outputChannels: 16, kernelSize: 3)  // unavailable: Conv2d(1, 16, kernelSize: 3)
    _ = Conv2d(in_channels: 1, out_channels: 16, kernel_size: 3)  // unavailable: Conv2d(1, 16, kernelSize: 3)
    _ = Linear(in_features: 64, out_features: 10)  // unavailable: Linear(64, 10)
    _ = Linear(inputDimensions: 64, outputDimensions: 10)  // unavailable: Linear(64, 10)
    _ = Embedding(embeddingCount: 1000, dimensions: 64)  // unavailable: Embedding(1000, 64)
    _ = Embedding(num_embeddings: 1000, embedding_dim: 64)  // unavailable: Embedding(1000, 64)
    _ = LayerNorm(dimensions: 64)  // unavailable: LayerNorm(64)
    _ = RMSNorm(dimensions: 64)  // unavailable: RMSNorm(64)
    _ = Dropout(p: 0.5)  // unavailable: Dropout(0.5)
    _ = CrossEntropyLossFlat()  // 'CrossEntropyLossFlat' has been renamed to 'CrossEntropyFlat'
    _ = CrossEntropyLoss()  // 'CrossEntropyLoss' has been renamed to 'CrossEntropyFlat'
    _ = FocalLossFlat()  // 'FocalLossFlat' has been renamed to 'FocalFlat'
    _ = BCEWithLogitsLossFlat()  // 'BCEWithLogitsLossFlat' has been renamed to 'BCEWithLogitsFlat'
    _ = BCEWithLogitsLoss()  // 'BCEWithLogitsLoss' has been renamed to 'BCEWithLogitsFlat'
    _ = BCELossFlat()  // 'BCELossFlat' has been renamed to 'BCEFlat'
    _ = MSELossFlat()  // 'MSELossFlat' has been renamed to 'MSEFlat'
    _ = MSELoss()  // 'MSELoss' has been renamed to 'MSEFlat'
    _ = L1LossFlat()  // 'L1LossFlat' has been renamed to 'L1Flat'
}

final class Net: Module {
    @ModuleInfo var layer = Linear(3, 3)  // 'ModuleInfo' is unavailable: an ordinary property
    @ParameterInfo var scale = Tensor.ones([3])  // 'ParameterInfo' has been renamed to 'Parameter'
}

func optimizers(_ optimizer: Optimizer) {
    _ = optimizer.zero_grad()  // 'zero_grad' has been renamed to 'zeroGradients()'
    _ = optimizer.set_hyper("lr", 1)  // 'set_hyper' has been renamed to 'setHyper(_:_:)'
    _ = optimizer.set_hypers(lr: 1)  // 'set_hypers' has been renamed to 'setHypers(_:)'
    _ = optimizer.freeze_to(1)  // 'freeze_to' has been renamed to 'freeze(to:)'
    _ = optimizer.clear_state()  // 'clear_state' has been renamed to 'clearState()'
    _ = optimizer.state_dict()  // 'state_dict' has been renamed to 'stateDictionary'
    _ = optimizer.load_state_dict(1)  // 'load_state_dict' has been renamed to 'loadStateDictionary(_:)'
    _ = optimizer.param_groups  // 'param_groups' is unavailable: groups, whose hyper-parameters are hypers
    _ = optimizer.learningRate  // 'learningRate' is unavailable: optimizer.hypers[0]["lr"], optimizer.setHyper("lr", 1
    _ = optimizer.update(model: 1, gradients: 2)  // 'update' is unavailable: loss.backward(), then optimizer.step()
    _ = SGD(lr: 0.1)  // 'SGD' has been replaced by 'OptimizerFactory.sgd(mom:wd:)'
    _ = Adam(learningRate: 1e-3)  // 'Adam' has been replaced by 'OptimizerFactory.adam(mom:wd:)'
    _ = AdamW(learningRate: 1e-3)  // 'AdamW' has been replaced by 'OptimizerFactory.adamW(mom:wd:)'
    _ = RMSProp(0.1)  // 'RMSProp' has been replaced by 'OptimizerFactory.rmsProp(mom:wd:)'
    _ = RMSprop(0.1)  // 'RMSprop' has been replaced by 'OptimizerFactory.rmsProp(mom:wd:)'
    _ = RAdam(0.1)  // 'RAdam' has been replaced by 'OptimizerFactory.radam(mom:wd:)'
    _ = Lamb(0.1)  // 'Lamb' has been replaced by 'OptimizerFactory.lamb(mom:wd:)'
    _ = Larc(0.1)  // 'Larc' has been replaced by 'OptimizerFactory.larc(mom:wd:)'
    _ = Lookahead(1)  // 'Lookahead' has been replaced by 'OptimizerFactory.lookahead(_:k:alpha:)'
    _ = ranger()  // 'ranger' has been replaced by 'OptimizerFactory.ranger(mom:wd:)'
    _ = SchedLin(0, 1)  // 'SchedLin' has been replaced by 'Schedule.linear(_:_:)'
    _ = SchedCos(0, 1)  // 'SchedCos' has been replaced by 'Schedule.cosine(_:_:)'
    _ = SchedNo(0, 1)  // 'SchedNo' has been replaced by 'Schedule.constant(_:)'
    _ = SchedExp(0, 1)  // 'SchedExp' has been replaced by 'Schedule.exponential(_:_:)'
    _ = SchedPoly(0, 1, 2)  // 'SchedPoly' has been replaced by 'Schedule.polynomial(_:_:power:)'
    _ = combine_scheds([0.3, 0.7], 1)  // 'combine_scheds' has been replaced by 'Schedule.combined(_:)'
    _ = combined_cos(0.25, 0, 1, 0)  // 'combined_cos' has been replaced by 'Schedule.combinedCosine(_:_:_:_:)'
    _ = slice(1e-5, 1e-3)  // 'slice' has been replaced by 'LearningRate.slice(_:_:)'
    _ = even_mults(1e-5, 1e-3, 3)  // 'even_mults' has been renamed to 'evenMultiples(_:_:_:)'
}

func data(_ dls: DataLoaders, _ loader: DataLoader, _ datasets: Datasets, _ block: DataBlock, _ set: any Dataset) {
    _ = dls.one_batch()  // 'one_batch' has been renamed to 'oneBatch()'
    _ = dls.show_batch(max_n: 9)  // 'show_batch' has been renamed to 'showBatch()'
    _ = dls.test_dl([1])  // 'test_dl' has been renamed to 'testLoader(for:withLabels:)'
    _ = dls.decode_batch(1)  // 'decode_batch' has been renamed to 'decodeBatch(_:maxCount:)'
    _ = dls.new_empty()  // 'new_empty' has been renamed to 'newEmpty()'
    _ = dls.add_tfms([1], "after_batch")  // 'add_tfms' has been renamed to 'addTransforms(_:at:to:)'
    _ = dls.train_ds  // 'train_ds' has been renamed to 'trainDataset'
    _ = dls.valid_ds  // 'valid_ds' has been renamed to 'validDataset'
    _ = dls.vocab  // 'vocab' has been renamed to 'vocabulary'
    _ = dls.n_inp  // 'n_inp' has been renamed to 'inputCount'
    _ = dls.c  // 'c' is unavailable: dls.targetKind?.outputCount
    _ = loader.one_batch()  // 'one_batch' has been renamed to 'oneBatch()'
    _ = loader.get_idxs()  // 'get_idxs' has been renamed to 'indices(epoch:)'
    _ = loader.bs  // 'bs' has been renamed to 'batchSize'
    _ = loader.drop_last  // 'drop_last' has been renamed to 'dropLast'
    _ = loader.num_workers  // 'num_workers' has been renamed to 'numWorkers'
    _ = DataLoader(set, bs: 64, drop_last: true)  // unavailable: DataLoader(dataset, batchSize: 64
    _ = datasets.dataloaders(bs: 64)  // 'dataloaders' has been renamed to 'dataLoaders(batchSize:)'
    _ = block.dataloaders("pets", bs: 64)  // 'dataloaders' has been renamed to 'dataLoaders(_:batchSize:)'
    _ = RandomSplitter(0.2, seed: 42)  // 'RandomSplitter' has been replaced by 'Splitter.random(_:seed:)'
    _ = EndSplitter(0.2)  // 'EndSplitter' has been replaced by 'Splitter.end(_:)'
    _ = IndexSplitter([1])  // 'IndexSplitter' has been replaced by 'Splitter.indices(_:)'
    _ = GrandparentSplitter()  // 'GrandparentSplitter' has been replaced by 'Splitter.grandparent(train:valid:)'
    _ = ColSplitter()  // 'ColSplitter' has been replaced by 'Splitter.column(_:)'
    _ = FuncSplitter(1)  // 'FuncSplitter' has been replaced by 'Splitter.function(_:)'
    _ = MaskSplitter([true])  // 'MaskSplitter' has been replaced by 'Splitter.mask(_:)'
    _ = get_files("pets")  // 'get_files' has been replaced by 'FileList.files(in:extensions:)'
    _ = get_image_files("pets")  // 'get_image_files' has been replaced by 'FileList.files(in:extensions:)'
    _ = parent_label("a/b")  // 'parent_label' has been renamed to 'ParentLabel()'
    _ = aug_transforms()  // 'aug_transforms' has been renamed to 'augTransforms(
    _ = untar_data("MNIST")  // 'untar_data' has been replaced by 'DataLoaders.mnist(path:batchSize:)'
    _ = [CategoryBlock]  // 'CategoryBlock' has been renamed to 'TransformBlock.category'
    _ = [MultiCategoryBlock]  // 'MultiCategoryBlock' has been renamed to 'TransformBlock.multiCategory'
    _ = [RegressionBlock]  // 'RegressionBlock' has been renamed to 'TransformBlock.regression'
    _ = [ImageBlock]  // 'ImageBlock' has been replaced by 'TransformBlock.image()'
    _ = ImageDataLoaders.self  // 'ImageDataLoaders' is unavailable: DataLoaders.images(path: "pets", size: 64)
    _ = TabularDataLoaders.self  // 'TabularDataLoaders' is unavailable: DataLoaders.csv(path: "houses.csv", target: "p
    _ = TextDataLoaders.self  // 'TextDataLoaders' is unavailable: DataLoaders.text(path: "plays.txt")
}

func learners(
    _ learner: Learner, _ dls: DataLoaders, _ model: Module, _ recorder: Recorder, _ seen: Interpretation
) throws {
    learner.fit_one_cycle(5, lr_max: 1e-2)  // 'fit_one_cycle' has been renamed to 'fitOneCycle(_:lrMax:)'
    learner.fit_flat_cos(5, 1e-2)  // 'fit_flat_cos' has been renamed to 'fitFlatCos(_:lr:)'
    learner.fit_sgdr(2, 1)  // 'fit_sgdr' has been renamed to 'fitSGDR(cycles:cycleLength:lrMax:)'
    learner.fine_tune(3, base_lr: 2e-3)  // 'fine_tune' has been renamed to 'fineTune(_:baseLR:)'
    _ = learner.lr_find()  // 'lr_find' has been renamed to 'lrFind()'
    _ = learner.get_preds(with_input: true)  // 'get_preds' has been renamed to 'predictions(on:)'
    _ = learner.show_results(max_n: 9)  // 'show_results' has been renamed to 'showResults(maxCount:)'
    _ = learner.create_opt()  // 'create_opt' has been renamed to 'createOptimizer()'
    learner.one_batch(0, 1)  // 'one_batch' has been renamed to 'oneBatch(_:_:)'
    learner.all_batches()  // 'all_batches' has been renamed to 'allBatches()'
    learner.freeze_to(1)  // 'freeze_to' has been renamed to 'freeze(to:)'
    _ = learner.to_fp16()  // 'to_fp16' has been renamed to 'toFP16()'
    _ = learner.to_bf16()  // 'to_bf16' has been renamed to 'toBF16()'
    _ = learner.to_fp32()  // 'to_fp32' has been renamed to 'toFP32()'
    learner.add_cb(Recorder())  // 'add_cb' has been renamed to 'addCallback(_:)'
    learner.add_cbs([Recorder()])  // 'add_cbs' has been renamed to 'addCallbacks(_:)'
    learner.remove_cb(Recorder())  // 'remove_cb' has been renamed to 'removeCallback(_:)'
    learner.remove_cbs([Recorder()])  // 'remove_cbs' has been renamed to 'removeCallbacks(_:)'
    learner.added_cbs([Recorder()])  // 'added_cbs' has been renamed to 'withAddedCallbacks(_:_:)'
    learner.removed_cbs([Recorder()])  // 'removed_cbs' has been renamed to 'withRemovedCallbacks(_:_:)'
    _ = learner.ordered_cbs("before_fit")  // 'ordered_cbs' has been renamed to 'orderedCallbacks(for:)'
    learner.no_logging()  // 'no_logging' has been renamed to 'withoutLogging(_:)'
    learner.no_bar()  // 'no_bar' has been renamed to 'withoutProgress(_:)'
    learner.no_mbar()  // 'no_mbar' has been renamed to 'withoutProgress(_:)'
    learner.loss_not_reduced()  // 'loss_not_reduced' has been renamed to 'withUnreducedLoss(_:)'
    learner.show_training_loop()  // 'show_training_loop' has been renamed to 'showTrainingLoop()'
    _ = learner.gather_args()  // 'gather_args' has been renamed to 'gatherArguments()'
    _ = learner.save_model("a")  // 'save_model' has been renamed to 'save(_:withOptimizer:)'
    learner.load_model("a")  // 'load_model' has been renamed to 'load(_:withOptimizer:strict:)'
    learner.distrib_ctx()  // 'distrib_ctx' has been renamed to 'distributed(_:)'
    _ = learner.to_distributed(0)  // 'to_distributed' has been renamed to 'toDistributed()'
    _ = learner.detach_distributed()  // 'detach_distributed' has been renamed to 'detachDistributed()'
    _ = learner.loss_func  // 'loss_func' has been renamed to 'lossFunction'
    learner.opt.step()  // 'opt' has been renamed to 'optimizer'
    _ = learner.opt_func  // 'opt_func' has been renamed to 'optimizerFactory'
    _ = learner.cbs  // 'cbs' has been renamed to 'callbacks'
    _ = learner.model_dir  // 'model_dir' has been renamed to 'modelDirectory'
    _ = learner.n_epoch  // 'n_epoch' has been renamed to 'nEpoch'
    _ = learner.n_iter  // 'n_iter' has been renamed to 'nIter'
    _ = learner.train_iter  // 'train_iter' has been renamed to 'trainIter'
    _ = learner.pct_train  // 'pct_train' has been renamed to 'pctTrain'
    _ = learner.smooth_loss  // 'smooth_loss' has been renamed to 'smoothLoss'
    _ = learner.final_record  // 'final_record' has been renamed to 'finalRecord'
    _ = learner.loss_grad  // 'loss_grad' has been renamed to 'lossGrad'
    _ = learner.train_bn  // 'train_bn' has been renamed to 'trainBn'
    _ = learner.wd_bn_bias  // 'wd_bn_bias' has been renamed to 'wdBnBias'
    _ = Learner(dls: dls, model: model, loss_func: .mse, cbs: [Recorder()])  // unavailable: loss: for loss_func:
    _ = Learner(dls, model, loss_func: CrossEntropyFlat(), metrics: [.accuracy])  // unavailable: Learner(dls: dls, mod
    _ = Learner(dls: dls, model: model, loss: .mse, opt_func: .sgd())  // unavailable: optimizer: for opt_func:
    _ = Learner(dls: dls, model: model, loss: .mse, cbs: [Recorder()], metrics: [.mse])  // unavailable: callbacks: for
    learner.fit(1, lr: 1e-3, cbs: [Recorder()])  // renamed to 'fit(_:lr:wd:callbacks:)'
    learner.fitOneCycle(1, cbs: [Recorder()])  // renamed to 'fitOneCycle(_:lrMax:wd:callbacks:)'
    learner.fitOneCycle(1, lr: 1e-3)  // renamed to 'fitOneCycle(_:lrMax:)'
    learner.fineTune(1, cbs: [Recorder()])  // renamed to 'fineTune(_:baseLR:callbacks:)'
    _ = recorder.plot_loss()  // 'plot_loss' has been renamed to 'plotLoss()'
    _ = recorder.plot_sched()  // 'plot_sched' has been renamed to 'plotSchedule(keys:)'
    _ = recorder.metric_names  // 'metric_names' has been renamed to 'metricNames'
    _ = recorder.plot_lr_find()  // 'plot_lr_find' is unavailable: learner.lrFind().plot()
    _ = Interpretation.from_learner(learner)  // 'from_learner' has been renamed to 'Interpretation(learner:)'
    _ = seen.top_losses(9)  // 'top_losses' has been renamed to 'topLosses(_:largest:)'
    _ = seen.confusion_matrix()  // replaced by 'ClassificationInterpretation.confusionMatrix()'
    _ = seen.most_confused(min_val: 2)  // replaced by 'ClassificationInterpretation.mostConfused(minimum:)'
    _ = seen.print_classification_report()  // replaced by 'ClassificationInterpretation.report()'
    _ = [accuracy]  // 'accuracy' has been renamed to 'Metric.accuracy'
    _ = [error_rate]  // 'error_rate' has been renamed to 'Metric.errorRate'
    _ = [top_k_accuracy]  // 'top_k_accuracy' has been replaced by 'Metric.topKAccuracy(k:)'
    _ = [accuracy_multi]  // 'accuracy_multi' has been replaced by 'Metric.accuracyMulti(threshold:sigmoid:)'
    _ = load_learner("a")  // 'load_learner' has been replaced by 'Learner.load(contentsOf:)'
    _ = vision_learner(dls, "resnet18")  // 'vision_learner' has been replaced by 'Learner.vision(dls:_:)'
    _ = cnn_learner(dls, "resnet18")  // 'cnn_learner' has been replaced by 'Learner.vision(dls:_:)'
    _ = text_classifier_learner(dls)  // 'text_classifier_learner' has been replaced by 'Learner.text(_:_:)'
    _ = skm_to_fastai(1)  // 'skm_to_fastai' has been renamed to 'AccumMetric(_:_:)'
    _ = mk_metric(1)  // 'mk_metric' has been replaced by 'Metrics.make(from:name:)'
    _ = tabular_learner(dls)  // 'tabular_learner' is unavailable: Learner(dls: data.loaders, model: TabularModel(
    _ = language_model_learner(dls)  // 'language_model_learner' is unavailable: Learner(dls: texts.loaders, model: GPT
    throw CancelFitException()  // 'CancelFitException' has been renamed to 'CancelSignal.fit'
}

func signals(_ number: Int) throws {
    if number == 1 { throw CancelEpochException() }  // renamed to 'CancelSignal.epoch'
    if number == 2 { throw CancelTrainException() }  // renamed to 'CancelSignal.train'
    if number == 3 { throw CancelValidException() }  // renamed to 'CancelSignal.validate'
    if number == 4 { throw CancelBatchException() }  // renamed to 'CancelSignal.batch'
    if number == 5 { throw CancelStepException() }  // 'CancelStepException' has been renamed to 'CancelSignal.step'
    if number == 6 { throw CancelBackwardException() }  // renamed to 'CancelSignal.backward'
}

final class Mine: TrackerCallback {}  // 'TrackerCallback' has been renamed to 'Tracker'
let bleu: CorpusBLEUMetric? = nil  // 'CorpusBLEUMetric' has been renamed to 'CorpusBLEU'
