// SPDX-License-Identifier: Apache-2.0
// What a bundle says about a learner, as JSON: everything but weights.

import Foundation
import LockstepData
import LockstepNN
import LockstepOptim
import LockstepTensor

/// The JSON of a bundle.
struct LearnerDescription: Codable {
    /// Raised when older programs could not read what is written.
    static let currentFormat = 1
    /// How many metrics, and how many callbacks, a bundle may have.
    static let mostParts = 256

    var format = currentFormat
    let model: ExportPart
    /// Names of the parameters that are not trained.
    let frozen: [String]
    let loss: ExportPart
    let metrics: [ExportPart]
    let callbacks: [ExportPart]
    let data: DataDescription
    let lr: HyperDescription
    let wd: HyperDescription?
    let moms: [Double]
    let wdBnBias: Bool
    let trainBn: Bool
    /// The exporting machine's.
    let path: String
    let modelDirectory: String
    let seed: UInt64

    // MARK: JSON

    /// - Throws: `ExportError` for what cannot be stored.
    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = LearnerDescription.unusual
        encoder.userInfo[ExportWriter.key] = ExportWriter(RegistryCatalog())
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    /// - Parameter reader: Keeps track of what is made.
    /// - Throws: `ExportError` for what is no description, or one of unknown types.
    static func parse(_ json: String, _ reader: ExportReader) throws -> LearnerDescription {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        decoder.userInfo[ExportReader.key] = reader
        do {
            let format = try decoder.decode(Format.self, from: Data(json.utf8)).format
            guard format <= currentFormat else {
                throw ExportError(
                    .version, "is of format \(format), this program reads up to \(currentFormat)",
                    remedy: "Load it with a newer Lockstep")
            }
            return try decoder.decode(LearnerDescription.self, from: Data(json.utf8))
        } catch let error as ExportError {
            throw error
        } catch let error as DecodingError {
            throw ExportError(malformed: error)
        } catch {
            throw ExportError(.malformed, "\(error)")
        }
    }

    private struct Format: Decodable { let format: Int }

    private static let unusual = JSONEncoder.NonConformingFloatEncodingStrategy.convertToString(
        positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
}

/// A hyper-parameter: a number, one for each group, or the ends of a slice.
struct HyperDescription: Codable {
    let value: HyperValue
    private enum CodingKeys: CodingKey { case value, groups, start, stop }

    init(_ value: HyperValue) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch value {
        case .value(let number): try container.encode(number, forKey: .value)
        case .perGroup(let numbers): try container.encode(numbers, forKey: .groups)
        case .range(let start, let stop):
            try container.encode(start, forKey: .start)
            try container.encode(stop, forKey: .stop)
        }
    }

    /// All that it consists of.
    var numbers: [Double] {
        switch value {
        case .value(let number): [number]
        case .perGroup(let numbers): numbers
        case .range(let start, let stop): [start, stop].compactMap(\.self)
        }
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        if let number = try container.decodeIfPresent(Double.self, forKey: .value) {
            value = .value(number)
        } else if let numbers = try container.decodeIfPresent([Double].self, forKey: .groups) {
            value = .perGroup(numbers)
        } else {
            value = .range(
                start: try container.decodeIfPresent(Double.self, forKey: .start),
                stop: try container.decode(Double.self, forKey: .stop))
        }
    }
}

extension ExportError {
    /// The sentence of Foundation's error.
    init(malformed error: DecodingError) {
        let (context, reason): (DecodingError.Context, String) =
            switch error {
            case .keyNotFound(let key, let context): (context, "“\(key.stringValue)” is missing")
            case .typeMismatch(let type, let context): (context, "is not a \(type)")
            case .valueNotFound(let type, let context): (context, "is nothing where a \(type) is needed")
            case .dataCorrupted(let context): (context, context.debugDescription)
            @unknown default: (.init(codingPath: [], debugDescription: ""), "\(error)")
            }
        self.init(.malformed, at: context.codingPath.place, reason)
    }
}
