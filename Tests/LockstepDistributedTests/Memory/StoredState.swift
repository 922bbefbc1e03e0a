// SPDX-License-Identifier: Apache-2.0
// What an object stores, as text that changes when the stored values do.

import LockstepComm
import LockstepDistributed
import LockstepLearner
import LockstepNN
import LockstepTensor

/// The stored properties of an object, superclasses' included, by `Type.label`.
func storedProperties(of object: Any) -> [String: String] {
    var result: [String: String] = [:]
    var level: Mirror? = Mirror(reflecting: object)
    while let mirror = level {
        for case let (label?, value) in mirror.children where label != "learner" {
            result["\(mirror.subjectType).\(label)"] = fingerprint(value, depth: 0)
        }
        level = mirror.superclassMirror
    }
    return result
}

/// Parameters, buffers and modules are in every checkpoint, or walked on their own.
private func fingerprint(_ value: Any, depth: Int) -> String {
    switch value {
    case is Parameter, is Buffer, is Module, is Callback, is Learner, is any Communicator: return "part"
    case let tensor as Tensor: return "\(tensor.shape)\(tensor.detached.doubles)"
    case let number as any BinaryFloatingPoint: return "\(number)"
    case let number as any BinaryInteger: return "\(number)"
    case let flag as Bool: return "\(flag)"
    case let text as String: return text
    default: break
    }
    let mirror = Mirror(reflecting: value)
    guard depth < 6, !mirror.children.isEmpty else { return mirror.displayStyle == .class ? "object" : "\(value)" }
    var level: Mirror? = mirror
    var text = "("
    while let mirror = level {
        for (label, child) in mirror.children { text += "\(label ?? ""):\(fingerprint(child, depth: depth + 1)) " }
        level = mirror.superclassMirror
    }
    return text + ")"
}

/// The labels of stored properties that an object declares for runs that are interrupted.
func declared(by object: Any) throws -> Set<String> {
    guard let resumable = object as? any Resumable else { return [] }
    let archive = StateArchive(writingOn: 0, of: 2)
    archive.owner = "x"
    try resumable.exchangeState(with: archive)
    return Set(archive.names.map { String($0.split(separator: "/")[1]) })
}
