// SPDX-License-Identifier: Apache-2.0
// What configurations of models have in common.

import LockstepData

extension JSONFields {
    /// - Throws: where the configuration is that of another kind of model.
    mutating func requireModel(_ type: String) throws(DataError) {
        let found = try optionalString("model_type") ?? type
        guard found == type else { throw error("is that of a model of type “\(found)”, not “\(type)”", .mismatch) }
    }

    /// A positive number that fits a model's sizes.
    mutating func size(_ key: String, or other: Int) throws(DataError) -> Int {
        let value = try count(key, or: other)
        guard (1...1 << 24).contains(value) else { throw error("has “\(key)” \(value)", .tooLarge) }
        return value
    }

    mutating func probability(_ key: String, or other: Double) throws(DataError) -> Double {
        let value = try number(key, or: other)
        guard (0...1).contains(value) else { throw error("has “\(key)” \(value), which is no probability") }
        return value
    }

    /// A number from 0 on.
    mutating func magnitude(_ key: String, or other: Double) throws(DataError) -> Double {
        let value = try number(key, or: other)
        guard value >= 0 else { throw error("has “\(key)” \(value), which is negative") }
        return value
    }

    mutating func activation(_ key: String, or other: TextActivation) throws(DataError) -> TextActivation {
        guard let name = try optionalString(key) else { return other }
        if let activation = TextActivation(rawValue: name) { return activation }
        throw error("has the activation “\(name)”, which is not implemented here", .unsupported)
    }

    /// The token to fill up with, where there is one.
    mutating func padding(below vocabulary: Int) throws(DataError) -> Int? {
        guard node("pad_token_id") != nil else { return nil }
        let id = try count("pad_token_id")
        guard id < vocabulary else { throw error("has “pad_token_id” \(id) of \(vocabulary) tokens") }
        return id
    }

    func checkHeads(_ width: Int, _ heads: Int) throws(DataError) {
        guard width % heads == 0 else { throw error("has \(heads) heads, which do not divide its width of \(width)") }
    }
}
