// SPDX-License-Identifier: Apache-2.0
// Compiles programs against the library as it was built for these tests, and runs them.

import Foundation
import Testing

/// The compiler, and what was built together with this test program.
enum Toolchain {
    /// How a program ended.
    struct Outcome {
        var status: Int32
        /// What it wrote, in the order of its writing.
        var output: String
    }

    /// Where the built programs lie.
    static func products() throws -> URL {
        let program = try #require(Command.program, "the command is not built: it should lie beside the test program")
        return URL(filePath: program).deletingLastPathComponent()
    }

    /// What the compiler says is wrong with the text of a file, by line; nothing is built.
    static func errors(of text: String, in folder: URL) throws -> [(line: Int, message: String)] {
        let file = folder.appending(path: "Mistakes.swift")
        try Data(text.utf8).write(to: file)
        let arguments = try compiler(products()) + ["-typecheck", "-diagnostic-style", "llvm", file.path]
        return try run("/usr/bin/env", arguments, in: folder).output.split(separator: "\n").compactMap { line in
            guard let match = line.wholeMatch(of: /.*Mistakes\.swift:(\d+):\d+: error: (.*)/) else { return nil }
            return (Int(match.1) ?? 0, String(match.2))
        }
    }

    /// The compiler as a reader has it, in Swift 6, with the library's modules.
    private static func compiler(_ products: URL) throws -> [String] {
        try ["swiftc", "-swift-version", "6", "-suppress-warnings", "-I", products.appending(path: "Modules").path]
            + moduleMaps(products).flatMap { ["-Xcc", "-fmodule-map-file=" + $0] }
    }

    /// Compiles `sources` (the first is the program's top level) into `folder/program`, as a reader would: Swift 6.
    static func compile(_ sources: [(name: String, text: String)], in folder: URL) throws -> URL {
        let products = try products()
        var arguments = try compiler(products)
        for (name, text) in sources {
            let file = folder.appending(path: name)
            try Data(text.utf8).write(to: file)
            arguments.append(file.path)
        }
        let program = folder.appending(path: "program")
        arguments += ["-o", program.path, "@" + (try objects(products, in: folder))]
        for library in try libraries() { arguments += ["-Xlinker", library] }
        let outcome = try run("/usr/bin/env", arguments, in: folder)
        guard outcome.status == 0 else {
            throw DocumentError("swiftc ended with \(outcome.status):\n\(outcome.output)")
        }
        return program
    }

    /// Runs a program to its end, `seconds` at most.
    static func run(
        _ program: String, _ arguments: [String] = [], in folder: URL, environment: [String: String] = [:],
        within seconds: Double = 120
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        process.currentDirectoryURL = folder
        // A trap ends with its sentence, which names the line.
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            .merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        // To a file: nobody has to read while it runs.
        let log = folder.appending(path: "output-\(UUID().uuidString)")
        try Data().write(to: log)
        let handle = try FileHandle(forWritingTo: log)
        (process.standardOutput, process.standardError) = (handle, handle)
        try process.run()
        process.finish(program, within: seconds)
        return Outcome(
            status: process.terminationStatus, output: String(decoding: try Data(contentsOf: log), as: UTF8.self))
    }

    private static func moduleMaps(_ products: URL) throws -> [String] {
        let sources = Repository.root.appending(path: "Sources")
        func maps(_ folder: URL, _ ending: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("C") }.sorted()
                .map { folder.appending(path: $0 + ending).path }.filter { FileManager.default.fileExists(atPath: $0) }
        }
        return try maps(sources, "/module.modulemap") + maps(products, "/module.modulemap")
    }

    /// A list of the library's objects: what the `digits` program was linked of, but for its own.
    private static func objects(_ products: URL, in folder: URL) throws -> String {
        let list = products.appending(path: "digits.product/Objects.LinkFileList")
        let lines = try String(contentsOf: list, encoding: .utf8).split(separator: "\n")
        let file = folder.appending(path: "objects")
        try Data(lines.filter { !$0.contains("/digits.build/") }.joined(separator: "\n").utf8).write(to: file)
        return file.path
    }

    /// The system's libraries that the library needs: this test program has them loaded, since it is made of it.
    private static func libraries() throws -> [String] {
        let needed = ["libopenblas", "libz.", "libmpi.", "libdnnl", "libpng", "libjpeg"]
        // Whose size the system calls 0: it has to be read to its end.
        let bytes = try FileHandle(forReadingFrom: URL(filePath: "/proc/self/maps")).readToEnd() ?? Data()
        let maps = String(decoding: bytes, as: UTF8.self)
        let files = maps.split(separator: "\n").compactMap { $0.split(separator: " ").last }.filter { path in
            let name = path.split(separator: "/").last ?? ""
            return path.hasPrefix("/") && needed.contains { name.hasPrefix($0) }
        }
        return Set(files).map(String.init).sorted()
    }
}
