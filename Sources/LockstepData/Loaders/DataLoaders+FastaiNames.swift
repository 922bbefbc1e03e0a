// SPDX-License-Identifier: Apache-2.0
// fastai's and PyTorch's names of loaders and data blocks, with those to use.

public import LockstepTensor

extension DataLoaders {
    @available(*, unavailable, renamed: "oneBatch()") public var one_batch: ForeignName<Batch> { ForeignName() }
    @available(*, unavailable, renamed: "showBatch()") public var show_batch: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "testLoader(for:withLabels:)")
    public var test_dl: ForeignName<DataLoader> { ForeignName() }
    @available(*, unavailable, renamed: "decodeBatch(_:maxCount:)")
    public var decode_batch: ForeignName<[ItemTuple]> { ForeignName() }
    @available(*, unavailable, renamed: "newEmpty()") public var new_empty: ForeignName<DataLoaders> { ForeignName() }
    @available(*, unavailable, renamed: "addTransforms(_:at:to:)")
    public var add_tfms: ForeignName<Any> { ForeignName() }
    @available(*, unavailable, renamed: "trainDataset") public var train_ds: (any Dataset)? { unavailable() }
    @available(*, unavailable, renamed: "validDataset") public var valid_ds: (any Dataset)? { unavailable() }
    @available(*, unavailable, renamed: "vocabulary") public var vocab: [String]? { unavailable() }
    @available(*, unavailable, renamed: "inputCount") public var n_inp: Int { unavailable() }
    @available(*, unavailable, message: "dls.targetKind?.outputCount") public var c: Int? { unavailable() }
}

extension DataLoader {
    @available(*, unavailable, renamed: "oneBatch()") public var one_batch: ForeignName<Batch> { ForeignName() }
    @available(*, unavailable, renamed: "indices(epoch:)") public var get_idxs: ForeignName<[Int]> { ForeignName() }
    @available(*, unavailable, renamed: "batchSize") public var bs: Int? { unavailable() }
    @available(*, unavailable, renamed: "dropLast") public var drop_last: Bool { unavailable() }
    @available(*, unavailable, renamed: "numWorkers") public var num_workers: Int { unavailable() }
}

extension DataLoader {
    @available(
        *, unavailable, message: "DataLoader(dataset, batchSize: 64, shuffle: true, dropLast: false, numWorkers: 0)"
    )
    public convenience init(
        _ dataset: any Dataset, bs: Int = 64, batch_size: Int = 64, shuffle: Bool = false, drop_last: Bool = false,
        num_workers: Int = 0
    ) { unavailable() }
}

extension Datasets {
    @available(*, unavailable, renamed: "dataLoaders(batchSize:)")
    public var dataloaders: ForeignName<DataLoaders> { ForeignName() }
}

extension DataBlock {
    @available(*, unavailable, renamed: "dataLoaders(_:batchSize:)")
    public var dataloaders: ForeignName<DataLoaders> { ForeignName() }
}

// MARK: - Names that stand by themselves

@available(*, unavailable, renamed: "Splitter.random(_:seed:)")
public var RandomSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "Splitter.end(_:)") public var EndSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "Splitter.indices(_:)")
public var IndexSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "Splitter.grandparent(train:valid:)")
public var GrandparentSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "Splitter.column(_:)")
public var ColSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "Splitter.function(_:)")
public var FuncSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "Splitter.mask(_:)")
public var MaskSplitter: ForeignName<Splitter> { ForeignName() }
@available(*, unavailable, renamed: "FileList.files(in:extensions:)")
public var get_files: ForeignName<[String]> { ForeignName() }
@available(*, unavailable, renamed: "FileList.files(in:extensions:)")
public var get_image_files: ForeignName<[String]> { ForeignName() }
@available(*, unavailable, renamed: "ParentLabel()") public var parent_label: ForeignName<String> { ForeignName() }
@available(*, unavailable, renamed: "augTransforms(doFlip:maxRotate:maxZoom:maxLighting:)")
public var aug_transforms: ForeignName<[any Transform]> { ForeignName() }
@available(*, unavailable, renamed: "DataLoaders.mnist(path:batchSize:)")
public var untar_data: ForeignName<String> { ForeignName() }
@available(*, unavailable, renamed: "TransformBlock.category")
public var CategoryBlock: TransformBlock { unavailable() }
@available(*, unavailable, renamed: "TransformBlock.multiCategory")
public var MultiCategoryBlock: TransformBlock { unavailable() }
@available(*, unavailable, renamed: "TransformBlock.regression")
public var RegressionBlock: TransformBlock { unavailable() }
@available(*, unavailable, renamed: "TransformBlock.image()") public var ImageBlock: TransformBlock { unavailable() }
@available(*, unavailable, message: "DataLoaders.images(path: \"pets\", size: 64)")
public enum ImageDataLoaders {}
@available(*, unavailable, message: "DataLoaders.csv(path: \"houses.csv\", target: \"price\")")
public enum TabularDataLoaders {}
@available(
    *, unavailable,
    message: "DataLoaders.text(path: \"plays.txt\") and DataLoaders.textClasses(path:text:target:tokenizer:)"
)
public enum TextDataLoaders {}
