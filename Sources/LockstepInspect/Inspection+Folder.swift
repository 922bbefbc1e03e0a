// SPDX-License-Identifier: Apache-2.0
// The folder of a run: its files, its checkpoints from the newest to the oldest, and where it would go on.

import Foundation
import LockstepData
import LockstepLearner

extension Inspection {
    /// More entries than a folder of ours has.
    private static let mostEntries = 100_000

    static func folder(_ path: String) -> Inspection {
        var result = Inspection(path, kind: "folder")
        let names: [String]
        do { names = try FileManager.default.contentsOfDirectory(atPath: path).sorted() } catch {
            result.fail(DataError(.unreadable, file: path, "cannot be listed"))
            return result
        }
        guard names.count <= mostEntries else {
            result.fail("holds \(names.count) entries: more than any folder of a run")
            return result
        }
        let store =
            names.contains("checkpoints") && Files.isFolder("\(path)/checkpoints") ? "\(path)/checkpoints" : path
        let generations = Generation.all(in: store)
        let known = names.filter(isOurs)
        guard !known.isEmpty || !generations.isEmpty else {
            result.fail("holds nothing that Lockstep writes")
            return result
        }
        if !generations.isEmpty || known.contains(where: { $0 == "settings.json" || $0 == "run.json" }) {
            result.kind = store == path && known.isEmpty ? "checkpoints of a run" : "run"
        } else if known.allSatisfy({ $0.hasSuffix(".log") }) {
            result.kind = "logs of ranks"
        }
        let files = known.map { file("\(path)/\($0)") }
        result.describe(files, generations, names)
        return result
    }

    private static func isOurs(_ name: String) -> Bool {
        [
            "settings.json", "run.json", "text.json", "history.csv", "predictions.csv", "folds.csv", "results.html",
            "interpretation.json", "ranks.json",
            "export.bundle", "model.safetensors", "resume.safetensors",
        ].contains(name) || (name.hasPrefix("rank-") && name.hasSuffix(".log"))
    }

    private mutating func describe(_ files: [Inspection], _ generations: [Generation], _ names: [String]) {
        func named(_ name: String) -> Inspection? { files.first { $0.path.hasSuffix("/" + name) } }
        let points = generations.map(\.file)
        let damaged = (generations.map(\.file) + files).filter { $0.state != .whole }
        if let first = damaged.first {
            let rest = damaged.count > 1 ? ", and \(damaged.count - 1) more" : ""
            fail("\(first.shortPath(in: path)): \(first.problem ?? "")\(rest)")
        }
        let said = named("run.json")?.content.first { $0.name == "says" }?.fact["state"]
        let isComplete = said.map { $0 == .text("complete") } ?? (points.isEmpty && named("export.bundle") != nil)
        let next = points.first { $0.resumes != nil }
        let from: Fact.Named =
            if isComplete {
                .init("resumes", "no: the run is complete")
            } else if let next, let place = next.resumes {
                .init("resumes", "from \(next.shortPath(in: path)): \(place)")
            } else {
                .init("resumes", points.isEmpty ? "no: there is no checkpoint" : "no: no checkpoint is whole")
            }
        let inStore = (try? FileManager.default.contentsOfDirectory(atPath: "\(path)/checkpoints")) ?? []
        let leftovers = (names + inStore).count(where: Leftovers.isUnfinished)
        content = [
            kind == "logs of ranks" ? .init("resumes", .nothing) : from,
            .init("complete", kind == "logs of ranks" ? .nothing : .flag(isComplete)),
            .init(
                "lock",
                names.contains(FolderLock.name) ? .group(RunLock.facts(ofFile: "\(path)/\(FolderLock.name)")) : .nothing
            ),
            .init("checkpoints", .list(generations.map { $0.fact(in: path, isNext: $0.file.path == next?.path) })),
            .init("files", .list(files.map { $0.fact(in: path) })),
            .init("unfinished files", leftovers == 0 ? nil : leftovers),
        ]
    }

    /// Where a run would go on from this file; nil when none would.
    var resumes: String? {
        guard state == .whole, kind == "resume point",
            case .text(let place)? = content.first(where: { $0.name == "resumes" })?.fact
        else { return nil }
        return place.hasPrefix("no:") ? nil : place
    }

    func shortPath(in folder: String) -> String {
        path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : path
    }

    func fact(in folder: String) -> Fact {
        .group([
            .init("file", shortPath(in: folder)), .init("kind", kind), .init("bytes", size),
            .init("state", state.rawValue), .init("checksum", checksum), .init("problem", problem),
        ])
    }
}

/// One checkpoint of a run.
private struct Generation {
    let step: Int
    let file: Inspection

    /// Those in `folder`, the newest first.
    static func all(in folder: String) -> [Generation] {
        CheckpointStore(folder).generations.map { Generation(step: $0.step, file: Inspection.file($0.path)) }
    }

    func fact(in folder: String, isNext: Bool) -> Fact {
        .group([
            .init("file", file.shortPath(in: folder)), .init("step", step), .init("bytes", file.size),
            .init("state", file.state.rawValue), .init("used", .flag(isNext)), .init("problem", file.problem),
            .init("place", file.resumes),
        ])
    }
}
