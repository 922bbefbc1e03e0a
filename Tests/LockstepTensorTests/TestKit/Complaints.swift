// SPDX-License-Identifier: Apache-2.0
// What the test kit says when an expectation fails, for the tests of the kit itself.

import Synchronization
import Testing

private final class Notes: Sendable {
    let text = Mutex("")
}

/// The text of the issues that `body` records; they do not fail the test.
func complaints(_ body: () -> Void) -> String {
    let notes = Notes()
    withKnownIssue(isIntermittent: true) {
        body()
    } matching: { issue in
        let said = issue.comments.map(\.rawValue).joined()
        notes.text.withLock { $0 += said + "\n" }
        return true
    }
    return notes.text.withLock { $0 }
}
