// SPDX-License-Identifier: Apache-2.0
// The rows of a fit as a CSV file that is complete after every epoch.

import Foundation
import Lockstep

/// Appends the recorder's rows to a file, on the writing rank.
final class HistoryFile: Callback {
    private let path: String

    init(_ path: String) {
        self.path = path
        super.init()
    }

    override var order: Int { 55 }
    override var runsAfter: [Callback.Type] { [Recorder.self] }
    override var takesPartInInference: Bool { false }
    override var isExported: Bool { false }

    override func beforeFit(_ learner: Learner) throws {
        guard learner.coordinator.isWriter, let names = learner.recorder?.names else { return }
        try append((["epoch"] + names + ["seconds"]).joined(separator: ","), mode: "w")
    }

    override func afterEpoch(_ learner: Learner) throws {
        guard learner.coordinator.isWriter, let row = learner.recorder?.rows.last else { return }
        let values = row.values.map { $0.map { "\($0)" } ?? "" }
        try append((["\(row.epoch)"] + values + [row.seconds.map { "\($0)" } ?? ""]).joined(separator: ","), mode: "a")
    }

    private func append(_ line: String, mode: String) throws {
        guard let file = fopen(path, mode), fputs(line + "\n", file) >= 0, fclose(file) == 0 else {
            throw Failure(description: "\(path) cannot be written: \(String(cString: strerror(errno)))", code: 73)
        }
    }
}
