// SPDX-License-Identifier: Apache-2.0
// `lockstep serve`: the answers of `lockstep predict`, whoever else asks and however badly.

import Foundation
import LockstepChecks
import LockstepData
import LockstepTesting
import Synchronization
import Testing

@Suite("Command: serve", .serialized) struct ServeTests {
    /// A classifier of a table with a number, a word, a truth and gaps, as `run/export.bundle`; `t.csv` is the table.
    private func table() throws -> Command {
        let command = try Command()
        var lines = ["age,job,member,answer"]
        for index in 0..<200 {
            let (age, job) = (20 + index * 7 % 41, ["nurse", "smith", "\"baker, senior\""][index * 5 % 3])
            let member = index % 4 == 0 ? "True" : "False"
            lines.append("\(index % 11 == 3 ? "" : "\(age).5"),\(job),\(member),\(age > 38 ? "yes" : "no")")
        }
        try command.write((lines.joined(separator: "\n") + "\n").utf8, to: "t.csv")
        let trained = try command(
            "train", "csv", "--data", "t.csv", "--target", "answer", "--epochs", "2", "--run", "run", "--quiet")
        try #require(trained.status == 0, "\(trained.errors)")
        return command
    }

    private static let rows = [
        #"{"age": 30.5, "job": "nurse", "member": true}"#, #"{"age": 59.5, "job": "baker, senior", "member": false}"#,
        #"{"age": null, "job": "smith", "member": "True", "more": [1, {"x": 2}]}"#,
        #"{"age": "41.5", "job": "pilot \"x\"\nand \u00e9", "member": "False"}"#,
    ]
    private static let csv = """
        job,age,member
        nurse,30.5,True
        "baker, senior",59.5,False
        smith,,True
        "pilot ""x""
        and é",41.5,False

        """

    private func request(_ rows: some Sequence<String>) -> String {
        "{\"instances\": [\(rows.joined(separator: ", "))]}"
    }

    /// The lines of `lockstep predict --json`.
    private func predicted(_ command: Command, _ place: String) throws -> [String] {
        let result = try command("predict", "run/export.bundle", place, "--json")
        try #require(result.status == 0, "\(result.errors)")
        return result.lines.map(String.init)
    }

    /// Whether two answers are the same but for the last digits of numbers: a row's place in its batch may show there.
    private static func isSame(_ body: String, _ other: String) -> Bool {
        func parts(_ text: String) -> [Substring] { text.split { ",:{}[]".contains($0) } }
        let (own, others) = (parts(body), parts(other))
        return own.count == others.count
            && zip(own, others).allSatisfy { own, other in
                if own == other { return true }
                guard let own = Double(own), let other = Double(other) else { return false }
                return abs(own - other) < 1e-6
            }
    }

    private func expectStops(_ command: Command, _ process: Process) throws {
        process.terminate()
        let ended = try command.finish(process)
        #expect(ended.status == 0 && ended.errors.isEmpty, "\(ended.errors)")
    }

    @Test("rows get the answers of predict, and what training did not have is said for each request")
    func answersRows() throws {
        let command = try table()
        try command.write(Self.csv.utf8, to: "new.csv")
        let expected = try predicted(command, "new.csv")
        let (process, port) = try command.startServer("serve", "run/export.bundle")
        let client = try RawClient(port: port)
        let all = try #require(client.ask("POST", "/predict", request(Self.rows)))
        #expect(all.status == 200 && all.headers["content-type"] == "application/json", "\(all)")
        let (answers, rest) = try #require(
            all.body.firstRange(of: "],\"remarks\":[\"").map {
                (all.body[..<$0.lowerBound], all.body[$0.upperBound...])
            })
        #expect(
            Self.isSame(String(answers), "{\"predictions\":[" + expected.joined(separator: ","))
                && rest.hasSuffix("]}\n"), "\(all.body)")
        let remarks = try #require(try all.json("remarks") as? [String])
        #expect(remarks.count == 1 && remarks[0].contains("“job”") && remarks[0].contains("in 1 row"), "\(remarks)")
        // Alone, on the same connection, each row has the same answer.
        for (row, line) in zip(Self.rows, expected).prefix(3) {
            let one = try #require(client.ask("POST", "/predict", request([row])))
            #expect(Self.isSame(one.body, "{\"predictions\":[\(line)],\"remarks\":[]}\n"), "\(one.body)")
        }
        #expect(client.ask("POST", "/predict", request([]))?.body == "{\"predictions\":[],\"remarks\":[]}\n")
        let many = try #require(client.ask("POST", "/predict", request((0..<500).map { Self.rows[$0 % 3] })))
        #expect((try many.json("predictions") as? [Any])?.count == 500)
        try expectStops(command, process)
    }

    @Test("it says what it is, and what is asked wrongly gets a sentence and the code that fits")
    func refuses() throws {
        let command = try table()
        let (process, port) = try command.startServer("serve", "run/export.bundle", "--max-body", "1")
        let client = try RawClient(port: port)
        let about = try #require(client.ask("GET", "/", type: nil))
        #expect(try about.json("predicts") as? String == "rows" && about.json("target") as? String == "answer")
        #expect(try Set(about.json("columns") as? [String] ?? []) == ["age", "job", "member"])
        #expect(try about.json("classes") as? [String] == ["no", "yes"])
        #expect(client.ask("GET", "/health?x=1", type: nil)?.body == "{\"status\":\"ok\"}\n")
        #expect(client.ask("HEAD", "/health", type: nil)?.status == 200)
        #expect(client.ask("GET", "http://localhost:1/health", type: nil)?.status == 200, "as proxies ask")
        #expect(client.ask("PUT", "/predict", type: nil)?.headers["allow"] == "POST")
        func expect(_ answer: RawClient.Answer?, _ status: Int, _ words: String..., line: Int = #line) throws {
            let answer = try #require(answer, "line \(line)")
            #expect(answer.status == status, "line \(line): \(answer)")
            let sentence = try #require(try answer.json("error") as? String, "line \(line): \(answer)")
            for word in words { #expect(sentence.contains(word), "line \(line): \(sentence)") }
        }
        try expect(client.ask("GET", "/x", type: nil), 404, "/x", "/predict")
        try expect(client.ask("GET", "/predict", type: nil), 405, "POST")
        try expect(client.ask("DELETE", "/", type: nil), 405, "GET or HEAD")
        try expect(client.ask("POST", "/predict", "{}", type: "text/plain"), 415, "text/plain", "application/json")
        try expect(client.ask("POST", "/predict", "{}", type: nil), 415, "is missing")
        #expect(client.ask("POST", "/predict", request([]), type: "Application/JSON; charset=utf-8")?.status == 200)
        for (body, words) in [
            ("", "ends too early"), ("{", "the request: byte 1"), ("[]", "{\"instances\": [{\"job\""),
            ("{\"instances\": 3}", "is not of the form"), ("{\"instances\": [3]}", "row 0 is no object"),
            ("{\"instances\": [{}]}", "row 0 has none of the columns"),
            ("{\"instances\": [{\"age\": 1}, {\"age\": \"old\"}]}", "row 1 has “old” in the column “age”"),
            ("{\"instances\": [{\"age\": true}]}", "not a number"), ("{\"instances\": [{\"job\": []}]}", "a list"),
            ("{\"instances\": [{\"age\": 1, \"age\": 2}]}", "appears twice"),
            (String(repeating: "[", count: 10000), "nested"), ("{\"instances\": [{\"job\": \"\u{0}\"}]}", "control"),
            ("[" + String(repeating: "0,", count: 1 << 18) + "0]", "is not of the form"),
        ] { try expect(client.ask("POST", "/predict", body), 400, words) }
        var invalid = Array(request([#"{"job": "?"}"#]).utf8)
        invalid[try #require(invalid.firstIndex(of: UInt8(ascii: "?")))] = 0xFF
        try expect(client.ask("POST", "/predict", invalid, type: "application/json"), 400, "UTF-8")
        // Nobody points a name of his at this machine.
        try expect(
            RawClient(port: port).ask("GET", "/", type: nil, headers: ["Host: evil.example"]), 400, "not one Host but 2"
        )
        let other = try RawClient(port: port)
        other.send("GET / HTTP/1.1\r\nHost: evil.example:\(port)\r\n\r\n")
        try expect(other.answer(), 421, "another name")
        let nameless = try RawClient(port: port)
        nameless.send("GET / HTTP/1.1\r\n\r\n")
        try expect(nameless.answer(), 400, "not one Host but 0")
        let old = try RawClient(port: port)
        old.send("GET /health HTTP/1.0\r\n\r\n")
        #expect(old.answer()?.status == 200 && old.isClosed(), "a probe of old")
        let many = request(repeatElement(#"{"age": 1}"#, count: 4097))
        try expect(client.ask("POST", "/predict", many), 413, "4097 instances", "4096")
        try expectStops(command, process)
    }

    @Test(
        "texts and images: the answers of predict, to 32 connections beside others that misbehave",
        .enabled(if: ImageFile.readsPNG))
    func answersItems() throws {
        let command = try Command()
        try command.write(TinyBert.reviews(60).utf8, to: "reviews.csv")
        let trained = try command(
            "train", "text-classes", "reviews.csv", "--text", "review", "--epochs", "1", "--run", "run", "--quiet")
        try #require(trained.status == 0, "\(trained.errors)")
        try command.write("the film was great\na \"dull\" film\n".utf8, to: "new.txt")
        let expected = try predicted(command, "new.txt")
        let (process, port) = try command.startServer(
            "serve", "run/export.bundle", "--batch-size", "64", "--max-body", "1", "--timeout", "1")
        let client = try RawClient(port: port)
        let texts = client.ask("POST", "/predict", #"{"instances": ["the film was great", "a \"dull\" film"]}"#)
        let right = "{\"predictions\":[\(expected.joined(separator: ","))],\"remarks\":[]}\n"
        #expect(Self.isSame(texts?.body ?? "", right), "\(texts?.body ?? "") \(right)")
        #expect(client.ask("POST", "/predict", #"{"instances": [["a", "b"]]}"#)?.status == 400)
        try expectCalm(process, port, rounds: 8) { client, number in
            let text = ["\"the film was great\"", #""a \"dull\" film""#][number % 2]
            let answer = client.ask("POST", "/predict", request([text]))
            let right = "{\"predictions\":[\(expected[number % 2])],\"remarks\":[]}\n"
            return Self.isSame(answer?.body ?? "", right) ? nil : String(describing: answer)
        }
        try expectStops(command, process)

        for index in 0..<12 {
            let bytes = FormulaWeights.numbers("image \(index)", 3 * 16 * 16).map {
                UInt8((index % 2 == 0 ? 180 : 60) + $0 * 40)
            }
            let png = try #require(PNGWriter.encode(bytes, width: 16, height: 16, channels: 3))
            try command.write(png, to: "set/\(index % 2 == 0 ? "light" : "dark")/\(index).png")
        }
        let images = try command(
            "train", "images", "set", "--size", "16", "--batch-size", "4", "--epochs", "1", "--run", "run",
            "--overwrite",
            "--quiet")
        try #require(images.status == 0, "\(images.errors)")
        let file = command.folder.appending(path: "set/dark/1.png")
        let line = try #require(try predicted(command, "set/dark/1.png").first)
        let answer = line.replacing(/"file":"[^"]*",/, with: "")
        let (server, place) = try command.startServer(
            "serve", "run/export.bundle", "--batch-size", "4", "--max-body", "1", "--timeout", "1")
        let asking = try RawClient(port: place)
        let bytes = Array(try Data(contentsOf: file))
        let raw = asking.ask("POST", "/predict", bytes, type: "image/png")
        #expect(Self.isSame(raw?.body ?? "", "{\"predictions\":[\(answer)],\"remarks\":[]}\n"), "\(raw?.body ?? "")")
        let coded = "{\"b64\": \"\(Data(bytes).base64EncodedString())\"}"
        #expect(asking.ask("POST", "/predict", request([coded]))?.body == raw?.body)
        #expect(asking.ask("POST", "/predict", bytes.dropLast(40).map(\.self), type: "image/png")?.status == 400)
        #expect(asking.ask("POST", "/predict", request([#"{"b64": "!"}"#]))?.status == 400)
        #expect(asking.ask("POST", "/predict", request([#"{"b64": ""}"#]))?.status == 400)
        #expect(asking.ask("POST", "/predict", request([coded]))?.body == raw?.body, "a damaged one harms nobody")
        let alone = try #require(raw?.body)
        try expectCalm(server, place, rounds: 8) { client, number in
            let answer =
                number % 2 == 0
                ? client.ask("POST", "/predict", bytes, type: "image/png")
                : client.ask("POST", "/predict", request([coded]))
            return Self.isSame(answer?.body ?? "", alone) ? nil : String(describing: answer)
        }
        try expectStops(command, server)
    }

    @Test(
        "1,024 requests on 32 connections, while others are slow, too long, half closed or no HTTP: no wrong answer, no more memory"
    )
    func load() throws {
        let command = try table()
        try command.write(Self.csv.utf8, to: "new.csv")
        let expected = try predicted(command, "new.csv")
        let (process, port) = try command.startServer("serve", "run/export.bundle", "--max-body", "1", "--timeout", "1")
        try expectCalm(process, port) { client, number in
            let first = number % 3
            let answer = client.ask("POST", "/predict", request(Self.rows[first..<3]))
            let right = "{\"predictions\":[\(expected[first..<3].joined(separator: ","))],\"remarks\":[]}\n"
            return Self.isSame(answer?.body ?? "", right) ? nil : String(describing: answer)
        }
        try expectStops(command, process)
    }

    /// Has 32 connections ask `rounds` times each while others misbehave, twice, after a first time to warm up: no wrong answer, and
    /// no more memory the second time.
    ///
    /// - Parameter problem: Asks once, the how many-eth time says the number, and says what was wrong.
    private func expectCalm(
        _ process: Process, _ port: Int, rounds: Int = 32, problem: @escaping @Sendable (RawClient, Int) -> String?
    ) throws {
        func memory() throws -> Int {
            let status = try String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return line.flatMap { $0.split(separator: " ").dropLast().last.flatMap { Int($0) } } ?? 0
        }
        let problems = Problems()
        func storm(_ rounds: Int) {
            let threads = DispatchGroup()
            func begin(_ name: String, _ work: @escaping @Sendable () throws -> Void) {
                threads.enter()
                Thread.detachNewThread {
                    do { try work() } catch { problems.add("\(name): \(error)") }
                    threads.leave()
                }
            }
            for number in 0..<32 {
                begin("\(number)") {
                    let client = try RawClient(port: port)
                    for round in 0..<rounds {
                        if let words = problem(client, number + round) { problems.add("\(number), \(round): \(words)") }
                    }
                }
            }
            for kind in Misbehaviour.allCases {
                begin("\(kind)") {
                    for _ in 0..<3 {
                        if let problem = try kind.problem(port: port) { problems.add("\(kind): \(problem)") }
                    }
                }
            }
            threads.wait()
        }
        storm(8)
        let before = try memory()
        storm(rounds)
        storm(rounds)
        let after = try memory()
        #expect(problems.all.isEmpty, "\(problems.all.prefix(5))")
        // The address sanitizer keeps what was freed.
        let isSanitized = ProcessInfo.processInfo.environment["ASAN_OPTIONS"] != nil
        #expect(isSanitized || after < before + 48 << 10, "\(before) kB, then \(after) kB")
    }

    /// What went wrong on any thread.
    private final class Problems: Sendable {
        private let list = Mutex<[String]>([])
        func add(_ words: String) { list.withLock { $0.append(words) } }
        var all: [String] { list.withLock { $0 } }
    }

    /// Clients that do what none should.
    private enum Misbehaviour: CaseIterable, Sendable {
        case slow, silent, trickling, oversized, oversizedInChunks, malformed, longHeader, halfClosed, halfARequest,
            doesNotRead, upgrade,
            connect

        /// Nil when the server did what it should.
        func problem(port: Int) throws -> String? {
            let client = try RawClient(port: port)
            func wrong(_ status: Int) -> String? {
                let answer = client.answer()
                return answer?.status == status ? nil : "\(String(describing: answer))"
            }
            let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            switch self {
            case .slow:
                client.send(head + "Content-Length: 100\r\n\r\n{")
                return wrong(408)
            case .silent:
                client.send("G")
                return client.isClosed() ? nil : "it stays open"
            case .trickling:
                // Its time counts from the first byte, whatever comes later.
                client.send("GET / HT")
                usleep(700_000)
                client.send("TP/1.1\r\nHost: loc")
                return client.isClosed() ? nil : "it is answered"
            case .oversized:
                client.send(head + "Content-Length: 99999999\r\n\r\n" + String(repeating: " ", count: 1 << 16))
                return wrong(413)
            case .oversizedInChunks:
                client.send(head + "Transfer-Encoding: chunked\r\n\r\n")
                let chunk = "10000\r\n" + String(repeating: " ", count: 1 << 16) + "\r\n"
                for _ in 0..<40 where !client.send(chunk) { break }
                return wrong(413)
            case .malformed:
                client.send("\u{1}\u{2} nonsense\r\n\r\n")
                return wrong(400)
            case .longHeader:
                client.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "x", count: 200_000))
                return wrong(431)
            case .halfClosed:
                client.send("GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                client.halfClose()
                return wrong(200) ?? (client.isClosed() ? nil : "it stays open")
            case .halfARequest:
                client.send(head + "Content-Length: 100\r\n\r\n{")
                client.halfClose()
                return wrong(400)
            case .doesNotRead:
                client.send(String(repeating: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 2000))
                return nil
            case .upgrade:
                // As Java's client asks: the answer is HTTP/1.1's, and the connection's last.
                client.send("GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n")
                return wrong(200) ?? (client.isClosed() ? nil : "it stays open")
            case .connect:
                client.send("CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
                return wrong(404) ?? (client.isClosed() ? nil : "it stays open")
            }
        }
    }

    @Test("requests that follow on at once, and those that ask before they send, are answered in order")
    func pipelined() throws {
        let command = try table()
        let (process, port) = try command.startServer("serve", "run/export.bundle", "--max-connections", "2")
        let client = try RawClient(port: port)
        let head = "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        let body = request([])
        client.send(
            "GET /health HTTP/1.1\r\nHost: 127.0.0.1:1\r\n\r\n\(head)Content-Length: \(body.utf8.count)\r\n\r\n\(body)GET /x HTTP/1.1\r\nHost: [::1]:1\r\n\r\n"
        )
        #expect([200, 200, 404].allSatisfy { client.answer()?.status == $0 })
        client.send("\(head)Content-Length: \(body.utf8.count)\r\nExpect: 100-continue\r\n\r\n")
        #expect(client.answer()?.status == 100)
        client.send(body)
        #expect(client.answer()?.body == "{\"predictions\":[],\"remarks\":[]}\n")
        // One more than are let in is told so.
        let second = try RawClient(port: port)
        #expect(second.ask("GET", "/health", type: nil)?.status == 200)
        #expect(try RawClient(port: port).ask("GET", "/health", type: nil)?.status == 503)
        // Who asks when it is told to stop gets the answer, and the connection's end.
        try expectStops(command, process)
        #expect(client.isClosed() && second.isClosed())
    }

    @Test("a place that is taken, a learner of something else and options out of range are sentences")
    func mistakes() throws {
        let command = try table()
        let (process, port) = try command.startServer("serve", "run/export.bundle")
        let taken = try Command()
        try command.write([], to: "empty.bundle")
        expectRefused(
            try taken("serve", command.folder.path + "/run/export.bundle", "--port", "\(port)"), 71, "\(port)",
            "another program listens there")
        try expectStops(command, process)
        expectRefused(
            try command("serve", "run/export.bundle", "--host", "192.0.2.1"), 71, "no address of this machine")
        expectRefused(try command("serve", "run/export.bundle", "--port", "65536"), 64, "--port 65536", "65535")
        expectRefused(try command("serve", "run/export.bundle", "--batch-size", "0"), 64, "--batch-size 0")
        expectRefused(try command("serve", "empty.bundle"), 66, "empty.bundle")
        expectRefused(try command("serve", "nowhere"), 66, "nowhere", "no such file")
    }
}
