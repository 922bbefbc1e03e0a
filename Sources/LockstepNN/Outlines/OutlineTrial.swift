// SPDX-License-Identifier: Apache-2.0
// Trying a model on outlines of tensors: does it fit together, and how much would it compute?

import LockstepTensor

/// What does not fit in a model that somebody has described, and where.
package struct ModelMismatch: Error {
    /// One sentence.
    package let sentence: String
    /// The innermost of the modules that are known by name.
    package internal(set) var place: String?

    package init(_ sentence: String, at place: String? = nil) { (self.sentence, self.place) = (sentence, place) }
}

/// A module that can say what it would put out.
///
/// Throws where its `forward` would stop the program. A module that does not conform, such as one of a user's own, may put out
/// anything.
package protocol Outlining: Module {
    /// The outlines of the outputs for inputs of these outlines.
    func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline]
}

/// An ``Outlining`` module of one input and one output.
package protocol UnaryOutlining: Outlining {
    func outline(of x: Outline, in trial: OutlineTrial) throws(ModelMismatch) -> Outline
}

extension UnaryOutlining {
    package func outlines(of inputs: [Outline], in trial: OutlineTrial) throws(ModelMismatch) -> [Outline] {
        guard inputs.count == 1 else {
            throw ModelMismatch("\(label): takes one input, the data have \(inputs.count): \(inputs)")
        }
        return [try outline(of: inputs[0], in: trial)]
    }
}

/// One trial of a model: the sum of what its layers would compute is limited as well as what each would put out, so that a
/// few bytes cannot keep a machine busy for hours, or ask for all of its memory.
package final class OutlineTrial {
    /// Elements of one layer's output for one item: 2²⁷, half a gigabyte of float32.
    package static let largestOutput = 1 << 27
    /// Multiplications for one item: 2³⁷. ResNet-152 needs 2³³·⁴.
    package static let most = Double(1 << 37)
    /// What an element costs that is only looked at, and what a layer costs besides, in multiplications.
    private static let (perElement, perCall) = (16.0, Double(1 << 18))

    private let places: [ObjectIdentifier: String]
    private let items: Double
    private let largest: Double
    private var spent = 0.0

    /// - Parameters:
    ///   - places: Where modules stand, for errors.
    ///   - items: Items in a batch.
    ///   - memory: Bytes that the output of one layer may take.
    package init(places: [ObjectIdentifier: String] = [:], items: Int = 1, memory: Int = .max) {
        (self.places, self.items) = (places, Double(max(items, 1)))
        largest = min(Double(OutlineTrial.largestOutput) * self.items, Double(memory / 4))
    }

    /// What `module` would put out.
    package func outputs(_ module: Module, _ inputs: [Outline]) throws(ModelMismatch) -> [Outline] {
        try spend(OutlineTrial.perCall * items)
        do throws(ModelMismatch) {
            guard let module = module as? any Outlining else { return [.unknown] }
            return try module.outlines(of: inputs, in: self)
        } catch {
            var error = error
            error.place = error.place ?? places[ObjectIdentifier(module)]
            throw error
        }
    }

    /// What a layer of one input would put out.
    package func output(_ module: Module, _ input: Outline) throws(ModelMismatch) -> Outline {
        try outputs(module, [input]).first ?? .unknown
    }

    /// Records that a layer puts out `output` and multiplies `work` times for each of its elements.
    package func made(_ output: Outline, by module: Module, work: Double = 0) throws(ModelMismatch) -> Outline {
        if let rank = output.rank, rank > Shape.maxRank {
            throw ModelMismatch(
                "\(module.label): would put out \(rank) axes, at most \(Shape.maxRank) are possible")
        }
        guard let count = output.leastCount, Double(count) <= largest else {
            throw ModelMismatch(
                "\(module.label): would put out \(output), more than the limit of \(Int(largest)) elements")
        }
        try spend(Double(count) * (OutlineTrial.perElement + work))
        return output
    }

    /// Records that a layer works through `count` further ones inside.
    package func called(_ count: Int) throws(ModelMismatch) { try spend(Double(count) * OutlineTrial.perCall * items) }

    private func spend(_ work: Double) throws(ModelMismatch) {
        spent += work
        if spent > OutlineTrial.most * items {
            throw ModelMismatch("the model computes more than the limit of 2³⁷ multiplications for one item")
        }
    }
}

/// Insists on a condition of a trial.
package func insist(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(ModelMismatch) {
    if !condition { throw ModelMismatch(sentence()) }
}
