// SPDX-License-Identifier: Apache-2.0
// What a rule is: names of its hyper-parameters and state, and one pass over a stretch of memory.

package import CLockstepKernels
import LockstepTensor

/// An optimizer's formula, applied to stretches of an arena. Rules are values without state of their own.
public protocol UpdateRule: Sendable {
    /// For printing and saved files: "adam".
    var name: String { get }
    /// The hyper-parameters it reads after `lr`, with their defaults, in a fixed order.
    var defaults: [(name: String, value: Double)] { get }
    /// Names of its per-element state, each as large as the parameters and zero at first.
    var stateNames: [String] { get }
    /// Whether it needs whole parameters one at a time (it uses their norms).
    var isPerParameter: Bool { get }
    /// Whether weight decay shrinks parameters directly instead of being added to gradients.
    var decouplesDecay: Bool { get }
    /// Updates one stretch.
    func update(_ stretch: Stretch)
}

extension UpdateRule {
    public var isPerParameter: Bool { false }
}

/// A run of elements that share group, flags and step count.
public struct Stretch {
    package let dtype: lsk_dtype
    /// Number of elements.
    public let count: Int
    package let value: UnsafeMutableRawPointer
    package let gradient: UnsafeMutableRawPointer
    package let state: (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?)
    /// `lr`, then the rule's hyper-parameters in the order of its ``UpdateRule/defaults``.
    package let hypers: UnsafePointer<Double>
    /// How often these elements have been stepped, this time included.
    public let step: Int
    package let common: lsk_update

    /// The learning rate.
    public var lr: Double { hypers[0] }
    /// Hyper-parameter `index` of the rule's list.
    public func hyper(_ index: Int) -> Double { hypers[1 + index] }
}
