// SPDX-License-Identifier: Apache-2.0
// `lockstep train text-classes`, `predict` of texts from what it leaves, and `embed`.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepModels
import LockstepTensor
import LockstepTesting
import LockstepTransfer
import Testing

@Suite("Command: classes of texts", .serialized) struct TextClassesCommandTests {
    /// `reviews.csv`, and the folder `bert` with a small network.
    private func scene() throws -> Command {
        let command = try Command()
        try command.write(TinyBert.reviews(60).utf8, to: "reviews.csv")
        try TinyBert.write(to: command.folder.appending(path: "bert"), forSentences: true)
        return command
    }

    private func run(_ command: Command, _ words: String) throws -> Command.Result {
        try command.finish(command.start(words.split(separator: " ").map(String.init)))
    }

    /// Runs the command with a text on standard input.
    private func run(_ command: Command, _ words: String, input: String) throws -> Command.Result {
        try command.write(input.utf8, to: "input")
        let program = try #require(Command.program)
        return try command.finish(command.start(["-c", "exec '\(program)' \(words) < input"], program: "/bin/sh"))
    }

    private func npy(_ command: Command, _ name: String) throws -> NumericArray {
        try NPY.read(command.folder.appending(path: name).path)
    }

    @Test("a head is trained, then everything; two ranks train as one, and predict the same")
    func fineTunes() throws {
        let command = try scene()
        var (answers, histories): ([String], [CSVTable]) = ([], [])
        for (run, ranks) in [("one", "--ranks 1"), ("two", "--in-process 2")] {
            let options = "--text review --weights bert --epochs 2 --batch-size 8 --run \(run) \(ranks)"
            let result = try self.run(command, "train text-classes reviews.csv \(options)")
            #expect(result.status == 0, "\(result.errors)")
            let rows = result.lines.filter { $0.first?.isNumber == true }
            #expect(rows.count == 3, "an epoch of the head, and two of everything: \(result.output)")
            #expect(result.output.contains("model.safetensors: ") && result.output.contains("; bert of "))
            histories.append(try CSV.read(command.folder.appending(path: "\(run)/history.csv").path))
            // The tokenizer travels: the folder is not there any more.
            try FileManager.default.moveItem(
                at: command.folder.appending(path: "bert"), to: command.folder.appending(path: "away"))
            let predicted = try self.run(command, "predict \(run)/export.bundle reviews.csv")
            #expect(predicted.status == 0, "\(predicted.errors)")
            #expect(predicted.lines.first == "label,p(neg),p(pos)" && predicted.lines.count == 61)
            let shared = try self.run(command, "predict \(run)/export.bundle reviews.csv --in-process 3")
            #expect(shared.output == predicted.output, "whoever predicts a text")
            answers.append(predicted.output)
            try FileManager.default.moveItem(
                at: command.folder.appending(path: "away"), to: command.folder.appending(path: "bert"))
        }
        for column in ["train_loss", "valid_loss"] {
            let (own, other) = (try histories[0].column(column).doubles, try histories[1].column(column).doubles)
            expectClose(try #require(own), try #require(other), column, absolute: 1e-3)
        }
        for (a, b) in zip(answers[0].split(separator: "\n"), answers[1].split(separator: "\n")).dropFirst() {
            let (own, other) = (a.split(separator: ","), b.split(separator: ","))
            #expect(abs((Double(own[1]) ?? 0) - (Double(other[1]) ?? 9)) < 1e-3, "\(a) \(b)")
        }
    }

    @Test("without weights a small network learns the words; lines, files and rows get the same answers")
    func scratch() throws {
        let command = try scene()
        let trained = try run(
            command, "train text-classes reviews.csv --text review --epochs 8 --lr 0.003 --batch-size 8 --run run")
        #expect(trained.status == 0, "\(trained.errors)")
        #expect(
            trained.output.contains("; small of ") && trained.output.contains("accuracy 1.0000"), "\(trained.output)")
        let texts = ["the film was great", "a dull film", "i hated it", "", "unknown words, and \"quotes\""]
        let lines = try run(command, "predict run/export.bundle -", input: texts.joined(separator: "\r\n") + "\n")
        #expect(lines.status == 0 && lines.errors.isEmpty, "\(lines.errors)")
        #expect(lines.lines.map { $0.split(separator: ",")[0] }.prefix(4) == ["label", "pos", "neg", "neg"])
        #expect(lines.lines.count == 6)
        try command.write(texts.joined(separator: "\n").utf8, to: "lines.txt")
        try command.write(try Gzip.compress(Array(texts.joined(separator: "\n").utf8)), to: "lines.txt.gz")
        for name in ["lines.txt", "lines.txt.gz"] {
            #expect(try run(command, "predict run/export.bundle \(name)").output == lines.output)
        }
        for (number, text) in texts.enumerated() { try command.write(text.utf8, to: "files/\(number).txt") }
        let files = try run(command, "predict run/export.bundle files")
        #expect(files.lines.first == "file,label,p(neg),p(pos)")
        #expect(
            files.lines.dropFirst().map { String($0.drop { $0 != "," }.dropFirst()) }
                == lines.lines.dropFirst().map(String.init))
        // Only the texts are needed, whatever they are beside.
        try command.write("n,review\n1,\(texts[0])\n2,\(texts[1])\n".utf8, to: "new.csv")
        let rows = try run(command, "predict run/export.bundle new.csv")
        // To rounding: a batch of two texts is not one of all.
        #expect(rows.lines.count == 3, "\(rows.errors)")
        for (own, first) in zip(rows.lines, lines.lines) {
            for (a, b) in zip(own.split(separator: ","), first.split(separator: ",")) {
                #expect(a == b || abs((Double(a) ?? .nan) - (Double(b) ?? .nan)) < 1e-6, "\(own) \(first)")
            }
        }
        let none = try run(command, "predict run/export.bundle -", input: "")
        #expect(none.status == 0 && none.output == "label,p(neg),p(pos)\n", "\(none.errors)")
        let shared = try run(
            command, "predict run/export.bundle - --ranks 2", input: texts.joined(separator: "\n") + "\n")
        #expect(shared.output == lines.output, "\(shared.errors)")
    }

    @Test("texts of several columns are mended, predicted and made into vectors as they were trained on")
    func severalColumns() throws {
        let command = try scene()
        func path(_ name: String) -> String { command.folder.appending(path: name).path }
        let rows = (0..<8).map {
            "the film,was &amp; is \($0 % 2 == 0 ? "great" : "dull"),\($0 % 2 == 0 ? "pos" : "neg")\n"
        }
        try command.write(("title,body,label\n" + rows.joined()).utf8, to: "t.csv")
        let data = try DataLoaders.textClasses(
            path: path("t.csv"), texts: ["title", "body"], target: "label",
            tokenizer: PretrainedTokenizer.load(path("bert")), batchSize: 2, mendsHTML: true)
        let learner = try Learner.text(data.loaders, TextBody.pretrained(path("bert")))
        try learner.export(to: path("bundle"))
        let joined = (0..<8).map { "the film\nwas & is \($0 % 2 == 0 ? "great" : "dull")" }
        let wanted = try learner.withoutProgress {
            try learner.predictions(on: .loader(learner.dls.testLoader(for: joined))).predictions.floats
        }
        let predicted = try run(command, "predict bundle t.csv --in-process 2")
        #expect(predicted.status == 0, "\(predicted.errors)")
        let found = predicted.lines.dropFirst().flatMap {
            $0.split(separator: ",").dropFirst().compactMap { Float($0) }
        }
        expectClose(found, wanted, absolute: 1e-5)
        let embedded = try run(command, "embed bundle t.csv --output v.npy")
        #expect(embedded.status == 0, "\(embedded.errors)")
        let classifier = try #require(learner.model as? TextClassifier)
        let vectors = try SentenceEncoder(classifier, tokenizer: data.tokenizer).vectors(of: joined)
        expectClose(try npy(command, "v.npy").floats, vectors.floats, absolute: 1e-5)
    }

    @Test("a run that was stopped goes on to the bits of one that was not")
    func resumes() throws {
        let command = try scene()
        let options = "--text review --weights bert --epochs 150 --batch-size 8"
        let whole = try run(command, "train text-classes reviews.csv \(options) --run whole")
        #expect(whole.status == 0, "\(whole.errors)")
        let settings = try run(command, "train text-classes reviews.csv \(options) --print-config")
        #expect(settings.lines.contains("model: bert") && settings.lines.contains("text: review"))
        let process = try command.start(
            "train text-classes reviews.csv \(options) --run part --checkpoint-every 2".split(separator: " ").map(
                String.init))
        let deadline = Date() + 60
        while process.isRunning, Date() < deadline, !command.exists("part/checkpoints") { usleep(2000) }
        kill(process.processIdentifier, SIGTERM)
        let stopped = try command.finish(process)
        #expect(stopped.status == 75, "\(stopped.errors)")
        let resumed = try run(command, "train text-classes reviews.csv --resume part")
        #expect(resumed.status == 0, "\(resumed.errors)")
        func weights(_ run: String) throws -> Data {
            try Data(contentsOf: command.folder.appending(path: "\(run)/model.safetensors"))
        }
        #expect(try weights("part") == weights("whole"))
    }

    @Test("vectors are those of the texts in their order, whoever computes them")
    func embeds() throws {
        let command = try scene()
        let one = try run(command, "embed bert reviews.csv --text review --output a.npy --batch-size 7")
        #expect(one.status == 0 && one.output.contains("60 vectors of 16 numbers are in a.npy"), "\(one.errors)")
        let two = try run(command, "embed bert reviews.csv --text review --output b.npy --batch-size 7 --in-process 3")
        #expect(two.status == 0, "\(two.errors)")
        let (a, b) = (try npy(command, "a.npy"), try npy(command, "b.npy"))
        #expect(a.shape == [60, 16] && a.floats == b.floats)
        // Of length 1, as modules.json says; equal texts have one vector.
        expectClose((Tensor(a) * Tensor(a)).sum(axis: 1).floats, Array(repeating: 1, count: 60), absolute: 1e-5)
        let lines = try run(command, "embed bert - --output c.npy", input: "the film was good\na dull film\n")
        #expect(lines.status == 0, "\(lines.errors)")
        expectClose(Array(try npy(command, "c.npy").floats.prefix(16)), Array(a.floats.prefix(16)), absolute: 1e-5)
        let none = try run(command, "embed bert - --output d.npy", input: "")
        #expect(none.status == 0, "\(none.errors)")
        #expect(try npy(command, "d.npy").shape == [0, 16])
        let trained = try run(
            command, "train text-classes reviews.csv --text review --weights bert --epochs 1 --batch-size 8 --run run")
        #expect(trained.status == 0, "\(trained.errors)")
        let own = try run(command, "embed run/export.bundle reviews.csv --output e.npy")
        #expect(own.status == 0, "\(own.errors)")
        #expect(try npy(command, "e.npy").shape == [60, 16])
    }

    @Test("options, folders and learners that do not go together are refused by name")
    func refused() throws {
        let command = try scene()
        func refused(_ words: String, _ code: Int32, _ parts: String...) throws {
            let result = try run(command, words)
            #expect(result.status == code, "\(words): \(result.errors)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
            for part in parts { #expect(result.errors.contains(part), "\(words): \(result.errors)") }
        }
        let train = "train text-classes reviews.csv --text review"
        try refused("\(train) --model bert", 64, "--model bert", "--weights")
        try refused("\(train) --model small --weights bert", 64, "--weights bert", "small")
        try refused("\(train) --freeze-epochs 2", 64, "--freeze-epochs 2")
        try refused("\(train) --weights none", 66, "--weights none")
        try refused("\(train) --model gpt2 --weights bert", 64, "--model gpt2", "“bert”")
        try refused("\(train) --tta", 64, "--tta")
        try refused("train text-classes none.csv", 66, "none.csv")
        try refused("train text-classes reviews.csv", 66, "text", "review")
        try refused("\(train) --target review", 64, "--target review")
        try refused("embed bert reviews.csv --text none --output a.npy", 66, "none")
        try refused("embed reviews.csv reviews.csv --output a.npy", 66, "reviews.csv")
        try refused("embed bert none.txt --output a.npy", 66, "none.txt")
        try refused("predict bert/model.safetensors reviews.csv", 66, "bert/model.safetensors")
        try command.write("{\"model_type\": \"t5\"}".utf8, to: "t5/config.json")
        try refused("\(train) --weights t5", 66, "t5")
    }
}
