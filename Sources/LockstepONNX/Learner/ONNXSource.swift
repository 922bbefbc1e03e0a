// SPDX-License-Identifier: Apache-2.0
// What comes before the model: the inputs of the graph, and what becomes of them.

import Foundation
import LockstepData
import LockstepLearner
import LockstepTensor

/// The inputs of a learner's graph and what the model gets of them.
struct ONNXSource {
    private(set) var inputs: [ONNXValue] = []
    private(set) var model: [ONNXValue] = []
    /// What a program that feeds the graph may want to know.
    private(set) var metadata: [(key: String, value: String)] = []

    init(
        _ learner: Learner, _ graph: ONNXGraph, given: [ONNXValue]?, preprocessing: Bool
    ) throws(ONNXError) {
        let dls = learner.dls
        let dataset = dls.trainDataset
        let steps = LoaderSteps(dls)
        let images = given == nil ? ImageSource(dls, steps) : nil
        if given == nil, preprocessing {
            try steps.check(images == nil ? steps.all : steps.transforms.beforeBatch.transforms)
        }
        if let given {
            take(given, graph)
        } else if preprocessing, let columns = dls.columns {
            (inputs, model) = try graph.rows(columns)
            let dates = columns.columnsOfDates
            let made = inputs.map(\.name).filter(dates.contains)
            if !made.isEmpty { metadata.append(("lockstep.made_of_dates", made.joined(separator: ","))) }
        } else if let texts = dataset as? TokenizedTexts {
            take(ONNXInputs.texts(hasTypes: texts.inputCount > 2), graph)
            metadata.append(("lockstep.padding", "\(texts.padding.id)"))
        } else if let images {
            try take(images, graph, preprocessing)
        } else {
            take(try ONNXInputs.known(of: learner.model, dataset), graph)
        }
        // As JSON: a name may hold any character.
        if let classes = dls.vocabulary, let json = try? JSONEncoder().encode(classes) {
            metadata.append(("lockstep.classes", String(decoding: json, as: UTF8.self)))
        }
    }

    private mutating func take(_ values: [ONNXValue], _ graph: ONNXGraph) {
        graph.reserve(values.map(\.name))
        (inputs, model) = (values, values)
    }

    private mutating func take(
        _ images: ImageSource, _ graph: ONNXGraph, _ preprocessing: Bool
    ) throws(ONNXError) {
        let channels = images.channels.map { ONNXAxis.size($0) } ?? "channels"
        guard preprocessing else {
            return take([ONNXValue("image", ["batch", channels] + images.size)], graph)
        }
        take([ONNXValue("image", ["batch", channels, "height", "width"], .uint8)], graph)
        model = [try graph.transformed(inputs[0], images.transforms)]
        guard model[0].element == .float32 else {
            throw ONNXError(.unsupported, at: "data", "the transforms leave images as bytes, which no layer takes")
        }
    }
}

extension ONNXError {
    /// A step on the way to the model which a graph would leave out.
    static func leftOut(_ reason: String, isFunction: Bool) -> ONNXError {
        ONNXError(
            isFunction ? .function : .unsupported, at: "data", reason,
            remedy: "Export without preprocessing: the graph then takes what the model takes")
    }
}

/// What the loader of validation, or that of training where there is none, does with items and batches.
private struct LoaderSteps {
    let transforms: LoaderTransforms
    private let hooks: DataLoader.Hooks

    init(_ dls: DataLoaders) {
        let loader = dls.valid ?? dls.train
        let options = loader.loaderOptions ?? DataLoader.Options()
        transforms = (loader as? any TransformingBatchSource)?.transforms ?? options.transforms
        hooks = options.hooks
    }

    var all: [any Transform] {
        transforms.afterItem.transforms + transforms.beforeBatch.transforms + transforms.afterBatch.transforms
    }

    /// Insists that none of these and no hook changes what the model gets.
    func check(_ transforms: [any Transform]) throws(ONNXError) {
        // Augmentations act on training items only; tensors are made, and texts filled, by who feeds the graph.
        let acting = transforms.filter { $0.splitIndex != 0 && !($0 is ToTensor) && !($0 is PadInput) }
        if let transform = acting.first {
            throw ONNXError.leftOut(
                "the transform \(type(of: transform)) has no form in ONNX here",
                isFunction: transform is FunctionTransform)
        }
        let set: [(name: String, isSet: Bool)] = [
            ("afterItem", hooks.afterItem != nil), ("beforeBatch", hooks.beforeBatch != nil),
            ("createBatch", hooks.createBatch != nil), ("afterBatch", hooks.afterBatch != nil),
        ]
        if let hook = set.first(where: \.isSet) {
            throw ONNXError.leftOut(
                "the loader's hook \(hook.name) is a function, and code cannot be written as ONNX", isFunction: true)
        }
    }
}

/// Images that are read from files, and what validation makes of them.
private struct ImageSource {
    let channels: Int?
    let transforms: [any Transform]

    /// Nil where items are not made of image files.
    init?(_ dls: DataLoaders, _ steps: LoaderSteps) {
        guard let dataset = (dls.valid ?? dls.train).dataset as? any TransformedDataset,
            let first = dataset.pipelines?.first
        else { return nil }
        let made: [any Transform] = first.transforms.map { ($0 as? Getter)?.transform ?? $0 }
        // What comes before it finds the file; an image that is open passes through a second one unchanged.
        guard let place = made.firstIndex(where: { $0 is OpenImage }), let open = made[place] as? OpenImage else {
            return nil
        }
        channels = open.channels.count
        transforms =
            made[(place + 1)...].filter { !($0 is OpenImage) } + steps.transforms.afterItem.transforms
            + steps.transforms.afterBatch.transforms
    }

    /// What the model takes: the size that the last of those transforms gives which give one.
    var size: [ONNXAxis] {
        for transform in transforms.reversed() {
            if let resize = transform as? Resize { return [.size(resize.height), .size(resize.width)] }
            if let crop = transform as? RandomResizedCrop { return [.size(crop.height), .size(crop.width)] }
        }
        return ["height", "width"]
    }
}
