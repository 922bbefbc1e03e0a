// SPDX-License-Identifier: Apache-2.0
// Finding what a module consists of: reflection over its stored properties.

import LockstepTensor

/// Something a module owns.
enum Member {
    case parameter(Parameter)
    case buffer(Buffer)
    case module(Module)
}

extension Module {
    /// What the module itself owns, in the order of declaration, superclass first; a shared member appears every time.
    ///
    /// Names are relative to the module: `weight`, `layers.0`.
    final var members: [(name: String, member: Member)] {
        var mirrors: [Mirror] = []
        var mirror: Mirror? = Mirror(reflecting: self)
        while let level = mirror, level.subjectType != Module.self {
            mirrors.append(level)
            mirror = level.superclassMirror
        }
        var found: [(String, Member)] = []
        for level in mirrors.reversed() {
            for case (let label?, let value) in level.children {
                findMembers(in: value, named: propertyName(label)) { found.append(($0, $1)) }
            }
        }
        return found
    }
}

/// The property behind a stored label: wrappers store `_weight`, lazy properties `$__lazy_storage_$_weight`.
private func propertyName(_ label: String) -> String {
    let lazyPrefix = "$__lazy_storage_$_"
    if label.hasPrefix(lazyPrefix) { return String(label.dropFirst(lazyPrefix.count)) }
    return label.hasPrefix("_") ? String(label.dropFirst()) : label
}

private func findMembers(in value: Any, named name: String, _ visit: (String, Member) -> Void) {
    // Asked first: casting an array to a class would bridge all its elements.
    if type(of: value) is AnyClass {
        switch value {
        case let parameter as Parameter: return visit(parameter.savedName ?? name, .parameter(parameter))
        case let buffer as Buffer: return visit(buffer.savedName ?? name, .buffer(buffer))
        case let module as Module: return visit(name, .module(module))
        default: break
        }
    }
    guard let container = value as? any MemberContainer else { return }
    container.visitParts(named: name) { findMembers(in: $1, named: $0, visit) }
}

/// `outer.inner`, leaving empty parts out.
func joinedName(_ outer: String, _ inner: String) -> String {
    outer.isEmpty ? inner : inner.isEmpty ? outer : outer + "." + inner
}

/// Something members can be in.
private protocol MemberContainer {
    func visitParts(named name: String, _ visit: (String, Any) -> Void)
}

extension Optional: MemberContainer {
    fileprivate func visitParts(named name: String, _ visit: (String, Any) -> Void) {
        if let self { visit(name, self) }
    }
}

extension Array: MemberContainer {
    fileprivate func visitParts(named name: String, _ visit: (String, Any) -> Void) {
        if Element.self is any TensorElement.Type || Element.self == String.self { return }  // a long table of numbers
        for (index, element) in enumerated() { visit(joinedName(name, String(index)), element) }
    }
}

extension Dictionary: MemberContainer where Key == String {
    fileprivate func visitParts(named name: String, _ visit: (String, Any) -> Void) {
        for key in keys.sorted() {  // a dictionary's own order differs from process to process
            if let value = self[key] { visit(joinedName(name, key), value) }
        }
    }
}

extension Submodule: MemberContainer {
    fileprivate func visitParts(named name: String, _ visit: (String, Any) -> Void) { visit(savedName, wrappedValue) }
}
