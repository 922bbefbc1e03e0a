// SPDX-License-Identifier: Apache-2.0
// The learner that is served: what it answers, and what it says of itself.

import Lockstep
import LockstepData
import LockstepTensor

/// An exported learner in one process. It belongs to one thread.
struct ServedModel {
    private let learner: Learner
    private let bundle: String
    /// How many instances are computed at once.
    let batchSize: Int
    private let classes: [String]
    private let columns: TabularColumns?
    /// How its requests are read.
    let reader: InstanceReader

    /// - Parameters:
    ///   - batchSize: instances that are computed at once; nil for as many as in training, but no more than 16.
    ///   - mostInstances: of a request.
    /// - Throws: ``Failure`` (66) for a learner that predicts neither rows of a table nor classes, and what loading throws.
    init(_ bundle: String, batchSize: Int?, mostInstances: Int) throws {
        self.bundle = bundle
        learner = try Learner.load(contentsOf: bundle)
        self.batchSize = batchSize ?? min(16, learner.dls.train.batchSize ?? 16)
        columns = learner.dls.columns
        if let columns {
            classes = columns.classes ?? []
            reader = InstanceReader(kind: .rows(JSONRows(columns)), mostInstances: mostInstances)
        } else if let texts = learner.dls.trainDataset as? TokenizedTexts {
            classes = texts.classes
            reader = InstanceReader(
                kind: .texts(pairs: texts.columns.pair != nil), mostInstances: mostInstances)
        } else if let names = learner.dls.vocabulary, learner.dls.train.dataset is any TransformedDataset {
            classes = names
            reader = InstanceReader(kind: .images, mostInstances: mostInstances)
        } else {
            throw Failure.noInput(
                "\(bundle): holds a learner that predicts neither a column of a table nor the classes of images or texts"
            )
        }
    }

    /// The predictions as JSON objects, those of `lockstep predict --json`, and of each group what training did not have.
    ///
    /// Batches are whole, so that products have one shape whoever asks; where in a batch an instance stands may show in its last digit.
    /// - Parameter groups: the instances of some requests.
    func answers(_ groups: [[Instance]]) throws -> [(predictions: [String], remarks: [String])] {
        let instances = groups.flatMap(\.self)
        guard !instances.isEmpty else { return groups.map { _ in ([], []) } }
        if let columns, case .rows(let rows) = reader.kind {
            let table = try rows.table(
                instances.map { if case .row(let fields) = $0 { fields } else { [] } }, file: InstanceReader.name)
            let lines = try TablePredictions(learner, table, .json, batchSize: batchSize).lines
            var start = 0
            return try divided(lines, groups).map { predictions in
                defer { start += predictions.count }
                let unseen = try columns.unseen(in: table, rows: Array(start..<start + predictions.count))
                return (predictions, unseen.map(\.description))
            }
        }
        let items = instances.map { instance -> Any in
            switch instance {
            case .row(let fields): fields
            case .text(let texts): texts.count == 1 ? texts[0] : texts
            case .image(let bytes): bytes
            }
        }
        let (probabilities, decided) = try learner.answers(
            for: items, bundle, classes: classes.count, batchSize: batchSize)
        return divided(AnswerForm.json.lines(probabilities, decided, classes).lines, groups).map { ($0, []) }
    }

    /// Lines, as many to each group as it has instances.
    private func divided(_ lines: String, _ groups: [[Instance]]) -> [[String]] {
        var rest = lines.split(separator: "\n")[...]
        return groups.map { group in
            defer { rest = rest.dropFirst(group.count) }
            return rest.prefix(group.count).map(String.init)
        }
    }

    /// What the model is, for `GET /`.
    var description: String {
        var facts: [(String, JSONValue)] = [
            ("lockstep", .text(LockstepVersion.current)), ("export", .text(bundle)), ("predicts", .text(kind)),
        ]
        if case .rows(let rows) = reader.kind { facts.append(("columns", .list(rows.names.map { .text($0) }))) }
        if let columns { facts.append(("target", .text(columns.target.name))) }
        if !classes.isEmpty { facts.append(("classes", .list(classes.map { .text($0) }))) }
        facts.append(("batch_size", .whole(batchSize)))
        return JSONValue.object(facts).text
    }

    private var kind: String {
        switch reader.kind {
        case .rows: "rows"
        case .texts(pairs: false): "texts"
        case .texts(pairs: true): "pairs of texts"
        case .images: "images"
        }
    }
}
