// SPDX-License-Identifier: Apache-2.0
// `lockstep embed`: vectors of texts, in a file that NumPy reads.

import ArgumentParser
import Lockstep
import LockstepData
import LockstepTensor

/// Vectors of the texts of a table, of lines, or of files.
struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make a vector of each text: of a CSV table, of lines, or of files.",
        discussion:
            "MODEL is a folder of Hugging Face (config.json, tokenizer, weights) or what `lockstep train text-classes` exports. Of a "
            + "folder, pooling, normalisation and the longest text are what the files of sentence-transformers in it say, otherwise the "
            + "mean of the tokens' vectors as it is; of an export, what its classes are told from. TEXTS is a CSV table, a .txt "
            + "file with a text a line, a folder of .txt files with a text each, or - for lines of standard input. The file gets float32 "
            + "[texts, width], in the order of the texts.")

    @Argument(help: ArgumentHelp("A folder of Hugging Face, or an exported learner.", valueName: "model")) var model:
        String
    @Argument(
        help: ArgumentHelp(
            "A CSV table with a header, plain or gzip; a .txt file or a folder of them; -.", valueName: "texts"))
    var texts: String
    @Option(help: ArgumentHelp("Write the vectors here (.npy).", valueName: "file")) var output: String
    @Option(
        help: ArgumentHelp(
            "Name of the column of texts (default: text, or what the learner was trained on).", valueName: "column"))
    var text: String?
    @Option(help: ArgumentHelp("Texts computed at once.", valueName: "n")) var batchSize = 32
    @OptionGroup var ranks: RankOptions

    func validate() throws {
        try Output.checkName("--output", output)
        guard (1...1_000_000).contains(batchSize) else {
            throw ValidationError("--batch-size \(batchSize): must be between 1 and 1000000")
        }
    }

    func run() throws {
        try Failure.requireReadable(model, option: "embed")
        if !RowsInput.isStandardInput(texts) { try Failure.requireReadable(texts, option: "embed") }
        try Output.check("--output", file: output)
        try ranks.run { [model, texts, output, text, batchSize] ranks in
            var (encoder, columns) = try Embed.encoder(model, over: ranks)
            if let text { (columns.text, columns.further) = (text, []) }
            let list = try TextList(texts, columns, over: ranks)
            let batches = list.batches(batchSize, over: ranks)
            let own = try batches.flatMap { batch in
                let filled = TablePredictions.filled(batch, batchSize)
                return try encoder.vectors(ofBatch: filled.map { columns.read(list.texts[$0]) })
                    .prefix(batch.count * encoder.width)
            }
            let all = try list.gathered(own, batches, width: encoder.width, over: ranks, name: "vectors")
            guard let all else { return }
            let shape: Shape = [list.texts.count, encoder.width]
            try NPY.write(NumericArray(Tensor(all, shape: shape)), to: output)
            if !OutputFile.isStream(output) { try say("\(shape[0]) vectors of \(shape[1]) numbers are in \(output)") }
        }
    }

    /// - Throws: ``Failure`` for a learner of something else.
    private static func encoder(
        _ model: String, over ranks: any Communicator
    ) throws -> (SentenceEncoder, TextColumns) {
        if Files.isFolder(model) { return (try .pretrained(model), TextColumns()) }
        let learner = try Learner.load(contentsOf: model, over: ranks)
        guard let classifier = learner.model as? TextClassifier,
            let texts = learner.dls.trainDataset as? TokenizedTexts, let tokenizer = texts.tokenizer
        else { throw Failure.noInput("\(model): holds a learner that does not tell classes of texts") }
        guard texts.columns.pair == nil else {
            throw Failure.noInput("\(model): holds a learner of pairs of texts, which have no vectors of their own")
        }
        return (SentenceEncoder(classifier, tokenizer: tokenizer), texts.columns)
    }
}
