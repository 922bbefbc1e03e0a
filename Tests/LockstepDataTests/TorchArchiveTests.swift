// SPDX-License-Identifier: Apache-2.0
// Tests of PyTorch's files: those that torch.save has written, what they may hold besides, damage, limits.

import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

@testable import LockstepData

@Suite("PyTorch files")
struct TorchArchiveTests {
    private static func reference() throws -> Reference { try Reference.load("torchfiles") }
    private static func bytes(_ name: String) throws -> [UInt8] {
        try reference().tensor(name + "/file").ints.map { UInt8($0) }
    }
    private static let whole =
        ["zip", "stream"].flatMap { kind in
            ["state", "training", "types", "strided", "parameters", "protocol4"].map { "\(kind).\($0)" }
        } + ["zip.unchecked", "zip.half"]

    /// The archive's tensors are those that PyTorch says.
    private func check(_ archive: TorchArchive, _ name: String) throws {
        let wanted = try Self.reference().tensors(under: name).filter { $0.name != "file" }
        #expect(archive.entries.map(\.name).sorted() == wanted.map(\.name))
        for (key, value) in wanted {
            let found = try archive.tensor(try #require(archive.entry(key)))
            #expect(found.shape == value.shape, "\(name) \(key)")
            #expect(found.dtype == value.dtype, "\(name) \(key)")
            let pairs = zip(found.to(.float64).contiguous().doubles, value.to(.float64).doubles)
            #expect(
                pairs.allSatisfy { $0.bitPattern == $1.bitPattern || $0.isNaN && $1.isNaN }, "\(name) \(key): \(found)")
        }
    }

    @Test(
        "what torch.save has written comes back to the bit: both formats, every type, views, parameters",
        arguments: whole)
    func written(_ name: String) throws {
        let archive = try TorchArchive.parse(Self.bytes(name), file: name)
        #expect(archive.format.rawValue == name.prefix { $0 != "." })
        try check(archive, name)
        #expect(try archive.verify() == (archive.format == .zip && name != "zip.unchecked"))
    }

    @Test("a file that is mapped gives the same", arguments: whole)
    func mapped(_ name: String) throws {
        try withTemporaryFolder { folder in
            try Files.append(Self.bytes(name), to: folder + "/a.pth", truncating: true)
            try check(try TorchArchive.read(folder + "/a.pth"), name)
        }
    }

    @Test("weights are looked at where they lie: no copy of a mapped file's tensor")
    func inPlace() throws {
        try withTemporaryFolder { folder in
            try Files.append(Self.bytes("zip.state"), to: folder + "/a.pth", truncating: true)
            let archive = try TorchArchive.read(folder + "/a.pth")
            let entry = try #require(archive.entry("conv.weight"))
            let (first, second) = (try archive.tensor(entry), try archive.tensor(entry))
            #expect(first.unsafePointer == second.unsafePointer)
        }
    }

    @Test(
        "the dictionary of weights is found inside of what training programs write; numbers and texts beside it are told"
    )
    func wrapped() throws {
        let archive = try TorchArchive.parse(Self.bytes("zip.training"), file: "a")
        #expect(archive.key == "state_dict")
        #expect(archive.values.map(\.key) == ["epoch", "arch", "best", "done"])
        #expect(archive.values.map(\.value) == ["90", "net", "0.5", "true"])
        let optimizer = try TorchArchive.parse(Self.bytes("zip.training"), file: "a", key: "optimizer")
        #expect(optimizer.entries.map(\.name) == ["state.0.momentum"])
        #expect(try TorchArchive.parse(Self.bytes("zip.training"), file: "a", key: "").entries.count == 10)
        let error = try #require(
            dataError { try TorchArchive.parse(Self.bytes("zip.training"), file: "a", key: "ema") })
        #expect(
            error.description.contains("no dictionary is called “ema”") && error.description.contains("“state_dict”"))
    }

    @Test(
        "a key that leads to something other than a dictionary, or further than there are any, is an error",
        arguments: ["epoch", "epoch.more", "state_dict.conv.weight", "state_dict.w", "state_dict.w.more", "list"])
    func wrongKey(_ key: String) throws {
        let tensor = PickleTerm.tensor(.storage(count: 1), [1], [1])
        let pickle = PickleTerm.dictionary([
            (.text("epoch"), .integer(3)), (.text("list"), .list([tensor])),
            (.text("state_dict"), .dictionary([(.text("w"), tensor), (.text("conv.weight"), tensor)])),
        ]).pickle
        let file = TorchFile.zip(pickle, [[0, 0, 0, 0]])
        #expect(try TorchArchive.parse(file, file: "a", key: "state_dict").entries.map(\.name) == ["w", "conv.weight"])
        let error = try #require(dataError { try TorchArchive.parse(file, file: "a", key: key) })
        #expect(
            error.code == .mismatch && error.reason.contains("no dictionary is called “\(key)”"), "\(error)")
    }

    @Test("of several dictionaries the usual one is taken, and none is guessed")
    func several() throws {
        let tensor = PickleTerm.tensor(.storage(count: 1), [1], [1])
        func file(_ names: [String]) -> [UInt8] {
            let inner = PickleTerm.dictionary([(.text("w"), tensor)])
            return TorchFile.zip(PickleTerm.dictionary(names.map { (.text($0), inner) }).pickle, [[0, 0, 0, 0]])
        }
        #expect(try TorchArchive.parse(file(["ema", "model"]), file: "a").key == "model")
        #expect(try TorchArchive.parse(file(["only"]), file: "a").key == "only")
        let error = try #require(dataError { try TorchArchive.parse(file(["left", "right"]), file: "a") })
        #expect(error.description.contains("Say which with key: “left”, “right”"))
        #expect(try TorchArchive.parse(file(["left", "right"]), file: "a", key: "right").entries.map(\.name) == ["w"])
        #expect(dataError { try TorchArchive.parse(file(["model", "model"]), file: "a") }?.code == .malformed)
    }

    @Test("what Python 2 wrote is read: short byte strings, dictionaries of pairs, a memo that begins with 1")
    func pythonTwo() throws {
        func short(_ text: String) -> PickleTerm { .raw([0x55, UInt8(text.utf8.count)] + Array(text.utf8)) }
        let storage = PickleTerm.persistent(
            .tuple([
                short("storage"), .global("torch.cuda", "FloatStorage"), short("77"), short("cuda:0"), .integer(2),
                .none,
            ]))
        let old = PickleTerm.call(
            .global("torch._utils", "_rebuild_tensor"),
            [storage, .integer(0), .tuple([.integer(2)]), .tuple([.integer(1)])])
        let pairs = PickleTerm.list([.list([.raw(short("a.weight").bytes + [0x71, 1]), old])])
        let pickle = PickleTerm.call(.global("collections", "OrderedDict"), [pairs]).pickle
        let file = TorchFile.stream(pickle, [("77", 2, [0, 0, 128, 63, 0, 0, 0, 64])])
        let archive = try TorchArchive.parse(file, file: "a")
        #expect(archive.entries.map(\.name) == ["a.weight"])
        #expect(try archive.tensor(archive.entries[0]).floats == [1, 2])
    }

    @Test("headers before records, behind them, and of more than 4 GiB", arguments: TorchFile.Headers.allCases)
    func headers(_ headers: TorchFile.Headers) throws {
        let pickle = PickleTerm.dictionary([(.text("a"), .tensor(.storage(count: 1), [1], [1]))]).pickle
        let file = TorchFile.zip(pickle, [[0, 0, 128, 63]], headers: headers)
        let archive = try TorchArchive.parse(file, file: "a")
        #expect(try archive.tensor(archive.entries[0]).floats == [1])
        withstandsDamage(file, flips: 600) { bytes, name in
            let archive = try TorchArchive.parse(bytes, file: name)
            for entry in archive.entries { _ = try archive.tensor(entry) }
        }
    }

    @Test(
        "what PyTorch writes of objects is refused by its name",
        arguments: [
            ("zip.module", "“torch.nn.modules.linear.Linear” is nothing that a state dictionary needs"),
            ("stream.module", "“torch.nn.modules.linear.Linear”"),
            ("script", "this is a TorchScript program"), ("set", "“__builtin__.set”"), ("numpy", "multiarray"),
            ("complex", "“torch.ComplexFloatStorage”"), ("float8", "_rebuild_tensor_v3"),
            ("sparse", "_rebuild_sparse_tensor"),
            ("quantized", "_rebuild_qtensor"),
            ("expanded", "a tensor of [1000] from element 0 of a storage that has 1"),
            ("dtype", "“torch.float16”"), ("device", "“torch.device”"), ("negated", "refused"),
        ])
    func objects(_ name: String, _ words: String) throws {
        let error = try #require(dataError { try TorchArchive.parse(Self.bytes("refused." + name), file: "net.pth") })
        #expect(error.description.hasPrefix("net.pth: "), "\(error)")
        #expect(error.description.contains(words), "\(error)")
        if name != "expanded" {
            #expect(error.code == .unsupported && error.remedy?.contains("state_dict()") == true, "\(error)")
        }
    }

    @Test(
        "files that are cut short or changed end in an error or an answer",
        arguments: ["zip.training", "stream.strided"])
    func damage(_ name: String) throws {
        withstandsDamage(try Self.bytes(name), flips: 1500) { bytes, file in
            let archive = try TorchArchive.parse(bytes, file: file)
            for entry in archive.entries { _ = try archive.tensor(entry) }
        }
    }

    @Test("a changed byte of the tensors is noticed where PyTorch wrote checksums")
    func checksum() throws {
        var bytes = try Self.bytes("zip.state")
        let place = try TorchArchive.parse(bytes, file: "a").entries[0].range.lowerBound
        bytes[place] ^= 1
        let archive = try TorchArchive.parse(bytes, file: "a")
        #expect(dataError { try archive.verify() }?.code == .checksum)
        var pickle = try Self.bytes("zip.state")
        pickle[try #require(pickle.firstRange(of: Array("conv.weight".utf8))).lowerBound] ^= 1
        #expect(dataError { try TorchArchive.parse(pickle, file: "a") }?.code == .checksum)
    }
}
