// SPDX-License-Identifier: Apache-2.0
// Files that somebody made to have a program run, to take all memory, or to stop the reader: made at random from a seed.

import LockstepChecks

/// A file that is to be refused.
struct HostileFile {
    /// What kind it is, and which.
    let what: String
    let bytes: [UInt8]
    /// One of these stands in the error; none where it may say anything.
    let words: [String]
    /// Harmless as it is read here: an answer is as good as an error.
    var mayPass = false

    /// Every kind in turn.
    static func number(_ number: Int) -> HostileFile {
        var generator = SplitMix(seed: UInt64(number))
        return kinds[number % kinds.count](&generator)
    }

    private static let kinds: [@Sendable (inout SplitMix) -> HostileFile] = [
        call, call, sizes, marks, memo, cut, counts, items, call, soup,
    ]

    private static let weight = PickleTerm.tensor(.storage(count: 2), [2], [1])
    private static let record: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0]

    /// What is said of the stream's storage where no tensor lies in it.
    private static let unused = "names one that nothing speaks of"

    /// In one of the two formats.
    private static func file(_ pickle: [UInt8], _ generator: inout SplitMix) -> [UInt8] {
        Bool.random(using: &generator) ? TorchFile.zip(pickle, [record]) : stream(pickle)
    }

    /// The storages of the stream have six parts.
    private static func stream(_ pickle: [UInt8]) -> [UInt8] { TorchFile.stream(pickle, [("0", 2, record)]) }

    // MARK: Programs

    static let marker = "/tmp/lockstep-hostile-pickle-ran"

    private static let names: [(String, String)] = [
        ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("builtins", "exec"),
        ("__builtin__", "eval"), ("builtins", "getattr"), ("builtins", "__import__"), ("builtins", "compile"),
        ("subprocess", "Popen"), ("subprocess", "check_output"), ("runpy", "_run_code"), ("importlib", "import_module"),
        ("operator", "attrgetter"), ("operator", "methodcaller"), ("torch.hub", "load"), ("torch", "load"),
        ("torch.jit", "load"), ("torch.serialization", "_legacy_load"), ("numpy.testing._private.utils", "runstring"),
        ("pickle", "loads"), ("_pickle", "loads"), ("marshal", "loads"), ("types", "CodeType"),
        ("types", "FunctionType"),
        ("functools", "partial"), ("shutil", "rmtree"), ("socket", "create_connection"), ("webbrowser", "open"),
        ("pty", "spawn"), ("code", "interact"), ("bdb", "Bdb.run"), ("timeit", "timeit"), ("cProfile", "run"),
        ("pip", "main"), ("ctypes", "CDLL"), ("multiprocessing", "Process"), ("collections", "namedtuple"),
        ("collections", "OrderedDict.__class__"), ("torch._utils", "sys.modules"),
        ("torch._utils", "_rebuild_tensor_v2.x"),
        ("torch._utils", "_import_dotted_name"), ("torch", "FloatStorage.from_file"),
        ("torch.storage", "_load_from_bytes"),
        ("torch", "ops"), ("_codecs", "encode"), ("codecs", "decode"), ("copyreg", "_reconstructor"), ("sys", "exit"),
        ("torch", "Storage"), ("", ""), ("torch._utils\u{0}", "_rebuild_tensor_v2"), ("Torch", "FloatStorage"),
        ("argparse", "Namespace"), ("torch.nn.modules.linear", "Linear"), ("torch.cuda", "os.systemStorage"),
    ]

    private static func call(_ generator: inout SplitMix) -> HostileFile {
        let (module, name) = names.randomElement(using: &generator) ?? ("os", "system")
        let command = PickleTerm.text("touch \(marker)")
        let place = Int.random(in: 0..<8, using: &generator), way = Int.random(in: 0..<7, using: &generator)
        let global = PickleTerm.global(module, name)
        let called = "“\(module.replacing("\u{0}", with: #"\u{00000000}"#)).\(name)”"
        let (evil, words): ([UInt8], [String]) =
            switch way {
            case 0: (PickleTerm.call(global, [command]).bytes, [called])
            case 1:
                (
                    PickleTerm.text(module).bytes + PickleTerm.text(name).bytes + [0x93]
                        + PickleTerm.tuple([command]).bytes
                        + [0x52], [called]
                )
            case 2: ([0x28] + command.bytes + [0x69] + Array("\(module)\n\(name)\n".utf8), ["INST"])
            case 3: (global.bytes + PickleTerm.tuple([command]).bytes + [0x81], [called])
            case 4:
                (
                    PickleTerm.global("torch._utils", "_rebuild_tensor_v2").bytes + PickleTerm.tuple([command]).bytes
                        + [0x81],
                    ["NEWOBJ"]
                )
            case 5: ([0x82, UInt8.random(in: 0...255, using: &generator)], ["EXT1"])
            default: (global.bytes, [called])
            }
        let value = PickleTerm.raw(evil)
        let pickle: [UInt8] =
            switch place {
            case 0: value.pickle
            case 1: PickleTerm.ordered([(.text("a"), weight), (.text("b"), value)]).pickle
            case 2: PickleTerm.ordered([(value, weight)]).pickle
            case 3: PickleTerm.dictionary([(.text("a"), .list([.tuple([value])]))]).pickle
            // Where a storage's type, its key or the hooks of a tensor stand.
            case 4:
                PickleTerm.persistent(
                    .tuple([.text("storage"), value, .text("0"), .text("cpu"), .integer(2)])
                ).pickle
            case 5: PickleTerm.persistent(value).pickle
            case 6:
                PickleTerm.call(
                    .global("torch._utils", "_rebuild_parameter"), [weight, .bool(true), value]
                ).pickle
            // As the state of a dictionary.
            default: Array(PickleTerm.ordered([(.text("a"), weight)]).pickle.dropLast()) + evil + [0x62, 0x2E]
            }
        return HostileFile(
            what: "call \(module).\(name), way \(way), place \(place)", bytes: file(pickle, &generator), words: words)
    }

    // MARK: Sizes

    private static func sizes(_ generator: inout SplitMix) -> HostileFile {
        let huge = [10 << 30, 1 << 40, 1 << 62, Int.max].randomElement(using: &generator) ?? 0
        let negative = -Int.random(in: 1...1 << 40, using: &generator)
        let small = PickleTerm.storage(count: 2)
        let (tensor, words): (PickleTerm, [String]) =
            [
                (
                    .tensor(.storage(count: huge), [huge], [1]),
                    ["its record has 8 bytes", "the pickle says", "goes beyond"]
                ),
                (
                    .tensor(.storage("DoubleStorage", count: huge), [1], [1]),
                    ["its record has 8 bytes", "the pickle says"]
                ),
                (.tensor(small, [huge], [1]), ["of a storage that has 2"]),
                (.tensor(small, [huge], [0]), ["of a storage that has 2"]),
                (.tensor(small, [huge, huge, 0], [1, 1, 1]), ["more elements than a computer can count", "2"]),
                (.tensor(small, [2], [huge]), ["leaves its storage"]),
                (.tensor(small, [2, 1], [1, huge]), ["its record", "leaves its storage", "none"]),
                (.tensor(small, offset: huge, [1], [1]), ["from element \(huge)"]),
                (.tensor(small, offset: negative, [1], [1]), ["from element \(negative)"]),
                (.tensor(small, offset: 2, [1], [1]), ["behind the last", "leaves its storage"]),
                (.tensor(small, [negative], [1]), ["whose description is none"]),
                (.tensor(small, [1], [negative]), ["whose description is none"]),
                (.tensor(small, [1, 1], [1]), ["whose description is none"]),
                (.tensor(small, [Int](repeating: 1, count: 9), [Int](repeating: 1, count: 9)), ["at most 8 are read"]),
                (.tensor(.storage(count: negative), [1], [1]), ["whose description is none"]),
                (
                    .tensor(.storage("FloatStorage", "1", count: 2), [1], [1]),
                    ["has no record", "names one", "lacks some"]
                ),
                (
                    .tensor(.storage("ByteStorage", count: 2), [1], [1]),
                    ["its record has 8 bytes", "goes beyond", "follow the last"]
                ),
            ].randomElement(using: &generator) ?? (.none, [])
        let one = PickleTerm.ordered([(.text("a"), tensor)]).pickle
        let isHarmless = words.contains("none")
        return HostileFile(
            what: "size, \(words[0])", bytes: file(one, &generator), words: words + [unused], mayPass: isHarmless)
    }

    // MARK: Marks and memo

    private static func marks(_ generator: inout SplitMix) -> HostileFile {
        let most = Int.random(in: 0..<8, using: &generator) == 0 ? 100_000 : 2000
        let depth = Int.random(in: 1...most, using: &generator)
        func many(_ bytes: [UInt8]) -> [UInt8] { Array(repeatElement(bytes, count: depth).joined()) }
        let key = PickleTerm.text("a").bytes
        let (body, words): ([UInt8], [String]) =
            [
                (many([0x28]), ["ends with 0 values"]), (many([0x28]) + [0x74], ["ends with", "two", "holds"]),
                ([0x29] + many([0x85]), ["no named tensors", "dictionaries more than 32 deep"]),
                (many([0x5D]) + many([0x61]).dropLast(), ["no named tensors", "dictionaries more than 32 deep"]),
                (
                    many([0x7D] + key) + weight.bytes + many([0x73]),
                    ["dictionaries more than 32 deep", "many times over", "ends with"]
                ),
                ([0x74], ["lacks its mark"]), ([0x75], ["lacks its mark"]), ([0x65], ["lacks its mark"]),
                ([0x4E, 0x28, 0x85], ["lacks its values"]), ([0x7D, 0x28, 0x73], ["lacks its values"]),
                ([0x28, 0x71, 0], ["lacks its values"]), ([0x7D, 0x28] + key + [0x75], ["without a value"]),
                (many([0x4E]), ["values instead of one", "no named tensors"]), ([0x30], ["POP"]),
                ([0x31], ["POP_MARK"]),
            ].randomElement(using: &generator) ?? ([], [])
        return HostileFile(
            what: "marks, \(words[0]), \(depth)", bytes: file([0x80, 2] + body + [0x2E], &generator),
            words: words + [unused],
            mayPass: words[0].hasPrefix("dictionaries") && depth <= 64)
    }

    private static func memo(_ generator: inout SplitMix) -> HostileFile {
        let depth = Int.random(in: 40...200, using: &generator)
        // Each one holds the one before twice: 2^depth if somebody walked through them.
        func doubled(_ make: [UInt8]) -> [UInt8] {
            var bytes: [UInt8] = []
            for level in 0..<UInt8(depth) { bytes += [0x68, level, 0x68, level] + make + [0x71, level + 1] }
            return bytes
        }
        let key = PickleTerm.text("a").bytes, other = PickleTerm.text("b").bytes
        var nested: [UInt8] = []
        for level in 0..<UInt8(depth) {
            nested += [0x7D, 0x28] + key + [0x68, level]
            nested += other + [0x68, level, 0x75, 0x71, level + 1]
        }
        let pairs = PickleTerm.list([.tuple([.text("x"), .none])])
        let maker = PickleTerm.global("collections", "OrderedDict").bytes + [0x71, 1]
        let twice = maker + pairs.bytes + [0x71, 0, 0x68, 1, 0x68, 0, 0x85, 0x52, 0x68, 1, 0x68, 0, 0x85, 0x52]
        let turned: [UInt8] = weight.bytes + [0x71, 0, 0x4E, 0x71, 0, 0x68, 0, 0x62]
        let itself: [UInt8] = [0x7D, 0x71, 0] + key + [0x68, 0, 0x73]
        let none: [UInt8] = [0x29, 0x71, 0]
        typealias Case = (body: [UInt8], words: [String], mayPass: Bool)
        let cases: [Case] = [
            (none + doubled([0x86]), ["values instead of one"], false),
            ([0x28] + none + doubled([0x86]) + [0x74], ["no named tensors", "more than 32 deep"], false),
            (
                [0x28] + weight.bytes + [0x71, 0] + nested + [0x74], ["deep", "take more", "called", "many times"], true
            ),
            (itself, ["no named tensors"], false),
            ([0x5D, 0x71, 0, 0x68, 0, 0x61], ["no named tensors"], false),
            ([0x68, 7], ["is read and was never written"], false),
            ([0x6A, 0xFF, 0xFF, 0xFF, 0xFF], ["is read and was never written"], false),
            ([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF], ["far beyond what was written"], false),
            ([0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0x7F], ["far beyond what was written"], false),
            ([0x28] + twice + [0x74], ["that it does not have"], false),
            // The memo's tensor becomes something else under way.
            (turned, ["setting the state of", "lacks its values"], false),
        ]
        let (body, words, mayPass) = cases[Int.random(in: 0..<cases.count, using: &generator)]
        return HostileFile(
            what: "memo, \(words[0]), \(depth)", bytes: file([0x80, 2] + body + [0x2E], &generator),
            words: words + [unused],
            mayPass: mayPass)
    }

    // MARK: Ends, counts, items

    private static func cut(_ generator: inout SplitMix) -> HostileFile {
        let pickle = PickleTerm.ordered([(.text("a"), weight), (.text("b"), weight)]).pickle
        let length = Int.random(in: 0..<pickle.count, using: &generator)
        return HostileFile(
            what: "cut at \(length)", bytes: TorchFile.zip(Array(pickle.prefix(length)), [record]),
            words: ["pickle", "does not end"])
    }

    private static func counts(_ generator: inout SplitMix) -> HostileFile {
        let all: [UInt8] = [UInt8](repeating: 0xFF, count: 8)
        let tail = [UInt8](repeating: 0x4E, count: Int.random(in: 0..<64, using: &generator))
        let pickle = PickleTerm.ordered([(.text("a"), weight)]).pickle
        let count = Int.random(in: 3...Int.max, using: &generator)
        let (bytes, words): ([UInt8], [String]) =
            [
                (TorchFile.zip([0x80, 2, 0x58] + all.prefix(4) + tail, [record]), ["ends inside an instruction"]),
                (TorchFile.zip([0x80, 4, 0x95] + all + tail, [record]), ["a length of", "a frame is longer"]),
                (TorchFile.zip([0x80, 4, 0x8D] + all + tail, [record]), ["BINUNICODE8"]),
                (TorchFile.zip([0x80, 2, 0x8B] + all.prefix(4) + tail, [record]), ["LONG4"]),
                (TorchFile.zip([0x80, 2, 0x8A, 0xFF] + tail, [record]), ["ends inside an instruction"]),
                (TorchFile.zip([0x80, 5, 0x96] + all + tail, [record]), ["BYTEARRAY8"]),
                (TorchFile.zip([0x80, 9] + tail, [record]), ["protocol 9"]),
                (TorchFile.zip([0x63] + tail + tail, [record]), ["protocol 2 or later"]),
                (
                    TorchFile.zip([0x80, 2, 0x63] + [UInt8](repeating: 0x61, count: 100_000), [record]),
                    ["a name that does not end"]
                ),
                (TorchFile.stream(pickle, [("0", count, record)]), ["the pickle says 2"]),
                (TorchFile.stream(pickle, [("0", 2, record), ("0", 2, record)]), ["or twice"]),
                (TorchFile.stream(pickle, [("1", 2, record)]), ["nothing speaks of"]),
                (TorchFile.stream(pickle, []), ["lacks some"]),
                (TorchFile.stream(pickle, [("0", 2, record + [0])]), ["follow"]),
                (TorchFile.zip(pickle + tail + [0x2E], [record]), ["follow the pickle"]),
            ].randomElement(using: &generator) ?? ([], [])
        return HostileFile(what: "counts, \(words[0])", bytes: bytes, words: words)
    }

    private static func items(_ generator: inout SplitMix) -> HostileFile {
        let name = PickleTerm.global("torch._utils", "_rebuild_tensor_v2")
        let targets: [PickleTerm] = [
            weight, name, .none, .tuple([]), .list([]), .text("x"), .storage(count: 2), .integer(1),
        ]
        let target = targets.randomElement(using: &generator) ?? .none
        let (key, value) = (PickleTerm.text("__class__").bytes, PickleTerm.text("x").bytes)
        let isList = Bool.random(using: &generator)
        let (body, words): ([UInt8], [String]) =
            [
                (target.bytes + key + value + [0x73], ["setting an item of"]),
                (target.bytes + [0x28] + key + value + [0x75], ["setting an item of"]),
                (target.bytes + PickleTerm.dictionary([(.text("a"), .none)]).bytes + [0x62], ["setting the state of"]),
                (target.bytes + PickleTerm.tuple([.none, .none]).bytes + [0x62], ["setting the state of"]),
                (
                    PickleTerm.dictionary([]).bytes + value + [isList ? 0x61 : 0x62],
                    ["adding to", "setting the state of"]
                ),
                (PickleTerm.dictionary([(target, .none)]).bytes, ["as the key of a dictionary", "no named tensors"]),
                (PickleTerm.call(target, [.text("x")]).bytes, ["calling", "with arguments that it does not have"]),
                (name.bytes + PickleTerm.list([]).bytes + [0x52], ["calling"]),
                (
                    PickleTerm.call(.global("collections", "OrderedDict"), [target]).bytes,
                    ["OrderedDict with arguments", "no named"]
                ),
                (
                    PickleTerm.call(.global("torch", "FloatStorage"), [.text("/etc/passwd")]).bytes,
                    ["calling torch.FloatStorage"]
                ),
                (PickleTerm.tuple([]).bytes + value + [0x61], ["adding to"]),
            ].randomElement(using: &generator) ?? ([], [])
        return HostileFile(
            what: "items, \(words[0])", bytes: file([0x80, 2] + body + [0x2E], &generator), words: words + [unused])
    }

    /// Known instructions in any order.
    private static func soup(_ generator: inout SplitMix) -> HostileFile {
        let pieces: [[UInt8]] = [
            [0x28], [0x4E], [0x88], [0x4B, 3], [0x29], [0x74], [0x85], [0x86], [0x87], [0x5D], [0x61], [0x65], [0x7D],
            [0x73],
            [0x75], [0x52], [0x62], [0x51], [0x71, 0], [0x68, 0], [0x94], [0x8A, 1, 0xFF], PickleTerm.text("a").bytes,
            PickleTerm.global("torch", "Size").bytes, PickleTerm.global("collections", "OrderedDict").bytes,
            weight.bytes,
            PickleTerm.storage(count: 2).bytes,
        ]
        let body = (0..<Int.random(in: 1..<60, using: &generator)).flatMap { _ in
            pieces.randomElement(using: &generator) ?? []
        }
        return HostileFile(what: "soup", bytes: file([0x80, 2] + body + [0x2E], &generator), words: [], mayPass: true)
    }
}
