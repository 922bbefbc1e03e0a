// SPDX-License-Identifier: Apache-2.0
// `lockstep serve`: an exported learner that answers other programs over HTTP.

import ArgumentParser
import Foundation
import Lockstep
import LockstepComm
import LockstepData
import LockstepHTTP

/// Answers requests until it is asked to stop.
struct Serve: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Answer other programs over HTTP with an exported learner.",
        discussion:
            "EXPORT is the folder of a run, or what training leaves there as export.bundle. POST /predict with {\"instances\": […]} as application/json answers "
            + "{\"predictions\": […], \"remarks\": […]}: for a table instances are objects with its columns, for texts strings (two in "
            + "a list where a class is that of a pair), for images {\"b64\": \"…\"}, or the body is a PNG or JPEG file. A prediction is what "
            + "`lockstep predict --json` writes; remarks say what training did not have. GET / says what the model is, GET /health that it "
            + "answers. Requests that wait at the same time are computed together. It listens where only this machine can ask unless "
            + "--host says otherwise: it has neither passwords nor encryption. SIGTERM or Ctrl-C lets it answer what it has begun and end with 0."
    )

    @Argument(help: ArgumentHelp("The exported learner.", valueName: "export")) var bundle: String
    @OptionGroup var place: ServerOptions
    @Option(
        help: ArgumentHelp(
            "Instances computed at once (default: as in training, at most 16).", valueName: "n"))
    var batchSize: Int?
    @Option(help: ArgumentHelp("The longest body of a request, in MiB.", valueName: "n")) var maxBody = 8
    @Option(help: ArgumentHelp("Instances of a request; more get 413.", valueName: "n")) var maxInstances = 4096
    @Option(help: ArgumentHelp("Connections at once; further ones get 503.", valueName: "n")) var maxConnections = 256
    @Option(help: ArgumentHelp("Seconds in which a request must have come.", valueName: "s")) var timeout = 30

    func validate() throws {
        func check(_ option: String, _ value: Int?, most: Int) throws {
            guard let value, !(1...most).contains(value) else { return }
            throw ValidationError("--\(option) \(value): must be between 1 and \(most)")
        }
        try check("batch-size", batchSize, most: 4096)
        try check("max-body", maxBody, most: 1024)
        try check("max-instances", maxInstances, most: 1_000_000)
        try check("max-connections", maxConnections, most: 65536)
        try check("timeout", timeout, most: 86400)
    }

    func run() throws {
        try Failure.requireOneProcess("serve")
        let bundle = try ExportFile.path(bundle, for: "serve")
        StopSignals.watch()
        let model = try ServedModel(bundle, batchSize: batchSize, mostInstances: maxInstances)
        let bytes = maxBody << 20
        let queue = RequestQueue(mostBytes: max(bytes, 64 << 20))
        let routes = ServeRoutes(reader: model.reader, description: model.description, queue: queue)
        let limits = HTTPLimits(body: bytes, connections: maxConnections, request: .seconds(timeout))
        let server = try place.start(limits, routes.handle)
        try say("serving \(bundle) at http://\(place.shownHost):\(server.port)")
        answer(queue, with: model, until: server)
    }

    /// How long what has begun is answered, and clients that are slow to read are waited for.
    private static let grace = Duration.seconds(10)

    /// Computes what comes until a signal has, and what had come is answered.
    private func answer(_ queue: RequestQueue, with model: ServedModel, until server: HTTPServer) {
        var end: ContinuousClock.Instant?
        while true {
            let entries = queue.take(instances: model.batchSize, within: 0.05)
            if !entries.isEmpty { model.answer(entries) }
            if end == nil, StopSignals.received != nil {
                end = .now + Self.grace
                server.beginStopping()
            }
            if let end, .now > end || entries.isEmpty && server.isIdle { break }
        }
        server.stop()
    }
}

extension ServedModel {
    /// Answers requests together, or each alone where one of them cannot be.
    func answer(_ entries: [RequestQueue.Entry]) {
        do {
            for (entry, found) in zip(entries, try answers(entries.map(\.instances))) {
                let remarks = JSONValue.list(found.remarks.map { .text($0) }).text
                entry.answer(
                    .json("{\"predictions\":[\(found.predictions.joined(separator: ","))],\"remarks\":\(remarks)}"))
            }
        } catch {
            guard entries.count == 1 else { return entries.forEach { answer([$0]) } }
            // What cannot be read is the client's; anything else is ours.
            let status = error is DataError ? 400 : 500
            entries[0].answer(Refusal(status: status, sentence: "\(error)").response)
        }
    }
}
