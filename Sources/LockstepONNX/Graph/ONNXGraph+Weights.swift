// SPDX-License-Identifier: Apache-2.0
// Parameters, buffers and constants of a graph, and parts of modules by the names that files have for them.

import Foundation
import LockstepNN
import LockstepTensor

extension ONNXGraph {
    /// The part of `module` that files call `name`.
    func part(of module: Module, _ name: String) throws(ONNXError) -> Module {
        guard let part = partIfAny(of: module, name) else {
            throw ONNXError(.unsupported, at: place(of: module), "it has no part “\(name)”")
        }
        return part
    }

    func partIfAny(of module: Module, _ name: String) -> Module? {
        module.namedModules().first { $0.name == name }?.module
    }

    /// The parts that files call `name.0`, `name.1`, ….
    func parts(of module: Module, _ name: String) -> [Module] {
        var found: [Module] = []
        while let next = partIfAny(of: module, "\(name).\(found.count)") { found.append(next) }
        return found
    }

    /// The parameter or buffer of `module` that files call `name`, as float32.
    func parameter(of module: Module, _ name: String) throws(ONNXError) -> ONNXValue {
        guard let value = parameterIfAny(of: module, name) else {
            throw ONNXError(.unsupported, at: place(of: module), "it has no parameter “\(name)”")
        }
        return value
    }

    func parameterIfAny(of module: Module, _ name: String) -> ONNXValue? {
        if let parameter = module.namedParameters().first(where: { $0.name == name })?.parameter {
            return shared(parameter, parameter.value)
        }
        guard let buffer = module.namedBuffers().first(where: { $0.name == name })?.buffer else { return nil }
        return shared(buffer, buffer.value)
    }

    /// The value of a parameter by itself: to be changed before it is written.
    func tensor(of module: Module, _ name: String) -> Tensor? {
        module.namedParameters().first { $0.name == name }?.parameter.value.detached.to(.float32)
    }

    private func shared(_ owner: AnyObject, _ value: Tensor) -> ONNXValue {
        once(for: owner) { constant(value, name: place(of: owner)) }
    }

    /// Insists on inputs of the type that `layer` computes in: operators convert nothing.
    func check(_ x: ONNXValue, is element: ONNXElement, for layer: Module) throws(ONNXError) {
        guard x.element == element else {
            throw ONNXError(
                .inputs, at: place(of: layer), "\(layer.typeName) takes \(element) numbers, not \(x.element)",
                remedy: "Say what the model takes: onnx(inputs: [ONNXValue(\"x\", [\"batch\", 3], .\(element))])")
        }
    }

    // MARK: Constants

    /// A tensor as it is, in float32.
    func constant(_ value: Tensor, name: String = "constant") -> ONNXValue {
        let floats = value.detached.to(.float32).floats
        return weight(name, shape: value.shape.dimensions) { $0.rawData = bytes(of: floats) }
    }

    /// Numbers, written once however often they are used.
    /// - Precondition: `element` is a type of floating-point numbers.
    func constant(_ values: [Double], shape: [Int], element: ONNXElement = .float32) -> ONNXValue {
        require(
            element == .float32 || element == .float64,
            "ONNX: the numbers \(values) for a value of \(element); give the model float32")
        let key = "\(element) \(shape) \(values.map(\.bitPattern))"
        return once(key) {
            weight("constant", shape: shape, element: element) {
                $0.rawData = element == .float64 ? bytes(of: values) : bytes(of: values.map(Float.init))
            }
        }
    }

    /// One number of the type of `x`.
    func scalar(_ value: Double, like x: ONNXValue) -> ONNXValue {
        constant([value], shape: [], element: x.element)
    }

    /// Integers: shapes, places. A scalar when the shape is empty.
    func integers(_ values: [Int], shape: [Int]? = nil) -> ONNXValue {
        let shape = shape ?? [values.count]
        return once("int64 \(shape) \(values)") {
            weight("constant", shape: shape, element: .int64) { $0.rawData = bytes(of: values.map(Int64.init)) }
        }
    }

    /// ONNX stores little endian, as all processors here do.
    private func bytes<Number>(of values: [Number]) -> Data { values.withUnsafeBytes { Data($0) } }
}
