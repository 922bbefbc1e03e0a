// SPDX-License-Identifier: Apache-2.0
// Runs pieces of code together with what they speak of.

import Foundation
import LockstepTesting
import Testing

enum Scene {
    /// Compiles a program of `check`s with the scene, runs it, and tells every piece that failed.
    static func run(_ program: String, at location: SourceLocation = #_sourceLocation) throws {
        let scene = try Repository.text("Tests/Documents/Scene.swift")
        try withTemporaryFolder { folder in
            try PageFolder.fill(folder)
            let built = try Toolchain.compile([("main.swift", program), ("Scene.swift", scene)], in: folder)
            let outcome = try Toolchain.run(built.path, in: folder)
            let lines = outcome.output.split(separator: "\n")
            // After a trap the last place is where it was.
            let told = lines.filter { $0.hasPrefix("FAILED") || $0.contains("Fatal error") } + lines.suffix(2)
            #expect(outcome.status == 0, "\(told.joined(separator: "\n"))", sourceLocation: location)
        }
    }
}
