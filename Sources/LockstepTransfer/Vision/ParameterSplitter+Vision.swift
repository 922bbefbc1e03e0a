// SPDX-License-Identifier: Apache-2.0
// The parameter groups of a body with a head.

public import LockstepLearner
public import LockstepModels
import LockstepNN
import LockstepTensor

extension ParameterSplitter {
    /// Groups of a model that `Learner.vision` has made of `architecture`: the body, for ResNets cut before its third stage, then
    /// the head.
    ///
    /// - Note: fastai: `default_split`, `_resnet_split`.
    public static func vision(_ architecture: VisionArchitecture) -> ParameterSplitter {
        bodyAndHead(cuts: architecture.cuts)
    }

    /// Groups of a `Sequential` of a body and a head: the body, cut into parts before the layers of these numbers, then the head.
    ///
    /// - Precondition: the model is a `Sequential` of a `Sequential` and more; cuts rise and lie inside of the body.
    public static func bodyAndHead(
        cuts: [Int] = [], file: StaticString = #fileID, line: UInt = #line
    ) -> ParameterSplitter {
        ParameterSplitter { model in
            let parts = (model as? Sequential)?.layers ?? []
            guard parts.count > 1, let body = parts[0] as? Sequential else {
                stop(
                    "ParameterSplitter.bodyAndHead: the model is a \(model.typeName), not a Sequential of a body and a head",
                    file: file, line: line)
            }
            let ends = cuts + [body.count]
            require(
                zip([0] + cuts, ends).allSatisfy { $0 < $1 },
                "ParameterSplitter.bodyAndHead: cuts \(cuts) of a body of \(body.count) layers", file: file, line: line)
            let groups = zip([0] + cuts, ends).map { body.layers[$0..<$1].flatMap { $0.parameters() } }
            return groups + [parts[1...].flatMap { $0.parameters() }]
        }
    }
}
