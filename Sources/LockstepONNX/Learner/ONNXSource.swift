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
        if let given {
            take(given, graph)
        } else if preprocessing, let columns = dls.columns {
            (inputs, model) = try graph.rows(columns, place: "data")
            let dates = columns.columnsOfDates
            let made = inputs.map(\.name).filter(dates.contains)
            if !made.isEmpty { metadata.append(("lockstep.made_of_dates", made.joined(separator: ","))) }
        } else if let texts = dataset as? TokenizedTexts {
            take(ONNXInputs.texts(hasTypes: texts.inputCount > 2), graph)
            metadata.append(("lockstep.padding", "\(texts.padding.id)"))
        } else if let images = ImageSource(dls) {
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
        model = [try graph.transformed(inputs[0], images.transforms, place: "data")]
        guard model[0].element == .float32 else {
            throw ONNXError(.unsupported, at: "data", "the transforms leave images as bytes, which no layer takes")
        }
    }
}

/// Images that are read from files, and what validation makes of them.
private struct ImageSource {
    let channels: Int?
    let transforms: [any Transform]

    /// Nil where items are not made of image files.
    init?(_ dls: DataLoaders) {
        let loader = dls.valid ?? dls.train
        guard let dataset = loader.dataset as? any TransformedDataset, let first = dataset.pipelines?.first,
            let open = first.transforms.first as? OpenImage
        else { return nil }
        channels = open.channels.count
        let own = (loader as? any TransformingBatchSource)?.transforms ?? loader.loaderOptions?.transforms
        transforms =
            Array(first.transforms.dropFirst()) + (own?.afterItem.transforms ?? [])
            + (own?.afterBatch.transforms ?? [])
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
