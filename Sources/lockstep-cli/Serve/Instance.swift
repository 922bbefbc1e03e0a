// SPDX-License-Identifier: Apache-2.0
// What a request asks about, read and checked before the model sees it.

import Foundation
import LockstepData
import LockstepHTTP

/// One thing to predict.
enum Instance: Sendable {
    /// The fields of a row, in the order of the model's columns.
    case row([String])
    /// A text, or two where a class is that of a pair.
    case text([String])
    /// The bytes of a PNG or JPEG file.
    case image([UInt8])
}

/// A request that is answered with a sentence and not with predictions.
struct Refusal: Error {
    let status: Int
    let sentence: String
    var headers: [(name: String, value: String)] = []

    var response: HTTPResponse {
        .json(JSONValue.object([("error", .text(sentence))]).text, status: status, headers: headers)
    }
}

/// Reads instances from the bodies of requests, on any thread.
///
/// The form is that of TensorFlow Serving and KServe's first protocol: `{"instances": […]}`. A body that is an image is one instance.
struct InstanceReader: Sendable {
    /// What the model predicts.
    enum Kind: Sendable {
        case rows(JSONRows)
        case texts(pairs: Bool)
        case images
    }
    let kind: Kind
    /// Instances of a request: one is computed whole, and others wait.
    let mostInstances: Int

    /// What errors call the body.
    static let name = "the request"
    /// JSON of eight megabytes can hold millions of values, each of which takes some fifty bytes.
    private static let mostValues = 1 << 20

    /// - Throws: ``Refusal``: 415 for a body of another kind, 413 for one with too many instances, 400 for one that is not what it
    ///   should be.
    func instances(in request: HTTPRequest) throws(Refusal) -> [Instance] {
        if case .images = kind, ["image/png", "image/jpeg"].contains(request.contentType) {
            return [.image(request.body)]
        }
        // A browser sends this type across sites only after it has asked, which is refused: pages of others cannot predict here.
        guard request.contentType == "application/json" else {
            var kinds = "application/json"
            if case .images = kind { kinds += ", image/png or image/jpeg" }
            throw Refusal(
                status: 415, sentence: "Content-Type \(request.contentType ?? "is missing and"): must be \(kinds)")
        }
        let nodes: [JSONNode]
        do throws(DataError) {
            var scanner = JSONScanner(request.body, base: 0, file: Self.name, mostValues: Self.mostValues)
            let document = try scanner.document()
            guard case .object(let members) = document.value,
                let instances = members.first(where: { $0.key == "instances" })?.value,
                case .array(let items) = instances.value
            else {
                throw DataError(.mismatch, file: Self.name, "is not of the form {\"instances\": [\(example)]}")
            }
            nodes = items
        } catch {
            throw Refusal(status: 400, sentence: error.description)
        }
        guard nodes.count <= mostInstances else {
            throw Refusal(
                status: 413, sentence: "\(nodes.count) instances: at most \(mostInstances) are answered at once")
        }
        do throws(DataError) {
            // A list, not `map`, whose errors have no type.
            var result: [Instance] = []
            for (place, node) in nodes.enumerated() { result.append(try instance(node, place)) }
            return result
        } catch {
            throw Refusal(status: 400, sentence: error.description)
        }
    }

    private var example: String {
        switch kind {
        case .rows(let rows): "{\"\(rows.names[0])\": …}, …"
        case .texts(pairs: false): "\"a text\", …"
        case .texts(pairs: true): "[\"a text\", \"another\"], …"
        case .images: "{\"b64\": \"…\"}, …"
        }
    }

    private func instance(_ node: JSONNode, _ place: Int) throws(DataError) -> Instance {
        switch (kind, node.value) {
        case (.rows(let rows), _): return .row(try rows.fields(of: node, row: place, file: Self.name))
        case (.texts(pairs: false), .string(let text)): return .text([text])
        case (.texts(pairs: true), .array(let texts)) where texts.count == 2:
            if case (.string(let first), .string(let second)) = (texts[0].value, texts[1].value) {
                return .text([first, second])
            }
        case (.images, .object(let members)):
            if case .string(let text)? = members.first(where: { $0.key == "b64" })?.value.value,
                let bytes = Data(base64Encoded: text)
            {
                return .image(Array(bytes))
            }
        default: break
        }
        throw DataError(
            .mismatch, file: Self.name, at: .byte(node.offset),
            "instance \(place) is not of the form \(example.replacing(", …", with: ""))")
    }
}
