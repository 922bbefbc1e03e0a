// SPDX-License-Identifier: Apache-2.0
// `lockstep watch` and `lockstep compare`: the pages of a run on its way, and of several.

import Foundation
import Testing

@Suite("Command: watch and compare") struct WatchTests {
    private func run(_ command: Command, _ name: String, _ history: String, _ settings: String, complete: Bool) throws {
        try command.write(settings.utf8, to: "\(name)/settings.json")
        if !history.isEmpty { try command.write(history.utf8, to: "\(name)/history.csv") }
        if complete {
            try command.write(#"{"format":1,"state":"complete","lockstep":"0.1.0"}"#.utf8, to: "\(name)/run.json")
        }
    }

    @Test("a run's page is made anew at each look, and asks for itself again until the run is complete")
    func watches() throws {
        let command = try Command()
        let trained = try command("train", "digits", "--epochs", "1", "--run", "run", "--quiet")
        try #require(trained.status == 0, "\(trained.errors)")
        let state = command.folder.appending(path: "run/run.json")
        let complete = try Data(contentsOf: state)
        try FileManager.default.removeItem(at: state)
        let (process, port) = try command.startServer("watch", "run", "--refresh", "7")
        let client = try RawClient(port: port)
        let page = try #require(client.ask("GET", "/", type: nil))
        #expect(page.status == 200 && page.headers["content-type"] == "text/html; charset=utf-8")
        #expect(
            page.body.contains("<meta http-equiv=\"refresh\" content=\"7\">") && page.body.contains("1 of 1 epochs"))
        #expect(!page.body.contains("<script"))
        #expect(client.ask("GET", "/x", type: nil)?.status == 404)
        #expect(client.ask("POST", "/", "x")?.status != 200)
        try complete.write(to: state)
        let done = try #require(try RawClient(port: port).ask("GET", "/", type: nil))
        #expect(done.status == 200 && done.body.contains("complete, 1 of 1") && !done.body.contains("http-equiv"))
        // A file that is damaged is said, and looked at again.
        try command.write("{".utf8, to: "run/settings.json")
        let damaged = try #require(try RawClient(port: port).ask("GET", "/", type: nil))
        #expect(damaged.status == 500 && damaged.body.contains("no JSON object") && damaged.body.contains("http-equiv"))
        process.terminate()
        let ended = try command.finish(process)
        #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
        expectRefused(try command("watch", "nowhere"), 66, "watch nowhere", "no such file")
        expectRefused(try command("watch", "run", "--refresh", "0"), 64, "--refresh 0")
    }

    @Test("runs side by side: a curve for each, the best numbers, and the settings that differ") func compares() throws
    {
        let command = try Command()
        let settings = #"{"recipe": "csv", "epochs": 2, "seed": 42, "lr": "#
        try run(
            command, "a", "epoch,train_loss,valid_loss,accuracy,time\n0,2,1.5,0.25,00:01\n1,1,1.75,0.5,00:02\n",
            settings + "0.1}", complete: true)
        try run(
            command, "b", "epoch,train_loss,valid_loss,rmse,time\n0,3,nan,<i>,00:01\n", settings + "0.2}",
            complete: false)
        let result = try command("compare", "a", "b")
        #expect(result.status == 0 && result.output == "the comparison is in compare.html\n", "\(result.errors)")
        let page = try String(contentsOf: command.folder.appending(path: "compare.html"), encoding: .utf8)
        #expect(page.contains("<h1>2 runs</h1>") && page.contains(">1 complete<"))
        #expect(page.components(separatedBy: "<svg").count == 4, "both losses, accuracy; rmse has no number")
        let found = page.firstRange(
            of: "<tr><th>a</th><td>csv</td><td>2</td><td>1</td><td>1</td><td>2</td><td>1.75</td><td>1.5</td>")
        #expect(found != nil, "\(page)")
        #expect(page.contains("<tr><th>lr</th><td>0.1</td><td>0.2</td></tr>") && !page.contains("<th>seed</th>"))
        #expect(page.contains("00:03") && !page.contains("<i>") && !page.contains("<script"))
        // Runs of one name are told apart.
        try run(command, "c/a", "", settings + "0.1}", complete: false)
        #expect(try command("compare", "a", "c/a", "--output", "two.html").status == 0)
        let two = try String(contentsOf: command.folder.appending(path: "two.html"), encoding: .utf8)
        #expect(two.contains("<th>c/a</th>") && two.contains("They are the same."))
        expectRefused(try command("compare", "a"), 64, "two runs at least")
        expectRefused(try command("compare", "a", "nowhere"), 66, "compare nowhere")
        #expect(try command("compare", "a", "b", "--output", "/dev/full").status == 74)
    }
}
