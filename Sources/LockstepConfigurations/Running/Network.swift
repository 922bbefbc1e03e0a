// SPDX-License-Identifier: Apache-2.0
// Small models that are more than layers in a row: several inputs or outputs, branches, states.

import LockstepLearner
import LockstepNN
import LockstepTensor

/// A model of one of several kinds.
final class Network: Module {
    let kind: String
    let outputs: Int
    let isByPlace: Bool
    @Submodule private var body: Module
    @Submodule private var head: Linear
    @Submodule private var other: Sequential

    /// `[N, 3·4]` as scores of 3 classes at 4 places.
    static var toPlaces: Apply {
        Apply("to places") { $0.reshaped([$0.shape[0], ConfiguredData.classes, 4]) }
    }

    init(_ kind: String, outputs: Int, isByPlace: Bool) {
        (self.kind, self.outputs, self.isByPlace) = (kind, outputs, isByPlace)
        let body: Module =
            switch kind {
            case "lstm": LSTM(3, 5, batchFirst: true)
            case "carried": LSTM(3, 5, batchFirst: true, carriesState: true)
            case "gru": GRU(3, 5, batchFirst: true)
            case "stacked": LSTM(3, 3, layers: 2, batchFirst: true, dropout: 0.3, bidirectional: true)
            case "regularized": LSTM(3, 5, batchFirst: true)
            case "normInFirstHead":
                Sequential {
                    Linear(4, 5, bias: false); BatchNorm1d(5); Tanh()
                }
            case "pair":
                Sequential {
                    Linear(7, 5); Tanh()
                }
            case "table":
                Sequential {
                    Linear(4, 5, bias: false); BatchNorm1d(5); Tanh()
                }
            default:
                Sequential {
                    Linear(4, 5); Tanh()
                }
            }
        _body = Submodule(wrappedValue: body, "body")
        _head = Submodule(wrappedValue: Linear(kind == "stacked" ? 6 : 5, outputs), "head")
        let other =
            switch kind {
            case "normInSecondHead":
                Sequential {
                    Linear(4, 5, bias: false); BatchNorm1d(5); Linear(5, outputs)
                }
            default: Sequential { Linear(4, outputs) }
            }
        _other = Submodule(wrappedValue: other, "other")
        super.init()
    }

    override func forward(_ inputs: [Tensor]) -> [Tensor] {
        let x = inputs[0]
        switch kind {
        case "pair": return [shaped(head(hidden(Tensor.concatenated([x, inputs[1]], axis: 1))))]
        case "table":
            let kinds = x.oneHot(classes: 3).to(inputs[1].dtype).sum(axes: [2])
            return [shaped(head(hidden(Tensor.concatenated([kinds, inputs[1]], axis: 1))))]
        case "heads", "secondHead", "normInSecondHead", "normInFirstHead": return [head(hidden(x)), other(x)]
        case "branch":
            // Items that are large enough take a way of their own; a batch without such items never uses it.
            let y = head(hidden(x))
            let isLarge = x[.all, 0] .> 0.4
            guard isLarge.any().bools[0] else { return [shaped(y)] }
            return [shaped(y + other(x) * isLarge.to(y.dtype).unsqueezed(axis: 1))]
        case "lstm", "gru", "stacked", "carried":
            return [shaped(head(states(x)[.all, ConfiguredData.length - 1]))]
        case "regularized":
            let states = states(x)
            let dropped = isTraining ? states * 0.9 : states
            return [head(dropped[.all, ConfiguredData.length - 1]), states, dropped]
        default: return [shaped(head(hidden(x)))]
        }
    }

    private func hidden(_ x: Tensor) -> Tensor { body.forward([x])[0] }
    private func states(_ x: Tensor) -> Tensor { body.forward([x])[0] }
    private func shaped(_ y: Tensor) -> Tensor { isByPlace ? Network.toPlaces(y) : y }

    /// Makes models of this kind, and what else consists of functions, known to exports.
    static func register() {
        ExportRegistry.register(Network.self) {
            ["kind": $0.kind, "outputs": $0.outputs, "isByPlace": $0.isByPlace]
        } make: {
            Network(try $0("kind"), outputs: try $0("outputs"), isByPlace: try $0("isByPlace"))
        }
        ExportRegistry.register(Apply.self, called: "to places") { Network.toPlaces }
    }
}
