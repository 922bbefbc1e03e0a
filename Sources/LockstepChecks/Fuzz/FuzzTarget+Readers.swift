// SPDX-License-Identifier: Apache-2.0
// Files of data: arrays, tables, images, texts, archives.

import Foundation
import LockstepData
import LockstepTensor

extension FuzzTarget {
    private static let file = "fuzz.bin"

    static let readers: [FuzzTarget] = [
        FuzzTarget("safetensors", seeds: { [try archive()] + [Safetensed.text(of: try archive())] }) { bytes in
            let archive = try Safetensors.parse(Safetensed.file(bytes), file: file)
            for entry in archive.entries { _ = archive.bytes(of: entry).reduce(0, &+) }
        },
        FuzzTarget("torch", factor: 256, seeds: { torchFiles }) { bytes in
            let archive = try TorchArchive.parse(bytes, file: file)
            try archive.verify()
            for entry in archive.entries { _ = try archive.tensor(entry).count }
        },
        // The pickle alone, in an archive whose checksum is right.
        FuzzTarget("pickle", factor: 512, seeds: { pickles }) { bytes in
            let storages = [24, 8].map { [UInt8](repeating: 1, count: $0) }
            let archive = try TorchArchive.parse(TorchFile.zip(bytes, storages), file: file)
            for entry in archive.entries { _ = try archive.tensor(entry).count }
        },
        // Two of the same: a stream of several members; what it makes is at most 1032 times as large.
        FuzzTarget(
            "gzip", factor: 1100,
            seeds: {
                let (text, zeros) = (try Gzip.compress(Array("lockstep".utf8)), [UInt8](repeating: 0, count: 2000))
                return [text, text + text, try Gzip.compress(zeros)]
            }
        ) { bytes in _ = try Gzip.decompress(bytes, file: file) },
        FuzzTarget("npy", seeds: { try arrays().map(NPY.encode) }) { bytes in
            _ = try NPY.parse(bytes, file: file).doubles
        },
        // Deflated bytes inflate to at most 1032 times as many.
        FuzzTarget("npz", factor: 2200, seeds: { [try arrayArchive(), deflatedArchive] }) { bytes in
            let archive = try NPZ(parsing: bytes, file: file)
            for name in archive.names { _ = try archive.array(name).count }
        },
        FuzzTarget("idx", seeds: { idx }) { bytes in _ = try IDX.parse(bytes, file: file).floats },
        // Rows that come as JSON, for columns of every kind.
        FuzzTarget("rows", factor: 256, seeds: { rows.map { Array($0.utf8) } }) { bytes in
            let columns = try served.get()
            let fields = JSONRows(columns)
            var scanner = JSONScanner(bytes, base: 0, file: file, mostValues: 1 << 20)
            guard case .array(let nodes) = try scanner.document().value else { return }
            var read: [[String]] = []
            for (row, node) in nodes.enumerated() { read.append(try fields.fields(of: node, row: row, file: file)) }
            let table = try fields.table(read, file: file)
            _ = try columns.unseen(in: table)
            _ = try columns.dataset(table, rows: Array(0..<table.rowCount), withTarget: false)
        },
        FuzzTarget("csv", factor: 256, seeds: { tables.map { Array($0.utf8) } }) { bytes in
            let table = try CSV.parse(bytes, file: file)
            for column in table.columns { _ = (column.doubles, column.texts, column.missingCount) }
        },
        // Its last column is learned.
        FuzzTarget("table", factor: 1024, seeds: { trainable.map { Array($0.utf8) } }) { bytes in
            let table = try CSV.parse(bytes, file: file, options: CSV.Options().found(in: bytes))
            guard let target = table.names.last, table.rowCount < 2000, table.columns.count < 64 else { return }
            let found = try DataLoaders.table(table, target: target, batchSize: 4)
            for batch in found.loaders.train { _ = batch.size }
            for values in try found.columns.unseen(in: table) { _ = "\(values)" }
        },
        FuzzTarget("png", factor: 4096, seeds: { try images("png") }) { bytes in
            for channels in ImageChannels.allCases { _ = try ImageFile.decode(bytes, file: file, channels: channels) }
        },
        FuzzTarget("jpeg", factor: 4096, seeds: { try images("jpg") }) { bytes in
            for channels in ImageChannels.allCases { _ = try ImageFile.decode(bytes, file: file, channels: channels) }
        },
        FuzzTarget(
            "text", factor: 256,
            seeds: {
                ["A line, it's one.\nAnother LINE: 12.5! And so on, and so on, to the 3rd END of it.\n"].map {
                    Array($0.utf8)
                }
            }
        ) {
            bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            for tokenizer in [Tokenizer.characters, .words] {
                let encoding = TextEncoding(fitting: text, tokenizer: tokenizer, minFrequency: 1)
                _ = encoding.decode(encoding.encode(text))
                _ = try DataLoaders.text(text, tokenizer: tokenizer, blockLength: 4, batchSize: 2, validFraction: 0.4)
            }
        },
    ]

    /// Of NumPy: ones, [2, 3], called x, compressed.
    private static let deflatedArchive = [UInt8](
        Data(
            base64Encoded: """
                UEsDBC0AAAAIAAAAIQB9azqS//////////8FABQAeC5ucHkBABAAmAAAAAAAAABMAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxc
                pG6loG6TZqKuo6Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GkY6CsaaOgq1CmQDLgaGBntsGABQSwECLQMtAAAACAAA
                ACEAfWs6kkwAAACYAAAABQAAAAAAAAAAAAAAgAEAAAAAeC5ucHlQSwUGAAAAAAEAAQAzAAAAgwAAAAAA
                """, options: .ignoreUnknownCharacters) ?? Data())

    private static func arrayArchive() throws -> [UInt8] {
        TorchFile.archive(try arrays().enumerated().map { ("arr_\($0).npy", NPY.encode($1)) }, .plain)
    }

    /// A sealed archive of several types.
    private static func archive() throws -> [UInt8] {
        try Safetensors.encode(
            [
                .init(name: "0.weight", type: .float32, shape: [2, 3], bytes: [UInt8](repeating: 1, count: 24)),
                .init(name: "0.bias", type: .float64, shape: [1], bytes: [UInt8](repeating: 2, count: 8)),
                .init(name: "mask", type: .bool, shape: [3], bytes: [1, 0, 1]),
                .init(name: "none", type: .int64, shape: [0, 4], bytes: []),
            ], metadata: [("format", "pt"), ("a\"b", "ä\u{1}")])
    }

    private static let pickles: [[UInt8]] = {
        let weight = PickleTerm.tensor(.storage(count: 6), [2, 3], [3, 1])
        let count = PickleTerm.tensor(.storage("LongStorage", "1", count: 1), [], [])
        let state = PickleTerm.ordered([(.text("0.weight"), weight), (.text("0.count"), count)])
        let parameter = PickleTerm.call(
            .global("torch._utils", "_rebuild_parameter"), [weight, .bool(true), .ordered([])])
        return [
            state.pickle,
            PickleTerm.dictionary([
                (.text("epoch"), .integer(3)), (.text("lr"), .real(0.5)), (.text("state_dict"), state),
                (.text("optimizer"), .dictionary([(.integer(0), .list([.none, .tuple([parameter])]))])),
            ]).pickle,
            PickleTerm.ordered([(.text("a"), parameter)]).pickle.dropLast() + [0x7D, 0x62, 0x2E],
        ]
    }()

    private static let torchFiles: [[UInt8]] = {
        let (floats, number) = ([UInt8](repeating: 1, count: 24), [UInt8](repeating: 0, count: 8))
        return pickles.prefix(2).map { TorchFile.zip($0, [floats, number]) }
            + TorchFile.Headers.allCases.map { TorchFile.zip(pickles[0], [floats, number], headers: $0) }
            + [TorchFile.stream(pickles[1], [("0", 6, floats), ("1", 1, number)])]
    }()

    private static func arrays() throws -> [NumericArray] {
        [
            NumericArray(shape: [2, 3], elements: .float32([1, 2, 3, 4, 5, .nan])),
            NumericArray(shape: [], elements: .int64([7])), NumericArray(shape: [2, 0], elements: .uint8([])),
            NumericArray(shape: [2], elements: .bool([true, false])),
        ].compactMap(\.self)
    }

    private static let idx: [[UInt8]] = [
        [0, 0, 8, 1, 0, 0, 0, 2, 3, 4], [0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4],
        [0, 0, 0x0D, 1, 0, 0, 0, 1, 0x3F, 0x80, 0, 0], [0, 0, 0x0B, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 9],
    ]

    private static let rows = [
        #"[{"age": 1.5, "job": "a", "d": "2024-03-04"}, {"age": null, "d": "x", "more": [{}]}, {"job": true, "age": " 7e1 "}]"#,
        "[]",
    ]
    /// Columns of every kind.
    private static let served = Result {
        let text =
            "age,job,d,y\n"
            + (1..<9).map {
                "\($0 == 3 ? "" : "\($0).5"),\($0 % 2 == 0 ? "a" : "b"),2024-03-0\($0),\($0 % 3 == 0 ? "u" : "v")\n"
            }
            .joined()
        let table = try CSV.parse(Array(text.utf8), file: file)
        return try TabularColumns(fitting: table, target: "y", training: Array(0..<table.rowCount))
    }

    private static let tables = [
        "a,b,c\n1,2.5,x\n-3,,y\n4,1e3,\"z,\"\"q\"\"\"\n",
        "epoch,train_loss,valid_loss,time\n0,1.5,nan,00:01\n1,1.25,,00:01\n",
        "age,job,y\r\n1.5,a,u\r\n2.5,b,v\r\n,a,u\r\n7.25,,v\r\n3,c,w\r\n", "\u{FEFF}x\n9223372036854775807\n1e400\n",
    ]

    private static let trainable = [
        "age,job,y\r\n1.5,a,u\r\n2.5,b,v\r\n,a,u\r\n7.25,,v\r\n3,c,u\r\n4,c,v\r\n5,c,u\r\n6,b,v\r\n",
        "age,job,z\n1.5,a,1\n2.5,b,2.5\n,a,3\n7.25,,4\n3,c,5\n4,c,6\n",
        "saleDate;n;y\n31.12.2024 14:30;0,5;a\n1.1.2025;1,25;b\n;2;a\n2.1.25 1:05 pm;3;b\n3.1.2025;4,5;a\n4.1.2025;5;b\n",
        "at,d,y\n1704067200,\"Mar 3, 2024\",0\n1704153600,2024-03-04T05:06:07Z,1\n1704240000,20240305,0\n1704326400,6-Mar-24,1\n",
    ]

    private static func images(_ ending: String) throws -> [[UInt8]] {
        try ["grey", "rgb", "palette", "progressive", "rgba", "deep"].compactMap { name in
            let path = "\(FuzzTarget.folder)/seeds/\(name).\(ending)"
            return Files.exists(path) ? try Files.read(path) : nil
        }
    }

    /// Where cases and seeds lie in a checkout.
    public static let folder: String = {
        let own = #filePath
        let root = own.split(separator: "/").dropLast(4).joined(separator: "/")
        return "/\(root)/Tests/Fuzz"
    }()
}
