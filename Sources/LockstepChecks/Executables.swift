// SPDX-License-Identifier: Apache-2.0
// Programs that a test writes and runs.

public import Foundation

/// Writes a program, such as a shell script, that can be run at once; folders on the way are made.
///
/// Another process writes it. Where this one did, a thread that starts a program at the same moment would hand the file, open for
/// writing, to its child for as long as that has not become the other program yet; running the file meanwhile is
/// refused ("Text file busy", or 126 from a shell).
public func writeExecutable(_ text: String, to file: URL) throws {
    let draft = file.appendingPathExtension("draft")
    try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: draft)
    let install = Process()
    install.executableURL = URL(fileURLWithPath: "/usr/bin/install")
    install.arguments = ["-m", "755", draft.path, file.path]
    try install.run()
    install.waitUntilExit()
    guard install.terminationStatus == 0 else {
        throw CheckFailure("install \(file.path): \(install.terminationStatus)")
    }
    try FileManager.default.removeItem(at: draft)
}
