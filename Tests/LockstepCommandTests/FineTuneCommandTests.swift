// SPDX-License-Identifier: Apache-2.0
// `lockstep train images --model NETWORK --weights FILE`, and `lockstep predict` of images from what it leaves.

import Foundation
import LockstepChecks
import LockstepData
import LockstepLearner
import LockstepModels
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("Command: fine-tuning", .serialized) struct FineTuneCommandTests {
    /// A folder `set` of squares, light or dark, and `small.safetensors`, weights of MobileNetV3 under torchvision's names.
    private func scene() throws -> Command {
        let command = try Command()
        for index in 0..<24 {
            let kind = index % 2 == 0 ? "light" : "dark"
            let values = FormulaWeights.numbers("image \(index)", 3 * 16 * 16)
            let bytes = values.map { UInt8((index % 2 == 0 ? 180 : 60) + $0 * 40) }
            let png = try #require(PNGWriter.encode(bytes, width: 16, height: 16, channels: 3))
            try command.write(png, to: "set/\(kind)/\(index).png")
        }
        let model = VisionArchitecture.mobilenetV3Small.model()
        try FormulaWeights.fill(model)
        try Safetensors.write(
            model.stateDictionary().map { Safetensors.Item($0.name, $0.tensor) },
            to: command.folder.appending(path: "small.safetensors").path)
        return command
    }

    private static let options = [
        "--model", "mobilenet_v3_small", "--weights", "small.safetensors", "--size", "32", "--batch-size", "4",
        "--no-augment",
    ]

    @Test(
        "losses and probabilities of one rank are those of two to a hundredth, and a single image's is its line",
        .enabled(if: ImageFile.readsPNG))
    func trains() throws {
        let command = try scene()
        var (tables, histories): ([[String]], [CSVTable]) = ([], [])
        for ranks in [["--ranks", "1"], ["--in-process", "2"]] {
            let run = "run\(tables.count)"
            let result = try command.finish(
                command.start(
                    ["train", "images", "set"] + Self.options + ["--epochs", "1", "--run", run] + ranks))
            #expect(result.status == 0, "\(result.errors)")
            let rows = result.lines.filter { $0.first?.isNumber == true }
            #expect(rows.count == 2, "an epoch of the head, and one of everything: \(result.output)")
            #expect(result.output.contains("small.safetensors: "), "\(result.output)")
            let predicted = try command("predict", "\(run)/export.bundle", "set")
            #expect(predicted.status == 0, "\(predicted.errors)")
            let lines = predicted.output.split(separator: "\n").map(String.init)
            #expect(lines.first == "file,class,p(dark),p(light)" && lines.count == 25)
            let one = try command("predict", "\(run)/export.bundle", "set/light/0.png")
            #expect(
                one.output.split(separator: "\n").last.map(String.init) == lines.first { $0.contains("/light/0.png") })
            tables.append(lines)
            histories.append(try CSV.read(command.folder.appending(path: "\(run)/history.csv").path))
        }
        for column in ["train_loss", "valid_loss"] {
            let (own, other) = (try histories[0].column(column).doubles, try histories[1].column(column).doubles)
            expectClose(try #require(own), try #require(other), column, absolute: 1e-2)
        }
        for (a, b) in zip(tables[0], tables[1]).dropFirst() {
            let (own, other) = (a.split(separator: ","), b.split(separator: ","))
            #expect(own[0] == other[0])
            #expect(abs((Double(own[2]) ?? 0) - (Double(other[2]) ?? 9)) < 1e-2, "\(a) \(b)")
        }
    }

    @Test(
        "an image whose answer is not a number has no class, and that is no success", .enabled(if: ImageFile.readsPNG))
    func undefinedAnswers() throws {
        let command = try scene()
        let trained = try command.finish(
            command.start(
                ["train", "images", "set"] + Self.options + ["--epochs", "1", "--lr", "1e6", "--run", "run"]))
        #expect(trained.status == 65, "\(trained.errors)")
        let found = try command("predict", "run/export.bundle", "set")
        expectRefused(found, 1, "set: 24 of 24 answers are not finite numbers")
        #expect(found.lines.count == 25 && found.lines.dropFirst().allSatisfy { $0.hasSuffix(".png,,nan,nan") })
    }

    @Test(
        "options that do not go together, and weights of another network, are refused by name",
        .enabled(if: ImageFile.readsPNG))
    func refused() throws {
        let command = try scene()
        func train(_ options: String...) throws -> Command.Result {
            try command.finish(command.start(["train", "images", "set", "--epochs", "1"] + options))
        }
        expectRefused(try train("--weights", "small.safetensors"), 64, "--weights", "--model cnn")
        expectRefused(try train("--model", "resnet18", "--freeze-epochs", "2"), 64, "--freeze-epochs 2", "--weights")
        expectRefused(try train("--model", "vit_small_patch16_224", "--size", "64"), 64, "--size 64", "224")
        expectRefused(try train("--model", "resnet18", "--weights", "none"), 66, "--weights none")
        expectRefused(try train("--model", "resnet19"), 64, "resnet19", "resnet18")
        let other = try train("--model", "mobilenet_v2", "--weights", "small.safetensors", "--size", "32")
        #expect(other.status != 0 && other.errors.contains("small.safetensors"), "\(other.errors)")
    }
}
