// SPDX-License-Identifier: Apache-2.0
// `lockstep-fuzz TARGET [libFuzzer's arguments]`: changes inputs of a reader until something other than an error comes of it.

import Foundation
import LockstepChecks

/// The target that this process runs.
nonisolated(unsafe) var chosen = FuzzTarget.all[0]

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// Gives the chosen target a copy of the input, so that a read beyond its end is seen.
func examine(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = bytes.map { Array(UnsafeBufferPointer(start: $0, count: count)) } ?? []
    if let problem = chosen.run(input) { fatalError(problem) }
    return 0
}

/// Writes the target's small valid inputs into a folder, and the words in them as libFuzzer's dictionary.
func writeSeeds(into folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    var words: Set<String> = []
    for (number, seed) in try chosen.seeds().enumerated() {
        try Data(seed).write(to: URL(filePath: "\(folder)/seed-\(number)"))
        let text = String(decoding: seed, as: UTF8.self)
        words.formUnion(text.matches(of: /[A-Za-z0-9_.\/]{3,40}/).map { String($0.output) })
    }
    let entries = words.sorted().prefix(400).map { "\"\($0)\"\n" }.joined()
    // libFuzzer refuses an empty one.
    try Data((entries.isEmpty ? "\"lockstep\"\n" : entries).utf8).write(to: URL(filePath: folder + ".dict"))
}

var words = CommandLine.arguments
guard words.count > 1, words[1] != "--list" else {
    for target in FuzzTarget.all { print(target.name, target.factor) }
    exit(words.count > 1 ? 0 : 64)
}
guard let target = FuzzTarget.all.first(where: { $0.name == words[1] }) else {
    print("lockstep-fuzz: there is no target \(words[1]); see lockstep-fuzz --list")
    exit(64)
}
chosen = target
if words.count == 4, words[2] == "--seeds" {
    try writeSeeds(into: words[3])
    exit(0)
}
words.remove(at: 1)
// A caller's mistake that a file leads to shall be seen as a crash, and not as an end.
setenv("LOCKSTEP_BACKTRACE", "1", 1)
var count = CInt(words.count)
var pointers = words.map { strdup($0) } + [nil]
exit(
    pointers.withUnsafeMutableBufferPointer { buffer in
        guard var base = buffer.baseAddress else { return 1 }
        return withUnsafeMutablePointer(to: &base) { runDriver(&count, $0, examine) }
    })
