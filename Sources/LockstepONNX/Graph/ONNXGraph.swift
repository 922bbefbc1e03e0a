// SPDX-License-Identifier: Apache-2.0
// A graph that is being written: nodes, weights, and names that are used once.

import Foundation
public import LockstepNN
import LockstepTensor
import SwiftProtobuf

/// A graph of ONNX while a model is written into it.
///
/// Operators are those of opset 18: onnxruntime reads it since 1.14 (tried with 1.15.0 and 1.32.0), PyTorch's own exporter writes it by default,
/// and it is the first in which `Resize` filters as this package does when it makes images smaller.
public final class ONNXGraph {
    /// The version of the operators.
    public static let opset = 18
    /// Of the format of files; the one that came with opset 18.
    static let irVersion: Int64 = 8
    /// Of the operators for tables: lookups of words.
    static let mlOpset: Int64 = 3

    private(set) var nodes: [Onnx_NodeProto] = []
    private(set) var weights: [Onnx_TensorProto] = []
    /// Whether a lookup of words is among the nodes.
    private(set) var usesLookups = false
    private var names: Set<String> = []
    /// Weights and constants that are there already, by the object that owns them or by their bytes.
    private var known: [String: ONNXValue] = [:]
    /// Owners of weights, kept: another object could come to lie where one was, and be taken for it.
    private var owners: [ObjectIdentifier: AnyObject] = [:]
    /// The names of parameters, buffers and modules of the model.
    private var places: [ObjectIdentifier: String] = [:]

    /// - Parameter model: Its parameters keep their names.
    init(of model: Module) {
        for (name, parameter) in model.namedParameters() { places[ObjectIdentifier(parameter)] = name }
        for (name, buffer) in model.namedBuffers() { places[ObjectIdentifier(buffer)] = name }
        for (name, module) in model.namedModules() {
            places[ObjectIdentifier(module)] = name.isEmpty ? "model" : "model." + name
        }
    }

    /// Where an object of the model stands in it.
    func place(of object: AnyObject) -> String { places[ObjectIdentifier(object)] ?? "\(type(of: object))" }

    /// A name that nothing has yet.
    func name(_ wish: String) -> String {
        var (name, number) = (wish, 1)
        while !names.insert(name).inserted {
            name = "\(wish)_\(number)"
            number += 1
        }
        return name
    }

    /// Takes names away from nodes and weights: those of inputs are what others say.
    func reserve(_ names: [String]) { self.names.formUnion(names) }

    // MARK: Nodes

    /// Adds a node and gives its output.
    ///
    /// - Parameters:
    ///   - op: The operator: `"Relu"`.
    ///   - inputs: What it takes; nil for one that is left out.
    ///   - attributes: What it is told.
    ///   - shape: Of the output.
    ///   - element: Of the output; as of the first input when nil.
    public func add(
        _ op: String, _ inputs: [ONNXValue?], _ attributes: KeyValuePairs<String, ONNXAttribute> = [:],
        shape: [ONNXAxis], element: ONNXElement? = nil
    ) -> ONNXValue {
        add(op, inputs, attributes.map { ($0, $1) }, shapes: [shape], element: element)[0]
    }

    /// The same for an operator with any number of outputs, or of another domain.
    func add(
        _ op: String, _ inputs: [ONNXValue?], _ attributes: [(name: String, value: ONNXAttribute)],
        shapes: [[ONNXAxis]], element: ONNXElement? = nil, domain: String? = nil, called wish: String? = nil
    ) -> [ONNXValue] {
        let element = element ?? inputs.lazy.compactMap { $0 }.first?.element ?? .float32
        let outputs = shapes.map { ONNXValue(name(wish ?? op), $0, element) }
        var node = Onnx_NodeProto()
        node.opType = op
        node.name = outputs[0].name
        let given = inputs.lastIndex { $0 != nil }.map { inputs[...$0] } ?? []
        node.input = given.map { $0?.name ?? "" }
        node.output = outputs.map(\.name)
        node.attribute = attributes.map { $0.value.message(named: $0.name) }
        if let domain {
            node.domain = domain
            usesLookups = true
        }
        nodes.append(node)
        return outputs
    }

    /// What `module`, a part of the model, gives for these inputs.
    ///
    /// - Throws: ``ONNXError`` that names a module which has no form in ONNX.
    public func apply(_ module: Module, _ inputs: [ONNXValue]) throws(ONNXError) -> [ONNXValue] {
        guard let exportable = module as? any ONNXExportable else {
            throw ONNXError(
                module is Apply ? .function : .unsupported, at: place(of: module),
                module is Apply
                    ? "Apply(\(module.describeExtra)) is a function, and code cannot be written as ONNX"
                    : "\(module.typeName) does not say what it is in ONNX",
                remedy: module is Apply
                    ? "Use a layer for it, or a module of your own that conforms to ONNXExportable"
                    : "Let it conform to ONNXExportable")
        }
        return try exportable.onnx(inputs, in: self)
    }

    /// The same for one input and one output.
    func apply(_ module: Module, _ x: ONNXValue) throws(ONNXError) -> ONNXValue {
        let outputs = try apply(module, [x])
        guard outputs.count == 1 else {
            throw ONNXError(.unsupported, at: place(of: module), "it has \(outputs.count) outputs, not one")
        }
        return outputs[0]
    }

    /// The same for the part of `module` that files call `name`.
    func apply(_ module: Module, _ name: String, _ x: ONNXValue) throws(ONNXError) -> ONNXValue {
        try apply(part(of: module, name), x)
    }

    /// Layers one after another.
    func chain(_ layers: [Module], _ x: ONNXValue) throws(ONNXError) -> ONNXValue {
        var y = x
        for layer in layers { y = try apply(layer, y) }
        return y
    }

    // MARK: Weights

    /// A weight under a name, once.
    func weight(
        _ wish: String, shape: [Int], element: ONNXElement = .float32, _ fill: (inout Onnx_TensorProto) -> Void
    ) -> ONNXValue {
        var tensor = Onnx_TensorProto()
        tensor.dims = shape.map(Int64.init)
        tensor.dataType = element.rawValue
        tensor.name = name(wish)
        fill(&tensor)
        weights.append(tensor)
        return ONNXValue(tensor.name, shape.map { .size($0) }, element)
    }

    /// What was kept under a key, or is made now.
    func once(_ key: String, _ make: () -> ONNXValue) -> ONNXValue {
        if let value = known[key] { return value }
        let value = make()
        known[key] = value
        return value
    }

    /// What was made of an object of the model, or of a part of it, or is made now.
    func once(for owner: AnyObject, _ part: String = "", _ make: () -> ONNXValue) -> ONNXValue {
        owners[ObjectIdentifier(owner)] = owner
        return once("\(ObjectIdentifier(owner)) \(part)", make)
    }
}
