// SPDX-License-Identifier: Apache-2.0
// How a loss over many elements becomes one number, or does not.

/// What a loss does with the losses of the single elements.
public enum Reduction: String, Sendable, Codable, CaseIterable {
    /// Their mean (weighted, where the loss has class weights).
    case mean
    /// Their sum.
    case sum
    /// Nothing: they are returned one by one.
    case none
}
