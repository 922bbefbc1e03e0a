// SPDX-License-Identifier: Apache-2.0
// `lockstep watch`: the page of a run while it trains, for a browser.

import ArgumentParser
import Foundation
import Lockstep
import LockstepComm
import LockstepHTTP
import LockstepLearner

/// Shows a run's page until it is asked to stop.
struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show a run in a browser while it trains.",
        discussion:
            "RUN is the folder of a run, on its way or complete. The page is that of `lockstep report`, made anew each time it is asked "
            + "for, which a browser does every --refresh seconds until the run is complete. The run is only read, and can be another "
            + "process's, on any number of ranks. Nobody but this machine can ask unless --host says otherwise. Ctrl-C ends it with 0."
    )

    @Argument(help: ArgumentHelp("The folder of a run.", valueName: "run")) var folder: String
    @OptionGroup var place: ServerOptions
    @Option(help: ArgumentHelp("Seconds between two looks.", valueName: "s")) var refresh = 5

    func validate() throws {
        guard (1...86400).contains(refresh) else {
            throw ValidationError("--refresh \(refresh): must be between 1 and 86400")
        }
    }

    func run() throws {
        try Failure.requireOneProcess("watch")
        _ = try RunFacts(of: folder, for: "watch")
        StopSignals.watch()
        let server = try place.start(HTTPLimits(body: 0)) { [folder, refresh] request, answer in
            answer(Self.page(request, folder, refresh))
        }
        try say("watching \(folder) at http://\(place.shownHost):\(server.port)")
        while StopSignals.received == nil { Thread.sleep(forTimeInterval: 0.05) }
        server.stop()
    }

    private static func page(_ request: HTTPRequest, _ folder: String, _ refresh: Int) -> HTTPResponse {
        guard ["GET", "HEAD"].contains(request.method), request.path == "/" else {
            return html("<!DOCTYPE html><title>lockstep watch</title><p>There is the page / and no other.</p>\n", 404)
        }
        do {
            return html(ReportPage(try RunFacts(of: folder, for: "watch"), refresh: refresh).html, 200)
        } catch {
            // Files that are being replaced may be there again at the next look.
            let page = HTMLPage(title: folder, state: "\(error)", content: "", refresh: refresh)
            return html(page.html, 500)
        }
    }

    private static func html(_ text: String, _ status: Int) -> HTTPResponse {
        HTTPResponse(
            status, contentType: "text/html; charset=utf-8", body: Array(text.utf8),
            headers: [("cache-control", "no-store")])
    }
}
