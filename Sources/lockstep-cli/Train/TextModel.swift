// SPDX-License-Identifier: Apache-2.0
// The networks that learn texts, and the file that says which one a run's weights belong to.

import ArgumentParser
import Foundation
import Lockstep
import LockstepData

/// A kind of language model.
enum TextModel: String, CaseIterable, Codable, ExpressibleByArgument, SettingValue {
    case gpt, lstm
}

/// Everything that a run's weights need to write text again: `text.json` in the run's folder.
struct TextModelFile: Codable {
    let model: TextModel
    /// Size of the vectors inside, and number of layers.
    let width: Int
    let layers: Int
    /// Tokens in a block: what the model is shown at once.
    let context: Int
    let encoding: TextEncoding

    static let name = "text.json"
    private static let sizes = 1...65_536
    /// More bytes than a vocabulary takes.
    private static let longest = 64 << 20

    init(_ model: TextModel, width: Int, layers: Int, context: Int, encoding: TextEncoding) {
        (self.model, self.width, self.layers) = (model, width, layers)
        (self.context, self.encoding) = (context, encoding)
    }

    /// Reads the file of a run.
    /// - Throws: ``Failure`` (66) that names the file.
    init(run folder: String) throws {
        let path = "\(folder)/\(Self.name)"
        try Failure.requireReadable(path, option: "text model")
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(try Files.read(path, limit: Self.longest)))
        } catch {
            throw Failure.noInput("\(path): is not the description of a text model: \(Self.reason(error))")
        }
        for (name, size) in [("width", width), ("layers", layers), ("context", context)]
        where !Self.sizes.contains(size) {
            throw Failure.noInput("\(path): \(name) is \(size), expected \(Self.sizes)")
        }
        guard model != .gpt || width % heads == 0 else {
            throw Failure.noInput("\(path): \(heads) heads do not divide a width of \(width)")
        }
        // Before a model is made that only this file asks for.
        let weights = "\(folder)/model.safetensors"
        try Failure.requireReadable(weights, option: "text model")
        let size = (try? FileManager.default.attributesOfItem(atPath: weights)[.size] as? Int) ?? 0
        guard leastWeights * 2 <= Double(size) else {
            throw Failure.noInput("\(path): describes a larger model than \(weights) holds")
        }
    }

    /// Attention heads: of 32 values each where that comes out even.
    private var heads: Int { width % 32 == 0 ? width / 32 : 1 }

    /// Fewer weights than the model has: its matrices.
    private var leastWeights: Double {
        let (width, layers, count) = (Double(width), Double(layers), Double(encoding.count))
        switch model {
        case .gpt: return 12 * layers * width * width + (2 * count + Double(context)) * width
        case .lstm: return 4 * (2 * layers - 1) * width * width + count * width
        }
    }

    /// A fresh model.
    func makeModel() -> Module {
        switch model {
        case .gpt: GPT(vocabulary: encoding.count, context: context, width: width, layers: layers, heads: heads)
        case .lstm:
            RecurrentLanguageModel(vocabulary: encoding.count, width: width / 4, hidden: width, layers: layers)
        }
    }

    var json: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return String(decoding: try encoder.encode(self), as: UTF8.self)
        }
    }

    private static func reason(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return error.localizedDescription }
        switch error {
        case .keyNotFound(let key, _): return "\(key.stringValue) is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            return (place.isEmpty ? "" : place + ": ") + context.debugDescription
        @unknown default: return error.localizedDescription
        }
    }
}
