// SPDX-License-Identifier: Apache-2.0
// Paths put together.

/// `path` below `folder`; an absolute path is taken as it is.
package func joinedPath(_ folder: String, _ path: String) -> String {
    if folder.isEmpty || path.hasPrefix("/") { return path }
    return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
}
