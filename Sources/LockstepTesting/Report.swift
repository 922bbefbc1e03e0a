// SPDX-License-Identifier: Apache-2.0
// Where a failed expectation of the test kit goes: to Swift Testing, and to standard error when no test is running.

import Foundation
import Testing

/// The place in a test's source that a failure is shown at.
///
/// The kit's functions take the four magic literals rather than `#_sourceLocation`, so that they can also be called
/// from programs that do not import Testing, such as the ones `mpirun` starts.
@inline(never)
package func report(_ message: String, fileID: String, filePath: String, line: Int, column: Int) {
    let place = SourceLocation(fileID: fileID, filePath: filePath, line: line, column: column)
    Issue.record(Comment(rawValue: message), sourceLocation: place)
    if Test.current == nil {
        FileHandle.standardError.write(Data("\(fileID):\(line): \(message)\n".utf8))
    }
}
