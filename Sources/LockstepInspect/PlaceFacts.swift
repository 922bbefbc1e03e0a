// SPDX-License-Identifier: Apache-2.0
// Where in a run a resume point was written, and whether a run would go on from it.

import LockstepData
import LockstepLearner

/// The place that the metadata of a resume point say.
struct PlaceFacts {
    /// Those that remembered something.
    let owners: [String]
    let facts: Fact
    /// What would go on, and where; or why nothing would.
    let sentence: String
    /// More than anybody trains.
    private static let most = 1 << 48

    init(_ survey: Safetensors.Survey, _ file: String) {
        func text(_ key: String) -> String? { survey.metadata("resume." + key) }
        func number(_ key: String) -> Int? {
            text(key).flatMap { Int($0) }.flatMap { (0...Self.most).contains($0) ? $0 : nil }
        }
        guard text("epoch") != nil else {
            (owners, facts) = ([], .nothing)
            sentence = "no: it does not say where in a run it was written"
            return
        }
        owners = text("owners").map { $0.split(separator: "\n").map(String.init) } ?? []
        facts = .group([
            .init("epoch", number("epoch")), .init("epochs of the fit", number("epoch_count")),
            .init("batches done", number("batches")), .init("batches of an epoch", number("batch_count")),
            .init("phase", text("phase")), .init("step", number("step")), .init("fit", number("fit")),
            .init("item", number("position")), .init("fit going on", text("in_fit")),
            .init("ranks it was written on", number("ranks")), .init("remembered", .list(owners.map { .text($0) })),
        ])
        do throws(CheckpointError) {
            let point = try ResumePoint(
                isSealed: survey.seal == .agrees(version: "2"), file: file, metadata: survey.metadata)
            let phase = ["trained": ", with its validation", "cancelled": ", which was cancelled"][text("phase") ?? ""]
            let epochs = number("epoch_count").flatMap { $0 > 0 ? " of \($0)" : nil } ?? ""
            sentence =
                "epoch \(point.epoch)\(epochs) after \(point.batches) batches\(phase ?? ""), on any number of ranks"
        } catch { sentence = "no: \(error.reason)" }
    }
}
