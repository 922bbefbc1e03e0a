// SPDX-License-Identifier: Apache-2.0
// What results look like, in a terminal and in a browser.

import Foundation
import LockstepData
import LockstepLearner
import LockstepNN
import LockstepTensor
import LockstepTesting
import Testing

@Suite("showResults")
struct ShowResultsTests {
    private func digits() throws -> Learner {
        setSeed(1)
        return Learner(
            dls: try .digits(batchSize: 32, asImages: true),
            model: Sequential {
                Flatten(); Linear(64, 10)
            },
            loss: .crossEntropy, defaultCallbacks: .core)
    }

    @Test("pictures: characters in a terminal, PNG in a document, right ones green and wrong ones red")
    func pictures() throws {
        let learner = try digits()
        let text = TextCollector()
        let results = try learner.showResults(maxCount: 5, console: text.console())
        #expect(results.items.count == 5)
        for item in results.items {
            guard case .picture(let pixels) = item.inputs[0], case .text(let target)? = item.target,
                case .text(let prediction) = item.prediction
            else { Issue.record("a picture and two labels are expected, not \(item)"); continue }
            #expect(pixels.width == 8 && pixels.height == 8 && pixels.channels == 1)
            let probability = try #require(item.probability)
            #expect(item.isRight == (target == prediction) && probability >= 0.1 && probability <= 1)
        }
        let wrong = results.items.count { $0.isRight == false }
        #expect(text.text.count(of: "→") == 5 && text.text.count(of: "✗") == wrong)
        #expect(!text.text.contains("\u{1B}"))
        #expect(text.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        #expect(results.text(usesColor: true).contains(wrong > 0 ? "\u{1B}[31m" : "\u{1B}[32m"))
        let html = results.html(title: "a < b")
        #expect(html.count(of: "data:image/png;base64,") == 5 && html.count(of: "class=\"item wrong\"") == wrong)
        #expect(html.contains("<title>a &lt; b</title>") && html.hasSuffix("</html>\n"))
    }

    @Test("the same seed shows the same items; without shuffling the first; never more than a batch")
    func choice() throws {
        let learner = try digits()
        func shown(_ shuffle: Bool, _ count: Int) throws -> ShownResults {
            try learner.showResults(maxCount: count, shuffle: shuffle, console: nil)
        }
        #expect(try shown(true, 9).items == shown(true, 9).items)
        let first = try learner.predictions()
        let labels = try #require(first.target).ints
        #expect(try shown(false, 3).items.map(\.target) == labels.prefix(3).map { .text("\($0)") })
        #expect(try shown(false, 1000).items.count == 32 && shown(false, 0).items.isEmpty)
        #expect(learner.callbacks.count == 1)
    }

    @Test("items by their place in the validation data: those with the largest losses")
    func places() async throws {
        let learner = try digits()
        let all = try learner.predictions(withLoss: true)
        let (labels, losses) = (try #require(all.target).ints, try #require(all.losses).doubles)
        let worst = try Interpretation(learner: learner).topLosses(40)
        let shown = try learner.showResults(at: worst.map(\.index), console: nil).items
        #expect(shown.count == 40 && losses.max() == worst[0].loss)
        #expect(shown.map(\.target) == worst.map { .text("\(labels[$0.index])") })
        let text = TextCollector()
        #expect(try learner.showResults(at: [3, 3, 0], console: text.console()).items.count == 3)
        #expect(text.text.count(of: "→") == 3)
        #expect(try learner.showResults(at: [], console: nil).items.isEmpty)
        let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = try Learner(
                dls: .digits(), model: Linear(64, 10), loss: .crossEntropy, defaultCallbacks: .core
            ).showResults(at: [0, 359], console: nil)
        }
        expectTrap(result, says: "showResults: there is no item 359 among 359", "ShowResultsTests.swift")
    }

    @Test("numbers: a table of inputs, targets and predictions")
    func numbers() throws {
        let text = try goldenLearner().showResults(maxCount: 2, shuffle: false, console: nil).text()
        #expect(text == "input  target  prediction\n-2     -1      -1.5\n-1.2   0.6     -1.1\n")
    }

    @Test("unlabelled items have no target, and no items no lines")
    func unlabelled() throws {
        let learner = goldenLearner()
        let batch = Batch(inputs: [Tensor([[1], [2]])])
        let text = try learner.showResults(on: .batches([batch]), console: nil).text()
        #expect(text == "input  prediction\n1      0\n2      0.5\n")
        #expect(try learner.showResults(on: .batches([]), console: nil).text() == "no items\n")
    }

    @Test("a picture of every kind of tensor", arguments: [[1, 6, 5], [3, 6, 5], [4, 6, 5], [6, 5]])
    func kinds(_ shape: [Int]) throws {
        let pixels = try #require(Pixels(sample(Shape(shape), in: 0..<1)))
        #expect(
            (pixels.width, pixels.height) == (5, 6) && pixels.channels == (shape.count == 3 && shape[0] > 1 ? 3 : 1))
        let lines = pixels.text(columns: 10)
        #expect(lines.count == 6 && lines.allSatisfy { $0.count == 10 })
        #expect(
            Pixels(Tensor.zeros([2, 6, 5])) == nil && Pixels(Tensor.zeros([3])) == nil
                && Pixels(Tensor.zeros([0, 5])) == nil)
    }

    @Test("values outside of 0 … 1 are spread over all shades, a constant picture is one shade, no NaN traps")
    func ranges() throws {
        #expect(try #require(Pixels(Tensor([[-1, 3], [1, 1]]))).bytes == [0, 255, 128, 128])
        #expect(try #require(Pixels(Tensor([[0, 1], [0.5, 0.25]]))).bytes == [0, 255, 128, 64])
        // One colour, however large; the whole range of doubles; no numbers.
        #expect(try #require(Pixels(Tensor.full([2, 2], 3e9))).bytes == [0, 0, 0, 0])
        #expect(
            try #require(Pixels(Tensor([[-1.7e308, 1.7e308], [0, 0]] as [[Double]]))).bytes == [0, 255, 128, 128])
        #expect(try #require(Pixels(Tensor.full([1, 2], .nan))).bytes == [0, 0])
        #expect(try #require(Pixels(Tensor([[UInt8(7), 255]]))).bytes == [7, 255])
        #expect(try #require(Pixels(Tensor([[7, 7], [7, 7]]))).bytes == [0, 0, 0, 0])
        #expect(try #require(Pixels(Tensor([[.nan, 1], [.infinity, 0]] as [[Float]]))).bytes == [0, 255, 0, 0])
    }

    @Test("PNG files hold the pixels they were made of: signature, header, checksums and rows")
    func png() throws {
        for (channels, color) in [(1, UInt8(0)), (3, 2)] {
            let pixels = try #require(Pixels(sample([channels, 3, 7], in: 0..<1)))
            let file = try #require(pixels.png)
            #expect(Array(file.prefix(8)) == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
            #expect(Array(file[16..<29]) == [0, 0, 0, 7, 0, 0, 0, 3, 8, color, 0, 0, 0])
            try withTemporaryFolder { folder in
                let path = folder.appending(path: "a.png").path
                try Files.append(file, to: path)
                // Python's zlib checks the stream and its sum; the rows begin with the filter's number.
                let script = """
                    import sys, zlib, struct
                    d = open(sys.argv[1], 'rb').read(); p = 8; body = b''
                    while p < len(d):
                        n, = struct.unpack('>I', d[p:p+4]); kind = d[p+4:p+8]; data = d[p+8:p+8+n]
                        assert struct.unpack('>I', d[p+8+n:p+12+n])[0] == zlib.crc32(kind + data)
                        body += data if kind == b'IDAT' else b''; p += 12 + n
                    print(zlib.decompress(body).hex())
                    """
                let process = Process()
                (process.executableURL, process.arguments) = (
                    URL(filePath: "/usr/bin/env"), ["python3", "-c", script, path]
                )
                let pipe = Pipe()
                process.standardOutput = pipe
                try process.run()
                let hex = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
                process.waitUntilExit()
                let width = 7 * channels
                let rows = (0..<3).flatMap { [0] + pixels.bytes[$0 * width..<($0 + 1) * width] }
                #expect(
                    hex == rows.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined() + "\n")
            }
        }
    }

    @Test("results are written whole, and a folder that is not there is made")
    func file() throws {
        try withTemporaryFolder { folder in
            let path = folder.appending(path: "new/results.html").path
            try goldenLearner().showResults(console: nil).write(to: path, title: "line")
            #expect(String(decoding: try Files.read(path), as: UTF8.self).contains("<h1>line</h1>"))
        }
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
