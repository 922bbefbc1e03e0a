// SPDX-License-Identifier: Apache-2.0
// Tables that once came to grief, where there are any: in the folder LOCKSTEP_TABLES, or beside the clone (docs/CONTRIBUTING.md).
import Foundation
import Testing

private let folder =
    ProcessInfo.processInfo.environment["LOCKSTEP_TABLES"]
    ?? Repository.root.appending(path: "../shared/cases/tables").standardized.path

@Suite(
    "Command: tables that came to grief", .serialized,
    .enabled(
        if: FileManager.default.fileExists(atPath: folder + "/dates.csv"), "LOCKSTEP_TABLES names no folder of them"))
struct TableCasesTests {
    private func train(_ file: String, _ target: String, _ words: String...) throws -> Command.Result {
        let command = try Command()
        let result = try command.finish(
            command.start(
                ["train", "csv", "--data", "\(folder)/\(file).csv", "--target", target, "--run", "r", "--ranks", "1"]
                    + words))
        #expect(result.status == 0, "\(result.errors)")
        let predicted = try command("predict", "r/export.bundle", "\(folder)/\(file).csv")
        let own = try String(contentsOf: command.folder.appending(path: "r/predictions.csv"), encoding: .utf8)
        #expect(predicted.status == 0 && predicted.output == own, "\(predicted.errors)")
        return result
    }

    @Test("dates are learned from: an rmse of at most 4.5 in 20 epochs, where it is 24 without them")
    func dates() throws {
        func rmse(_ words: String...) throws -> Double {
            let command = try Command()
            let result = try command.finish(
                command.start(
                    ["train", "csv", "--data", folder + "/dates.csv", "--target", "demand", "--epochs", "20"] + words))
            let line = try #require(result.lines.first { $0.hasPrefix("rmse ") }, "\(result.errors)")
            return try #require(Double(line.dropFirst(5).prefix { $0 != "," }))
        }
        #expect(try rmse() <= 4.5)
        #expect(try rmse("--dates", "none") > 20)
    }

    @Test("the others are understood as their names say")
    func understood() throws {
        #expect(try train("count_target", "visits").output.contains("target       visits: a count\n"))
        let unique = try train("near_unique_text", "rating").output
        #expect(unique.contains("ignored      title: text that differs in nearly every row: 2371 values in 2400"))
        let split = try train("own_split", "label").output
        #expect(split.contains("split        column is_valid: 80 rows for validation"))
        #expect(split.contains("ignored      is_valid"))
        let commas = try train("semicolon_decimal_comma", "klasse").output
        #expect(commas.contains("file         fields between “;”, decimal commas"))
        #expect(commas.contains("continuous   groesse: mean") && commas.contains("continuous   preis: mean"))
        #expect(try train("huge_ints_small_spread", "t").output.contains("continuous   stamp: mean"))
        #expect(try train("int_category", "y").output.contains("categorical  k: 6 categories"))
    }
}
