// SPDX-License-Identifier: Apache-2.0
// A model's answers for images, as a table.

import Lockstep
import LockstepData
import LockstepTensor

/// The classes of image files, in the order of their names.
enum ImagePredictions {
    /// Predicts the image `place`, or those below the folder, with all ranks, and writes a table from rank 0. Collective.
    ///
    /// - Throws: ``Failure`` when the learner does not predict classes, `DataError` for no images or one that is damaged.
    static func write(
        of learner: Learner, _ bundle: String, _ place: String, to output: String?, _ form: AnswerForm,
        over ranks: any Communicator
    ) throws {
        guard let classes = learner.dls.vocabulary, learner.dls.train.dataset is any TransformedDataset else {
            throw Failure.noInput(
                "\(bundle): holds a learner that predicts neither a column of a table nor the classes of images or texts"
            )
        }
        guard !RowsInput.isStandardInput(place) else {
            throw Failure.usage(
                "-: standard input is for the rows of a table and for texts, and \(bundle) predicts the classes of images"
            )
        }
        let files = try imageFiles(place)
        let size = learner.dls.train.batchSize ?? 1
        let part = TablePredictions.part(of: ranks.rank, among: ranks.size, rows: files.count, batchSize: size)
        let own = Array(files[part])
        let answers = try learner.answers(for: own, bundle, classes: classes.count)
        let (lines, undefined) = form.lines(answers.probabilities, answers.decided, classes, files: own)
        let all = try TablePredictions.gathered(
            form.header(["file", "class"], classes), lines, undefined, over: ranks)
        guard let text = all.text else { return }
        try Predict.write(text, of: files.count, to: output)
        try Predict.checkNumbers(all.undefined, of: files.count, in: place, "images")
    }

    private static func imageFiles(_ place: String) throws -> [String] {
        if ImageFile.extensions.contains(where: { place.lowercased().hasSuffix("." + $0) }) { return [place] }
        let files = try FileList.files(in: place, extensions: ImageFile.extensions)
        guard !files.isEmpty else {
            throw Failure.noInput("\(place): holds no image files (\(ImageFile.extensions.joined(separator: ", ")))")
        }
        return files
    }
}
