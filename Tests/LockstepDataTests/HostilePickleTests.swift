// SPDX-License-Identifier: Apache-2.0
// Files made by an enemy: nothing in them is run, none ends the process or takes its memory, and each is refused by name.

import Foundation
import LockstepChecks
import Testing

@testable import LockstepData

@Suite("Hostile pickles")
struct HostilePickleTests {
    @Test("1,200 of them are refused in sentences that name what they want; nothing is run and no memory is taken")
    func generated() async {
        // In a process of its own, so that a trap is a failure and memory can be measured.
        let ended = await #expect(processExitsWith: .success, observing: [\.standardErrorContent]) {
            func say(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }
            func kibibytes() -> Int {
                var usage = rusage()
                getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
                return usage.ru_maxrss
            }
            unlink(HostileFile.marker)
            let before = kibibytes()
            var refused = 0
            for number in 0..<1200 {
                let file = HostileFile.number(number)
                do {
                    let archive = try TorchArchive.parse(file.bytes, file: "enemy.pth")
                    for entry in archive.entries { _ = try archive.tensor(entry) }
                    if !file.mayPass { say("PROBLEM \(number): \(file.what) was read: \(archive.entries.map(\.name))") }
                } catch let error as DataError {
                    refused += 1
                    let text = error.description
                    if !text.hasPrefix("enemy.pth: ")
                        || !(file.words.isEmpty || file.words.contains(where: text.contains))
                    {
                        say("PROBLEM \(number): \(file.what): \(text)")
                    }
                } catch {
                    say("PROBLEM \(number): \(file.what): \(error)")
                }
            }
            if refused < 1000 { say("PROBLEM: only \(refused) were refused") }
            if access(HostileFile.marker, F_OK) == 0 { say("PROBLEM: something was run") }
            let taken = (kibibytes() - before) >> 10
            if taken > 256 { say("PROBLEM: \(taken) MiB were taken") }
            say("refused \(refused), \(taken) MiB")
            exit(0)
        }
        let text = ended.map { String(decoding: $0.standardErrorContent, as: UTF8.self) } ?? ""
        #expect(text.contains("refused") && !text.contains("PROBLEM"), "\(text.prefix(6000))")
    }

    @Test("dictionaries that hold one another many times are looked at in the time of their pickle")
    func wide() throws {
        // A dictionary of dictionaries, each with all those before it: looked for tensors from each of them, n of them have
        // n³ / 6 items in 5 n² bytes, of which 8 times as many may be looked at: 400 go beyond that by two thirds.
        func file(_ count: Int) -> [UInt8] {
            var body: [UInt8] = [0x80, 2, 0x7D, 0x28]
            for number in 0..<count {
                body += [0x4A] + bytes(number) + [0x7D, 0x28]
                for inner in 0..<number { body += [0x4A] + bytes(inner) + [0x6A] + bytes(inner) }
                body += [0x75, 0x72] + bytes(number)
            }
            return body + [0x75, 0x2E]
        }
        func bytes(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        let error = dataError { try TorchArchive.parse(TorchFile.zip(file(400)), file: "a") }
        #expect(error?.code == .tooLarge, "\(String(describing: error))")
    }
}
