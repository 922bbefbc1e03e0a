// SPDX-License-Identifier: Apache-2.0
// The rows of fits as a CSV file that is complete after every epoch.

public import LockstepData
public import LockstepTensor

/// Writes the recorder's rows to a file: one header, then a line per epoch with numbers in full precision, flushed to the
/// disk each time.
///
/// ```text
/// epoch,train_loss,valid_loss,mae,time
/// 0,16.24039840698242,9.274677276611328,2.6408164501190186,00:00
/// ```
/// What was not computed is empty. A run that goes on from a checkpoint has the lines of then, whatever the file holds by now: each
/// epoch is there once. The first fit starts the file anew unless told to append; later ones with the same
/// callback go on in it, so that both phases of a `fineTune` are there. Inference does not touch it. On several ranks the
/// writing rank writes. A row that cannot be written costs no training: that is said, the file is written anew with the next row, and
/// only a fit that ends without its file is everyone's error.
/// - Note: fastai: `CSVLogger`, which starts the file anew in every fit and writes its header again when appending.
public final class CSVLogger: Callback {
    /// Relative to the learner's ``Learner/path`` unless absolute.
    public let filename: String
    /// Whether the lines of an earlier program run are kept.
    public let append: Bool
    private var hasBegun = false
    /// All that this program has written, or what a checkpoint remembers of it.
    private var text = ""
    /// Whether the file may hold something else than ``text``: since a checkpoint was read.
    private var isStale = false
    /// Whether it lacks rows of this program; the writing rank knows.
    private var lacksRows = false
    /// What went through a pipe or into a device cannot be taken back.
    private var isStream = false

    /// A history file.
    ///
    /// - Parameters:
    ///   - filename: Relative to the learner's path unless absolute.
    ///   - append: Whether to keep the lines of an earlier program run.
    public init(filename: String = "history.csv", append: Bool = false) {
        (self.filename, self.append) = (filename, append)
    }

    public override var order: Int { 60 }
    public override var runsAfter: [Callback.Type] { [Recorder.self] }
    public override var takesPartInInference: Bool { false }
    public override var isExported: Bool { false }

    /// Where the file lies for `learner`.
    public func path(for learner: Learner) -> String { joinedPath(learner.path, filename) }

    /// - Throws: ``LearnerError`` without a recorder; `DataError` when the file cannot be written, or holds other columns.
    public override func beforeFit(_ learner: Learner) throws {
        guard let recorder = learner.recorder else {
            throw LearnerError(.missingCallback, "CSVLogger: there is no Recorder whose rows could be written")
        }
        let header = line(recorder.metricNames)
        let (path, goesOn) = (path(for: learner), append || hasBegun)
        hasBegun = true
        var kept = header
        try learner.coordinator.write {
            isStream = OutputFile.isStream(path)
            // Those of a fit that ended in an error.
            if lacksRows { try rewrite(learner) }
            // What is no regular file, such as a pipe, holds nothing to go on in.
            let existing = goesOn && Files.exists(path) && !isStream ? try Files.read(path) : []
            guard !existing.isEmpty else { return try Files.append(Array(header.utf8), to: path, truncating: true) }
            guard existing.starts(with: header.utf8) else {
                throw DataError(
                    .mismatch, file: path, "starts with other columns than this fit's \(header.dropLast())",
                    remedy: "Give CSVLogger another filename, or append: false")
            }
            kept = String(decoding: existing, as: UTF8.self)
        }
        // Only the writing rank has read; what ranks remember is the same on all of them.
        text = goesOn ? String(decoding: try learner.coordinator.read { Array(kept.utf8) }, as: UTF8.self) : header
    }

    /// A run that goes on has been told by now what it had written.
    public override func beforeEpoch(_ learner: Learner) throws {
        guard isStale else { return }
        isStale = false
        try learner.coordinator.write { try rewrite(learner) }
    }

    public override func afterFit(_ learner: Learner) throws {
        let wasStale = isStale
        isStale = false
        try learner.coordinator.write {
            guard wasStale || lacksRows else { return }
            try Patience.trying { () throws(DataError) in try rewrite(learner) }
        }
    }

    /// All rows at once: a run that dies here must not lose those before it.
    private func rewrite(_ learner: Learner) throws(DataError) {
        if !isStream { try Files.writeAtomically([Array(text.utf8)], to: path(for: learner)) }
        lacksRows = false
    }

    public override func afterEpoch(_ learner: Learner) throws {
        guard let row = learner.recorder?.rows.last, row.epoch == learner.epoch else { return }
        let values = row.values.map { $0.map { $0.isNaN ? "nan" : "\($0)" } ?? "" }
        let line = line(["\(row.epoch)"] + values + (row.seconds.map { [formatTime($0)] } ?? []))
        text += line
        try learner.coordinator.write {
            do throws(DataError) {
                if lacksRows {
                    try rewrite(learner)
                } else {
                    try Files.append(Array(line.utf8), to: path(for: learner))
                }
            } catch {
                if isStream { throw error }
                lacksRows = true
                learner.warn("\(error); training goes on, and the row is written with the next one")
            }
        }
    }

    /// The file as a table. Not collective.
    /// - Throws: `DataError` when it cannot be read.
    public func readLog(for learner: Learner) throws -> CSVTable { try CSV.read(path(for: learner)) }

    /// Fields that hold a comma, a quote or a line end are quoted (RFC 4180).
    private func line(_ fields: [String]) -> String {
        let quoted = fields.map { field in
            field.contains { $0 == "," || $0 == "\"" || $0.isNewline }
                ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
        }
        return quoted.joined(separator: ",") + "\n"
    }
}

extension CSVLogger: Resumable {
    /// What was written so far.
    public func exchangeState(with archive: StateArchive) throws {
        var known = text
        try archive.text("text", &known)
        guard archive.isReading else { return }
        (text, isStale) = (known, true)
    }
}

extension CSVLogger: Configurable {
    public static let configuration = Configuration(CSVLogger.self) {
        Field("filename", \.filename, python: "fname")
        Field("append", \.append)
    }
}
