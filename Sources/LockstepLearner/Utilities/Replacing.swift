// SPDX-License-Identifier: Apache-2.0
// Replacing a property for a scope.

/// Runs `body` while the property at `path` of `object` is `value`, and puts the old value back however `body` ends.
///
/// ```swift
/// try replacing(\.lr, on: learner, with: 1e-4) { try learner.fit(1) }
/// ```
@discardableResult
public func replacing<Object: AnyObject, Value, Result, Failure: Error>(
    _ path: ReferenceWritableKeyPath<Object, Value>, on object: Object, with value: Value,
    _ body: () throws(Failure) -> Result
) throws(Failure) -> Result {
    let old = object[keyPath: path]
    object[keyPath: path] = value
    defer { object[keyPath: path] = old }
    return try body()
}
