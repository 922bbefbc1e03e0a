// SPDX-License-Identifier: Apache-2.0
// Saving and loading weights and optimizer state.

import LockstepData
import LockstepNN
import LockstepOptim

extension Learner {
    /// Writes the model, and the optimizer if there is one and it is wanted, to `path/modelDirectory/file.safetensors`.
    ///
    /// The file appears whole or not at all; missing folders are created. Tensors stand under PyTorch's names, so Python
    /// reads the file (without the optimizer, `load_state_dict(load_file(path))` takes it as it is). Only the writing rank
    /// writes; the others wait for it. Collective.
    ///
    /// - Parameter file: A name, or a path inside the model directory, or an absolute path; the extension is added once, and not
    ///   to what is there already as a pipe, a device or a link.
    /// - Returns: the path of the file, on every rank.
    /// - Throws: `DataError` when the file cannot be written; on every rank.
    @discardableResult
    public func save(_ file: String, withOptimizer: Bool = true) throws -> String {
        try save(file, withOptimizer: withOptimizer, patiently: false)
    }

    /// The same.
    ///
    /// - Parameter patiently: Whether a write that fails is tried again, as while training goes on.
    func save(_ file: String, withOptimizer: Bool, patiently: Bool) throws -> String {
        let path = checkpointPath(file)
        try coordinator.write {
            let optimizer = withOptimizer ? optimizer : nil
            let parts = Checkpoint.parts(of: model, optimizer: optimizer)
            let metadata = Checkpoint.metadata(of: optimizer, epochsSeen: epochsSeen)
            func write() throws(DataError) { try Safetensors.write(parts, metadata: metadata, to: path) }
            if patiently { try Patience.trying(write) } else { try write() }
        }
        return path
    }

    /// What ``save(_:withOptimizer:)`` would write, in memory. Not collective.
    public func checkpoint(withOptimizer: Bool = true) throws -> [UInt8] {
        let optimizer = withOptimizer ? optimizer : nil
        return try Safetensors.encode(
            parts: Checkpoint.parts(of: model, optimizer: optimizer),
            metadata: Checkpoint.metadata(of: optimizer, epochsSeen: epochsSeen))
    }

    /// Reads what ``save(_:withOptimizer:)`` wrote, or any safetensors file with the model's names.
    ///
    /// Everything is checked before anything changes. Ranks that see the file that the writing rank sees map it, so that it
    /// is read once on each machine and never held twice; otherwise the writing rank tells the others. Collective.
    ///
    /// - Parameters:
    ///   - withOptimizer: Nil loads the optimizer's state if the file holds a fitting one; true also warns if not; false
    ///     leaves the optimizer alone.
    ///   - strict: Whether the model's names and the file's must be the same; otherwise those in both are loaded.
    /// - Throws: `DataError` for an unreadable or damaged file, `StateDictionaryError` for one that does not fit the model.
    @discardableResult
    public func load(_ file: String, withOptimizer: Bool? = nil, strict: Bool = true) throws -> Learner {
        let path = checkpointPath(file)
        let archive = try Safetensors.parse(coordinator.bytes(ofFile: path), file: path)
        return try load(archive, withOptimizer: withOptimizer, strict: strict)
    }

    /// Loads the bytes of a checkpoint. Not collective: every rank needs them.
    ///
    /// - Parameter source: The name errors carry.
    @discardableResult
    public func load(
        checkpoint bytes: [UInt8], from source: String = "checkpoint", withOptimizer: Bool? = nil, strict: Bool = true
    ) throws -> Learner {
        try load(Safetensors.parse(bytes, file: source), withOptimizer: withOptimizer, strict: strict)
    }

    /// Loads a checkpoint that was read.
    @discardableResult
    func load(_ archive: Safetensors.Archive, withOptimizer: Bool?, strict: Bool = true) throws -> Learner {
        let source = archive.file
        let epochs = try Checkpoint.epochsSeen(archive)
        try model.loadStateDictionary(Checkpoint.modelState(archive), strict: strict, source: source)
        if let epochs { epochsSeen = epochs }
        guard withOptimizer != false else { return self }
        let optimizer = try optimizer ?? createOptimizer()
        guard Checkpoint.holdsOptimizer(archive) else {
            if withOptimizer == true { warn("\(source) holds no optimizer state") }
            return self
        }
        do {
            try optimizer.loadStateDictionary(Checkpoint.optimizerState(archive, for: optimizer, of: model))
        } catch {
            if withOptimizer == true { warn("could not load the optimizer state: \(error)") }
        }
        return self
    }

    /// Where `file` lies: under path and model directory unless absolute, with our extension.
    ///
    /// Something that is there under the very name and takes what is written, such as a pipe, a device or a link, is meant itself.
    func checkpointPath(_ file: String) -> String {
        let plain = joined(path, modelDirectory, file)
        if OutputFile.isPassage(plain) { return plain }
        let name = file.hasSuffix(".safetensors") ? file : file + ".safetensors"
        return joined(path, modelDirectory, name)
    }

    /// Paths one below the other; an absolute one starts over.
    func joined(_ parts: String...) -> String {
        parts.reduce("") { base, part in
            if base.isEmpty || part.hasPrefix("/") { return part }
            if part.isEmpty { return base }
            return base.hasSuffix("/") ? base + part : base + "/" + part
        }
    }
}
