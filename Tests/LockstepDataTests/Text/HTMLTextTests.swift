// SPDX-License-Identifier: Apache-2.0
// Texts from web pages, against fastai's fix_html; columns and folders of texts.

import Foundation
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("Texts from web pages") struct HTMLTextTests {
    private struct Cases: Decodable {
        struct Case: Decodable {
            let text: String, mended: String
        }
        let html: [Case]
    }

    @Test("what fastai's fix_html makes of them") func reference() throws {
        let cases = try Reference.decode(Cases.self, from: "text").html
        #expect(cases.count >= 20)
        for item in cases { #expect(HTMLText.mended(item.text) == item.mended, "\(item.text)") }
    }

    @Test(
        "one sign for one; what is no character of HTML stays",
        arguments: [
            ("Fish &amp; chips", "Fish & chips"), ("it&#39;s", "it's"), ("&lt;b&gt;", "<b>"), ("&#x20AC;5", "€5"),
            ("a &nothing; b", "a &nothing; b"), ("camp; damp;", "camp; damp;"), ("&", "&"), ("&;", "&;"),
            ("&#;", "&#;"),
            ("&#99999999;", "&#99999999;"), ("&#xD800;", "&#xD800;"), ("&#0;", "&#0;"), ("x&amp;amp;y", "x&amp;y"),
            ("a;b", "a;b"), ("", ""), ("no sign", "no sign"), ("one<br/>two<br>three", "one\ntwo\nthree"),
            ("&hearts;&Eacute;t&eacute;", "♥Été"),
        ])
    func own(text: String, mended: String) { #expect(HTMLText.mended(text) == mended) }

    @Test("words are mended first; characters, and tokenizers of older files, are not") func tokenizer() throws {
        #expect(Tokenizer.words.tokens("one<br />two &amp; <unk>") == ["xxbos", "one", "\n", "two", "&", "xxunk"])
        #expect(Tokenizer.characters.tokens("&amp;").count == 5)
        #expect(Tokenizer(.words, mendsHTML: false).tokens("a &amp;") == ["xxbos", "a", "&", "amp", ";"])
        let old = try JSONDecoder().decode(Tokenizer.self, from: Data(#"{"unit": "words", "usesRules": true}"#.utf8))
        #expect(!old.mendsHTML && old.usesRules)
        let new = try JSONDecoder().decode(Tokenizer.self, from: JSONEncoder().encode(Tokenizer.words))
        #expect(new == .words)
    }
}

@Suite("Columns and folders of texts") struct TextSourceTests {
    /// Words are numbers: good 2, film 3, bad 4.
    private func tokenizer(_ folder: String) throws -> PretrainedTokenizer {
        try Files.writeAtomically(
            [Array("[PAD]\n[UNK]\ngood\nfilm\nbad\n&\n[CLS]\n[SEP]\n".utf8)], to: "\(folder)/vocab.txt")
        return try PretrainedTokenizer.load(folder)
    }

    private func tokens(_ data: TextClassData, _ loader: (any BatchSource)? = nil) throws -> [[Int]] {
        var (batches, rows) = (try (loader ?? data.loaders.train).makeIterator(epoch: 0), [[Int]]())
        while let batch = try batches.next() {
            rows += (0..<batch.size).map { row in
                batch.inputs[0][row].ints.filter { (2..<6).contains($0) } + batch.targets.map { $0[row].ints[0] }
            }
        }
        return rows.sorted { $0.description < $1.description }
    }

    @Test("several columns are one text, in the order asked for") func columns() throws {
        try withTemporaryFolder { folder in
            let (path, tokenizer) = ("\(folder.path)/r.csv", try tokenizer(folder.path))
            try Files.writeAtomically(
                [Array("title,body,label\ngood,bad film,a\nbad,good,b\nfilm,film,a\nfilm,good,b\n".utf8)], to: path)
            func made(_ texts: [String]) throws -> [[Int]] {
                try tokens(
                    DataLoaders.textClasses(
                        path: path, texts: texts, target: "label", tokenizer: tokenizer, batchSize: 1, validFraction: 0)
                )
            }
            #expect(try made(["title", "body"]).contains([2, 4, 3, 0]))
            #expect(try made(["body", "title"]).contains([4, 3, 2, 0]))
        }
    }

    @Test("a folder of classes, with folders for the parts and without; texts are mended on request") func folders()
        throws
    {
        try withTemporaryFolder { folder in
            let tokenizer = try tokenizer(folder.path)
            func write(_ text: String, _ name: String) throws {
                let file = folder.appending(path: name)
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
            try write("good film", "set/train/pos/1.txt")
            try write("bad &amp; film", "set/train/neg/1.txt")
            try write("bad", "set/test/neg/2.txt")
            // Beside the parts, and no class.
            try write("good", "set/readme.txt")
            try write("film", "set/unsup/3.txt")
            let root = folder.appending(path: "set").path
            let data = try DataLoaders.textClasses(folder: root, tokenizer: tokenizer, batchSize: 1)
            #expect(data.classes == ["neg", "pos"] && data.counts == (2, 1))
            #expect(try tokens(data, data.loaders.valid) == [[4, 0]])
            let mended = try DataLoaders.textClasses(folder: root, tokenizer: tokenizer, batchSize: 1, mendsHTML: true)
            #expect(try tokens(mended).contains([4, 5, 3, 0]))
            #expect(
                try mended.testLoader(for: ["good &amp; bad"]).oneBatch().inputs[0].ints.filter { $0 == 5 }.count == 1)
            let random = try DataLoaders.textClasses(
                folder: root + "/train", tokenizer: tokenizer, batchSize: 1, validFraction: 0.5)
            #expect(random.counts == (1, 1))
            try Data([0xff, 0xfe]).write(to: folder.appending(path: "set/train/pos/2.txt"))
            #expect {
                try DataLoaders.textClasses(folder: root, tokenizer: tokenizer)
            } throws: {
                "\($0)".contains("pos/2.txt") && "\($0)".contains("UTF-8")
            }
            #expect(throws: DataError.self) {
                try DataLoaders.textClasses(folder: folder.path + "/no", tokenizer: tokenizer)
            }
        }
    }
}
