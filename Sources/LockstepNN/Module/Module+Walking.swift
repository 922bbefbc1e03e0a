// SPDX-License-Identifier: Apache-2.0
// The lists a module gives of its parts: parameters, buffers and modules with their dotted names.

public import LockstepTensor

extension Module {
    /// The module and all its parts, depth first in the order of declaration, with dotted names; the module itself has
    /// the empty name. A shared module appears once, under its first name.
    public final func namedModules() -> [(name: String, module: Module)] {
        var seen: Set<ObjectIdentifier> = []
        var list: [(String, Module)] = []
        walk { path, member in
            guard case .module(let module) = member, seen.insert(ObjectIdentifier(module)).inserted else { return }
            list.append((path, module))
        }
        return list
    }

    /// The module and all its parts, depth first in the order of declaration, each once.
    public final func modules() -> [Module] { namedModules().map(\.module) }

    /// The module's direct parts with their names.
    public final func namedChildren() -> [(name: String, module: Module)] {
        var seen: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
        return members.compactMap { name, member in
            guard case .module(let module) = member, seen.insert(ObjectIdentifier(module)).inserted else { return nil }
            return (name, module)
        }
    }

    /// The module's direct parts.
    public final func children() -> [Module] { namedChildren().map(\.module) }

    /// All parameters with their dotted names, in the order of declaration. A shared parameter appears once, under its
    /// first name.
    ///
    /// ```swift
    /// Sequential { Linear(2, 3); ReLU() }.namedParameters().map(\.name)   // ["0.weight", "0.bias"]
    /// ```
    public final func namedParameters() -> [(name: String, parameter: Parameter)] {
        var seen: Set<ObjectIdentifier> = []
        var list: [(String, Parameter)] = []
        walk { path, member in
            guard case .parameter(let parameter) = member, seen.insert(ObjectIdentifier(parameter)).inserted else {
                return
            }
            list.append((path, parameter))
        }
        return list
    }

    /// All parameters in the order of declaration, each once.
    public final func parameters() -> [Parameter] { namedParameters().map(\.parameter) }

    /// All buffers with their dotted names, in the order of declaration, each once.
    public final func namedBuffers() -> [(name: String, buffer: Buffer)] {
        var seen: Set<ObjectIdentifier> = []
        var list: [(String, Buffer)] = []
        walk { path, member in
            guard case .buffer(let buffer) = member, seen.insert(ObjectIdentifier(buffer)).inserted else { return }
            list.append((path, buffer))
        }
        return list
    }

    /// All buffers in the order of declaration, each once.
    public final func buffers() -> [Buffer] { namedBuffers().map(\.buffer) }

    /// Number of trainable and frozen values.
    public final var parameterCount: Int { parameters().reduce(0) { $0 + $1.value.count } }

    /// Number of values that training changes.
    public final var trainableParameterCount: Int {
        parameters().reduce(0) { $0 + ($1.isTrainable ? $1.value.count : 0) }
    }

    /// Visits the module and everything below it, depth first; a shared member is visited under each of its names.
    final func walk(path: String = "", _ visit: (String, Member) -> Void) {
        var ancestors: Set<ObjectIdentifier> = []
        walk(path: path, below: &ancestors, visit)
    }

    private final func walk(
        path: String, below ancestors: inout Set<ObjectIdentifier>, _ visit: (String, Member) -> Void
    ) {
        guard ancestors.insert(ObjectIdentifier(self)).inserted else { return }  // a part that refers to its owner
        visit(path, .module(self))
        for (name, member) in members {
            switch member {
            case .module(let module): module.walk(path: joinedName(path, name), below: &ancestors, visit)
            case .parameter, .buffer: visit(joinedName(path, name), member)
            }
        }
        ancestors.remove(ObjectIdentifier(self))
    }
}
