// SPDX-License-Identifier: Apache-2.0
// Training runs composed at random: `lockstep-configurations --seed 1 --count 200`, or one: `--only '{"items":"7"}'`.

import Foundation
import LockstepConfigurations

let usage = """
    usage: lockstep-configurations [--seed N] [--count N] [--workers N] [--no-shrinking]
           lockstep-configurations --corners FILE [--workers N]  those of a file
           lockstep-configurations --only CONFIGURATION      one, as a failure prints it; --shrink makes it small
           lockstep-configurations --list                    every option and its values
    """

func stop(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(64)
}

let arguments = Array(CommandLine.arguments.dropFirst())

func value(_ name: String) -> String? {
    guard let place = arguments.firstIndex(of: name) else { return nil }
    guard place + 1 < arguments.count else { stop("\(name) needs a value\n\(usage)") }
    return arguments[place + 1]
}

func number(_ name: String, _ fallback: Int) -> Int {
    guard let text = value(name) else { return fallback }
    guard let number = Int(text), number >= 0 else { stop("\(name) \(text): a number is needed\n\(usage)") }
    return number
}

func configuration(_ line: String) -> Configuration {
    do { return try Configuration(line: line) } catch { stop("\(error)") }
}

let child = ChildProcess(program: Bundle.main.executablePath ?? CommandLine.arguments[0])
if arguments.contains("--help") {
    say(usage)
} else if arguments.contains("--list") {
    for option in Option.all { say("\(option.name): \(option.values.joined(separator: ", "))") }
} else if let line = value("--child") {
    if let ranks = value("--ranks").flatMap(Int.init) {
        ChildProgram.train(configuration(line), ranks: ranks)
    } else {
        ChildProgram.examine(configuration(line))
    }
} else if let line = value("--digest") {
    ChildProgram.digest(configuration(line))
} else if let line = value("--only") {
    let configuration = configuration(line)
    switch child.verdict(of: configuration) {
    case .passed(let excused): say("passed" + (excused.isEmpty ? "" : ", rounding amplified: \(excused)"))
    case .refused(let sentence): say("refused alike: \(sentence)")
    case .failed(let failure):
        if let known = KnownDifference.of(failure, in: configuration) {
            say("excused: \(failure.kind): \(failure.detail)\n     \(known.reason)")
            exit(0)
        }
        say("FAIL \(failure.kind)\n     \(failure.detail)")
        if arguments.contains("--shrink") {
            let smallest = Shrinker { candidate in
                if case .failed(let other) = child.verdict(of: candidate) { return other.kind == failure.kind }
                return false
            }.smallest(of: configuration)
            say("     --only '\(smallest)'")
        }
        exit(1)
    }
} else if let path = value("--corners") {
    let corners: [Configuration]
    do { corners = try Corners.read(path) } catch { stop("\(error)") }
    exit(Campaign(corners: corners, child: child).run(workers: number("--workers", 2)) ? 0 : 1)
} else {
    let campaign = Campaign(
        seed: UInt64(number("--seed", 1)), count: number("--count", 200), child: child,
        shrinks: !arguments.contains("--no-shrinking"))
    exit(campaign.run(workers: number("--workers", 2)) ? 0 : 1)
}
