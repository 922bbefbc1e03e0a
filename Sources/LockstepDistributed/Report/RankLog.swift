// SPDX-License-Identifier: Apache-2.0
// A log file per rank.

import Foundation
public import LockstepComm
public import LockstepData
public import LockstepLearner
import LockstepNN

/// Writes what happens on each rank to a file of its own, `folder/rank-N.log`: where it runs, every epoch's row and how
/// long it took here, cancels, how the fit ended, and what is noted with ``note(_:)``.
///
/// Lines carry the time and are written at once, so that they outlive a crash; an existing file is continued. Every rank
/// writes; on several machines each to its own disk, unless the folder is shared.
public final class RankLog: Callback {
    /// This rank's file; empty until the log is open.
    public private(set) var path = ""
    private let folder: String
    private let ranks: any Communicator
    /// Why a line could not be written; nil while all could. What comes later is dropped.
    public private(set) var failure: DataError?
    private var descriptor: Int32 = -1
    private var start = ContinuousClock.now
    private var isInFit = false

    /// Opens this rank's file, making the folder if need be.
    ///
    /// - Throws: `DataError` when it cannot be written.
    public init(folder: String, over ranks: any Communicator) throws(DataError) {
        (self.folder, self.ranks) = (folder, ranks)
        try Files.createFolder(folder)
        path = "\(folder)/rank-\(ranks.rank).log"
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else {
            throw DataError(.unwritable, file: path, systemWords("cannot be opened"))
        }
        super.init()
        note("\(ranks.summary), pid \(getpid())")
    }

    /// After the recorder, whose rows it writes.
    public override var order: Int { 79 }
    public override var takesPartInInference: Bool { false }
    public override var isExported: Bool { false }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Adds a line. A disk that is full ends no training: it is said once, and ``failure`` knows.
    public func note(_ text: String) {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        var parts = tm()
        localtime_r(&now.tv_sec, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        strftime(&buffer, buffer.count, "%F %T", &parts)
        let time = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let milliseconds = String(1000 + now.tv_nsec / 1_000_000).dropFirst()
        guard failure == nil else { return }
        if Descriptor.write(Array("\(time).\(milliseconds)  \(text)\n".utf8), to: descriptor) { return }
        let error = DataError(.unwritten, file: path, systemWords("cannot be written"))
        failure = error
        Console.standardError.write("lockstep: \(error); what happens on rank \(ranks.rank) is not logged any more\n")
    }

    public override func beforeFit(_ learner: Learner) {
        let batches = learner.dls.train.batchCount.map { "\($0) batches" } ?? "a stream"
        note("fit of \(learner.nEpoch) epochs of \(batches), \(learner.model.parameterCount) parameters")
        isInFit = true
    }

    public override func beforeEpoch(_ learner: Learner) { start = .now }

    public override func afterEpoch(_ learner: Learner) {
        guard let row = learner.recorder?.rows.last, row.epoch == learner.epoch else { return }
        let values = zip(row.names, row.values).map { "\($0) \($1.map { fixedPoint($0, 6) } ?? "unknown")" }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        note("epoch \(row.epoch): \(values.joined(separator: ", ")); \(fixedPoint(seconds, 3)) s")
    }

    public override func afterCancelTrain(_ learner: Learner) { logCancel("training", learner) }
    public override func afterCancelValidate(_ learner: Learner) { logCancel("validation", learner) }
    public override func afterCancelEpoch(_ learner: Learner) { logCancel("the epoch", learner) }
    public override func afterCancelFit(_ learner: Learner) { logCancel("the fit", learner) }

    public override func afterFit(_ learner: Learner) {
        note("the fit is over after \(learner.trainIter) steps")
        isInFit = false
    }

    public override func teardown(_ learner: Learner) {
        if isInFit { note("the fit ended with an error in epoch \(learner.epoch), batch \(learner.iter)") }
        isInFit = false
    }

    private func logCancel(_ what: String, _ learner: Learner) {
        note("\(what) was cancelled in epoch \(learner.epoch), batch \(learner.iter)")
    }
}
