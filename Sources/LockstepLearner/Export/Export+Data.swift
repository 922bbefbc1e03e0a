// SPDX-License-Identifier: Apache-2.0
// How transforms and the datasets they make up are described and made again, without items.

import LockstepData

extension ExportRegistry.Entry {
    /// Every transform of LockstepData that is no function, and the datasets made of transforms.
    static let data: [Entry] = transforms + images + datasets

    private static let transforms: [Entry] = [
        Entry(codable: Categorize.self), Entry(codable: MultiCategorize.self),
        Entry(codable: EncodedMultiCategorize.self), Entry(codable: RegressionSetup.self),
        Entry(codable: ToTensor.self), Entry(codable: IntToFloat.self), Entry(codable: Normalize.self),
        Entry(codable: ParentLabel.self), Entry(codable: RegexLabeller.self), Entry(codable: ColumnReader.self),
        Entry(OneHotEncode.self) {
            ["count": $0.count]
        } _: { fields in
            let count: Int? = try fields("count")
            try fields.check(count.map { $0 >= 0 && $0 < 1 << 24 } ?? true, "\(count ?? 0) classes")
            return OneHotEncode(count: count)
        },
        Entry(Getter.self) {
            ["transform": ExportPart($0.transform)]
        } _: {
            Getter(transform: try $0.part("transform"))
        },
    ]

    private static let images: [Entry] = [
        Entry(codable: OpenImage.self),
        checked(AffineAugmentation.self) { change, fields in
            let shares = [change.flip, change.flipVertical, change.transpose, change.rotateAndZoom]
            try fields.check(shares.allSatisfy { (0...1).contains($0) }, "\(shares) are not probabilities")
            try fields.check(
                change.zoom.lowerBound > 0 && change.zoom.upperBound.isFinite && abs(change.maxRotate) <= 1e6,
                "a zoom of \(change.zoom), turns of \(change.maxRotate) degrees")
        },
        checked(LightingAugmentation.self) { change, fields in
            let changes = [change.maxBrightness, change.maxContrast]
            try fields.check(changes.allSatisfy { $0 >= 0 && $0 < 1 }, "changes of \(changes) are not in 0 ..< 1")
            try fields.check(
                (0...1).contains(change.brightnessAndContrast),
                "\(change.brightnessAndContrast) is no probability")
        },
        checked(RandomErasing.self) { erasing, fields in
            try fields.check(
                (0...1).contains(erasing.probability) && erasing.area.lowerBound >= 0 && erasing.area.upperBound <= 1
                    && erasing.minAspect > 1e-6 && erasing.minAspect <= 1 && (1...1000).contains(erasing.maxCount),
                "\(erasing) is impossible")
        },
        checked(PadInput.self) { padding, fields in
            try fields.check((0...Int(Int32.max)).contains(padding.token), "\(padding.token) is no token")
        },
        checked(Resize.self) { try checkSize($0.height, $0.width, $1) },
        checked(RandomResizedCrop.self) { crop, fields in
            try checkSize(crop.height, crop.width, fields)
            try fields.check(
                crop.minScale > 0 && crop.minScale <= 1 && crop.ratio.lowerBound > 1e-6
                    && crop.ratio.upperBound < 1e6 && (0...1000).contains(crop.validExtra),
                "\(crop) is impossible")
        },
    ]

    /// A codable transform, of which `check` throws for values that its own initialiser would not take.
    private static func checked<Value: Codable & SendableMetatype>(
        _ type: Value.Type, _ check: @escaping @Sendable (Value, ExportFields) throws -> Void
    ) -> Entry {
        Entry(type) {
            ["value": $0]
        } _: { fields in
            let value: Value = try fields("value")
            try check(value, fields)
            return value
        }
    }

    private static func checkSize(_ height: Int, _ width: Int, _ fields: ExportFields) throws {
        let sizes = 1...1 << 12
        try fields.check(sizes.contains(height) && sizes.contains(width), "\(height) × \(width) is no size of an image")
    }

    private static let datasets: [Entry] = [
        Entry(TabularDataset.self) {
            ["columns": $0.columns]
        } _: {
            TabularDataset(columns: try $0("columns"))
        },
        Entry(TransformedTuples.self, as: "TransformedItems") {
            ["pipelines": $0.lists.map { PipelineDescription($0.pipeline) }, "inputs": $0.inputCount]
        } _: { fields in
            let pipelines: [PipelineDescription] = try fields("pipelines")
            let inputs: Int = try fields("inputs")
            try fields.check(
                !pipelines.isEmpty && (0...pipelines.count).contains(inputs),
                "\(inputs) of \(pipelines.count) members are inputs")
            let data = Datasets(pipelines: try pipelines.map { try $0.made(at: fields.place) }, nInputs: inputs)
            guard let empty = data.all.newEmpty() as? TransformedTuples else {
                throw ExportError(.malformed, at: fields.place, "\(fields.type): the pipelines make no items")
            }
            return empty
        },
    ]
}

/// Transforms in order, and the types of values they were set up for.
struct PipelineDescription: Codable {
    let transforms: [ExportPart]
    let inputTypes: [String]

    init(_ pipeline: Pipeline) {
        (transforms, inputTypes) = (pipeline.transforms.map(ExportPart.init), pipeline.inputTypes)
    }

    func made(at place: String) throws -> Pipeline {
        Pipeline(try transforms.map { try $0.made(as: (any Transform).self, at: place) }, inputTypes: inputTypes)
    }
}
