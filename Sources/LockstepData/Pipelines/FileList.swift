// SPDX-License-Identifier: Apache-2.0
// The files below a folder, in an order that is the same everywhere.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Finding files.
public enum FileList {
    /// The paths of the files below `folder`, sorted: every rank sees the same order. Hidden files and folders are skipped.
    ///
    /// fastai's `get_files`.
    /// - Parameters:
    ///   - extensions: only files with one of these, with or without the dot, in upper or lower case; any when nil.
    ///   - recurse: whether to look into folders below.
    ///   - folders: only these of the folders on the first level; all when nil.
    /// - Throws: `DataError` naming a folder that cannot be read, or that lies more than 64 levels deep.
    public static func files(
        in folder: String, extensions: [String]? = nil, recurse: Bool = true, folders: [String]? = nil
    ) throws(DataError) -> [String] {
        let endings = extensions.map { list in
            Set(list.map { ($0.hasPrefix(".") ? String($0.dropFirst()) : $0).lowercased() })
        }
        var found: [String] = []
        try collect(folder, 0, recurse, folders, &found)
        guard let endings else { return found.sorted() }
        return found.filter { endings.contains(ending(of: $0)) }.sorted()
    }

    private static func ending(of path: String) -> String {
        guard let dot = path.lastIndex(of: "."), !path[dot...].contains("/") else { return "" }
        return path[path.index(after: dot)...].lowercased()
    }

    private static func collect(
        _ folder: String, _ depth: Int, _ recurse: Bool, _ only: [String]?, _ found: inout [String]
    ) throws(DataError) {
        // Links may lead round in a circle.
        guard depth <= 64 else {
            throw DataError(.unreadable, file: folder, "lies more than 64 folders deep", remedy: "Is a link a circle?")
        }
        guard let directory = opendir(folder) else {
            throw DataError(.unreadable, file: folder, systemWords("cannot be listed"))
        }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        closedir(directory)
        for name in names.sorted() {
            let path = folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)"
            var status = stat()
            guard stat(path, &status) == 0 else { continue }  // a link to nothing
            if status.st_mode & S_IFMT == S_IFDIR {
                if recurse, only?.contains(name) ?? true { try collect(path, depth + 1, true, nil, &found) }
            } else if status.st_mode & S_IFMT == S_IFREG, only == nil || depth > 0 {
                found.append(path)
            }
        }
    }
}
