// SPDX-License-Identifier: Apache-2.0
// Where the command writes: standard output, checked, and files whose places are looked at before hours of work.

import ArgumentParser
import Lockstep
import LockstepData

/// Writes a line to standard output.
///
/// - Throws: `DataError` when it cannot be written: the command ends with 74.
func say(_ text: some CustomStringConvertible, terminator: String = "\n") throws {
    try StandardOutput.write("\(text)\(terminator)")
}

/// A file or folder that an option names for what the command makes.
enum Output {
    /// Whether this process is the one that will write: another host may have other folders.
    private static var isWriter: Bool { Launcher.startedRank == 0 }

    /// Refuses a name that nothing can have; for `validate()`.
    static func checkName(_ option: String, _ path: String?, isFolder: Bool = false) throws {
        guard let path else { return }
        let kind = isFolder ? "folder" : "file"
        if path.isEmpty { throw ValidationError("\(option) “”: name a \(kind)") }
        if !isFolder, path.hasSuffix("/") { throw ValidationError("\(option) \(path): name a file, not a folder") }
    }

    /// - Throws: ``Failure`` (73) when no file could be written at `path`.
    static func check(_ option: String, file path: String?) throws {
        guard let path, isWriter else { return }
        do throws(DataError) { try OutputFile.check(path) } catch {
            throw Failure(description: "\(option) \(path): \(error.reason)", code: 73)
        }
    }

    /// The same for a file of weights, whose name gets an extension unless something to write through has it.
    static func check(_ option: String, weights path: String?) throws {
        guard let path else { return }
        let isTaken = OutputFile.isPassage(path) || Files.isFolder(path) || path.hasSuffix(".safetensors")
        try check(option, file: isTaken ? path : path + ".safetensors")
    }

    /// - Throws: ``Failure`` (73) when there is no folder at `path`, or could not be made, that files can be put into.
    static func check(_ option: String, folder path: String?) throws {
        guard let path, isWriter else { return }
        if Files.exists(path), !Files.isFolder(path) {
            throw Failure(description: "\(option) \(path): is a file, not a folder", code: 73)
        }
        do throws(DataError) { try OutputFile.check(path + "/settings.json") } catch {
            throw Failure(description: "\(option) \(path): \(error.reason)", code: 73)
        }
    }

    /// Writes a file whole or not at all; into what is no regular file, such as a pipe, as it is.
    static func write(_ text: String, to path: String) throws {
        try Files.writeAtomically([Array(text.utf8)], to: path)
    }
}
