// SPDX-License-Identifier: Apache-2.0
// A graph with its inputs and outputs as the bytes of a file.

import Foundation
import SwiftProtobuf

/// A model that is being written.
package struct ONNXFile {
    let graph: ONNXGraph
    let inputs: [ONNXValue]
    private(set) var outputs: [ONNXValue] = []
    var metadata: [(key: String, value: String)] = []

    init(_ graph: ONNXGraph, inputs: [ONNXValue]) { (self.graph, self.inputs) = (graph, inputs) }

    /// Makes a value an output under a name.
    mutating func give(_ value: ONNXValue, as wish: String) {
        let named = graph.named(value, wish)
        outputs.append(named)
    }

    /// What no file of protocol buffers can be larger than.
    private static let limit = Int(Int32.max)

    /// The weights that the file holds: a constant that nothing came to use would be a warning of every reader.
    private var weights: [Onnx_TensorProto] {
        let used = Set(graph.nodes.flatMap(\.input))
        return graph.weights.filter { used.contains($0.name) }
    }

    private static func bytes(of weights: [Onnx_TensorProto]) -> Int {
        weights.reduce(0) { $0 + $1.rawData.count }
    }

    package func bytes() throws(ONNXError) -> [UInt8] {
        let weights = weights
        let weightBytes = Self.bytes(of: weights)
        guard weightBytes < Self.limit - (1 << 24) else {
            throw ONNXError(
                .size, at: "model",
                "\(weightBytes) bytes of weights are more than a file of ONNX can hold (2 GiB)")
        }
        var model = Onnx_ModelProto()
        model.irVersion = ONNXGraph.irVersion
        model.producerName = "lockstep"
        model.opsetImport = [operators("", Int64(ONNXGraph.opset))]
        if graph.usesLookups { model.opsetImport.append(operators("ai.onnx.ml", ONNXGraph.mlOpset)) }
        model.metadataProps = metadata.map { key, value in
            var entry = Onnx_StringStringEntryProto()
            (entry.key, entry.value) = (key, value)
            return entry
        }
        model.graph.name = "model"
        model.graph.node = graph.nodes
        model.graph.initializer = weights
        model.graph.input = inputs.map(\.message)
        model.graph.output = outputs.map(\.message)
        do { return try model.serializedBytes() } catch {
            throw ONNXError(.size, at: "model", "cannot be written: \(error)")
        }
    }

    /// What goes in and what comes out, for people.
    package var summary: String {
        func lines(_ title: String, _ values: [ONNXValue]) -> [String] {
            values.enumerated().map { ($0 == 0 ? title : String(repeating: " ", count: title.count)) + "  \($1)" }
        }
        let lookups = graph.usesLookups ? " and ai.onnx.ml \(ONNXGraph.mlOpset)" : ""
        return
            (lines("takes", inputs) + lines("gives", outputs) + [
                "ONNX with the operators of opset \(ONNXGraph.opset)\(lookups), \(Self.bytes(of: weights)) bytes of weights"
            ]).joined(separator: "\n")
    }

    private func operators(_ domain: String, _ version: Int64) -> Onnx_OperatorSetIdProto {
        var set = Onnx_OperatorSetIdProto()
        (set.domain, set.version) = (domain, version)
        return set
    }
}

extension ONNXGraph {
    /// `value` under a name of its own.
    fileprivate func named(_ value: ONNXValue, _ wish: String) -> ONNXValue {
        add("Identity", [value], [], shapes: [value.shape], called: wish)[0]
    }
}

extension ONNXValue {
    fileprivate var message: Onnx_ValueInfoProto {
        var info = Onnx_ValueInfoProto()
        info.name = name
        info.type.tensorType.elemType = element.rawValue
        info.type.tensorType.shape.dim = shape.map { axis in
            var dimension = Onnx_TensorShapeProto.Dimension()
            switch axis {
            case .size(let size): dimension.dimValue = Int64(size)
            case .named(let name): dimension.dimParam = name
            case .unknown: break
            }
            return dimension
        }
        return info
    }
}
