// SPDX-License-Identifier: Apache-2.0
// What LSTM and GRU have in common: parameters, layers, directions, dropout between layers, carried state.

public import LockstepTensor

/// Recurrent layers over a sequence. Use ``LSTM`` or ``GRU``.
public class Recurrent: Module, Resumable {
    /// Size of the input's last axis.
    public let inputSize: Int
    /// Size of the hidden state of one direction.
    public let hiddenSize: Int
    /// Number of layers, each over the output of the one before.
    public let layers: Int
    /// Whether sequences are `[N, T, …]` and not `[T, N, …]`.
    public let batchFirst: Bool
    /// Probability of dropping a value between two layers, while training.
    public var dropout: Double
    /// Whether each layer also runs backward in time.
    public let bidirectional: Bool
    /// Whether the state at the end of a batch is where the next batch starts, until ``Module/reset()``. The gradient does
    /// not flow from one batch into the one before.
    public let carriesState: Bool
    private let weights: [Parameter]
    package let hasBias: Bool
    /// The last state, detached: hidden and, for an LSTM, cell.
    var carried: [Tensor] = []

    init(
        _ name: String, gates: Int, _ inputSize: Int, _ hiddenSize: Int, layers: Int, bias: Bool, batchFirst: Bool,
        dropout: Double, bidirectional: Bool, carriesState: Bool, file: StaticString, line: UInt
    ) {
        require(
            inputSize > 0 && hiddenSize > 0 && layers > 0,
            "\(name)(\(inputSize), \(hiddenSize), layers: \(layers)): sizes must be positive", file: file, line: line)
        require(
            dropout >= 0 && dropout <= 1, "\(name): a dropout of \(dropout) is not in 0...1", file: file, line: line)
        self.inputSize = inputSize
        self.hiddenSize = hiddenSize
        self.layers = layers
        self.batchFirst = batchFirst
        self.dropout = dropout
        self.bidirectional = bidirectional
        self.carriesState = carriesState
        hasBias = bias
        let initial = Initializer.withinInverseRoot(of: hiddenSize)
        var weights: [Parameter] = []
        for layer in 0..<layers {
            for direction in bidirectional ? ["", "_reverse"] : [""] {
                let suffix = "l\(layer)\(direction)"
                let inputs = layer == 0 ? inputSize : hiddenSize * (bidirectional ? 2 : 1)
                weights.append(Parameter(wrappedValue: initial([gates * hiddenSize, inputs]), "weight_ih_" + suffix))
                weights.append(
                    Parameter(wrappedValue: initial([gates * hiddenSize, hiddenSize]), "weight_hh_" + suffix))
                guard bias else { continue }
                weights.append(Parameter(wrappedValue: initial([gates * hiddenSize]), "bias_ih_" + suffix))
                weights.append(Parameter(wrappedValue: initial([gates * hiddenSize]), "bias_hh_" + suffix))
            }
        }
        self.weights = weights
        super.init()
    }

    public override var describeExtra: String {
        "\(inputSize), \(hiddenSize)" + (layers == 1 ? "" : ", layers: \(layers)") + (hasBias ? "" : ", bias: false")
            + (batchFirst ? ", batchFirst: true" : "") + (dropout == 0 ? "" : ", dropout: \(dropout)")
            + (bidirectional ? ", bidirectional: true" : "") + (carriesState ? ", carriesState: true" : "")
    }

    /// The fields of every recurrent layer.
    final class func fields<Layer: Recurrent>(of type: Layer.Type = Layer.self) -> [Field<Layer>] {
        [
            Field("inputs", \.inputSize, .size, python: "input_size"),
            Field("hidden", \.hiddenSize, .size, python: "hidden_size"),
            Field("layers", \.layers, .size, python: "num_layers"), Field("bias", \.hasBias),
            Field("batchFirst", \.batchFirst), Field("dropout", \.dropout, .within(0...1)),
            Field("bidirectional", \.bidirectional), Field("carriesState", \.carriesState),
        ]
    }

    /// Forgets the carried state.
    public override func reset() {
        carried = []
        super.reset()
    }

    /// The carried state: each rank's is that of its own shard of the batch.
    public func exchangeState(with archive: StateArchive) throws {
        if carriesState { try archive.tensors("carried", &carried, itemAxis: 1) }
    }

    /// The parameters of one layer in one direction.
    struct Cell {
        let inputWeight: Tensor
        let hiddenWeight: Tensor
        let inputBias: Tensor?
        let hiddenBias: Tensor?
    }

    /// Runs all layers. `step` runs one layer in one direction and gives its output and its last states.
    func run(
        _ x: Tensor, from states: [Tensor]?,
        _ step: (_ x: Tensor, _ states: [Tensor]?, _ cell: Cell, _ reverse: Bool) -> (output: Tensor, states: [Tensor])
    ) -> (output: Tensor, states: [Tensor]) {
        require(
            x.rank == 3 && x.shape[2] == inputSize,
            "\(label): needs a sequence [\(batchFirst ? "N, T" : "T, N"), \(inputSize)], not \(x.shape)")
        let directions = bidirectional ? 2 : 1
        let items = x.shape[batchFirst ? 0 : 1]
        let expected: Shape = [layers * directions, items, hiddenSize]
        for state in states ?? [] {
            require(state.shape == expected, "\(label): a state of shape \(state.shape), not \(expected)")
        }
        var start = states
        if start == nil, carriesState, carried.first?.shape == expected { start = carried }
        var y = x
        var ends: [[Tensor]] = []
        for layer in 0..<layers {
            if layer > 0 && isTraining && dropout > 0 { y = y.droppedByItem(dropout, itemAxis: batchFirst ? 0 : 1) }
            var outputs: [Tensor] = []
            for direction in 0..<directions {
                let index = layer * directions + direction
                let result = step(y, start?.map { $0[index] }, cell(index), direction == 1)
                outputs.append(result.output)
                ends.append(result.states)
            }
            y = outputs.count == 1 ? outputs[0] : Tensor.concatenated(outputs, axis: 2)
        }
        let last = (0..<ends[0].count).map { kind in
            ends.count == 1 ? ends[0][kind].unsqueezed(axis: 0) : Tensor.stacked(ends.map { $0[kind] }, axis: 0)
        }
        if carriesState { carried = last.map(\.detached) }
        return (observed(y), last)
    }

    private func cell(_ index: Int) -> Cell {
        let first = index * (hasBias ? 4 : 2)
        return Cell(
            inputWeight: weights[first].wrappedValue, hiddenWeight: weights[first + 1].wrappedValue,
            inputBias: hasBias ? weights[first + 2].wrappedValue : nil,
            hiddenBias: hasBias ? weights[first + 3].wrappedValue : nil)
    }
}

/// Long short-term memory over a sequence.
///
/// With the gates in the order i, f, g, o: `i, f, o = σ(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ)`, `g = tanh(…)`, `c = f·c + i·g`,
/// `h = o·tanh(c)`. Hochreiter and Schmidhuber, *Long Short-Term Memory* (1997).
///
/// ```swift
/// let y = LSTM(64, 256, batchFirst: true)(Tensor.zeros([32, 100, 64]))
/// y.shape          // [32, 100, 256]
/// ```
///
/// - Shape:
///   - Input: `[T, N, inputSize]`, or `[N, T, inputSize]` with `batchFirst`.
///   - Output: the same with `hiddenSize`, twice that when bidirectional.
///   - States: `[layers · directions, N, hiddenSize]` each.
/// - Note: PyTorch: `torch.nn.LSTM`, with its names and initialisation: all within `±1/√hiddenSize`.
public final class LSTM: Recurrent, UnaryLayer {
    /// - Parameters:
    ///   - inputSize: Size of the input's last axis.
    ///   - hiddenSize: Size of the hidden state.
    ///   - layers: Number of layers.
    ///   - bias: Whether to learn offsets.
    ///   - batchFirst: Whether sequences are `[N, T, …]`. The default is PyTorch's, `[T, N, …]`.
    ///   - dropout: Probability of dropping a value between two layers, while training.
    ///   - bidirectional: Whether each layer also runs backward in time.
    ///   - carriesState: Whether a batch starts from the state in which the one before ended.
    public init(
        _ inputSize: Int, _ hiddenSize: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, carriesState: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        super.init(
            "LSTM", gates: 4, inputSize, hiddenSize, layers: layers, bias: bias, batchFirst: batchFirst,
            dropout: dropout,
            bidirectional: bidirectional, carriesState: carriesState, file: file, line: line)
    }

    /// The last layer's hidden state at every step.
    public func callAsFunction(_ x: Tensor) -> Tensor { self(x, from: nil).output }

    /// The last layer's hidden state at every step, and all layers' states at the end.
    /// - Parameter states: Where to start; nil for zeros, or the carried state.
    public func callAsFunction(
        _ x: Tensor, from states: (hidden: Tensor, cell: Tensor)?
    ) -> (output: Tensor, hidden: Tensor, cell: Tensor) {
        let result = run(x, from: states.map { [$0.hidden, $0.cell] }) { x, states, cell, reverse in
            let y = x.lstm(
                hidden: states?[0], cell: states?[1], inputWeight: cell.inputWeight, hiddenWeight: cell.hiddenWeight,
                inputBias: cell.inputBias, hiddenBias: cell.hiddenBias, batchFirst: batchFirst, reverse: reverse)
            return (y.output, [y.hidden, y.cell])
        }
        return (result.output, result.states[0], result.states[1])
    }
}

extension LSTM: Configurable {
    public static let configuration = Configuration(LSTM.self) {
        Recurrent.fields()
    } make: { fields in
        try fields.claimRecurrent(gates: 4, directions: fields("bidirectional") ? 2 : 1)
        return LSTM(
            try fields("inputs"), try fields("hidden"), layers: try fields("layers"), bias: try fields("bias"),
            batchFirst: try fields("batchFirst"), dropout: try fields("dropout"),
            bidirectional: try fields("bidirectional"), carriesState: try fields("carriesState"))
    }
}

/// Gated recurrent units over a sequence.
///
/// With the gates in the order r, z, n: `r, z = σ(x Wᵢᵀ + bᵢ + h Wₕᵀ + bₕ)`, `n = tanh(x Wᵢᵀ + bᵢ + r·(h Wₕᵀ + bₕ))`,
/// `h = (1 − z)·n + z·h`. Cho et al., *Learning Phrase Representations using RNN Encoder–Decoder* (2014).
///
/// - Shape: as ``LSTM``.
/// - Note: PyTorch: `torch.nn.GRU`, with its names and initialisation: all within `±1/√hiddenSize`.
public final class GRU: Recurrent, UnaryLayer {
    /// - Parameters:
    ///   - inputSize: Size of the input's last axis.
    ///   - hiddenSize: Size of the hidden state.
    ///   - layers: Number of layers.
    ///   - bias: Whether to learn offsets.
    ///   - batchFirst: Whether sequences are `[N, T, …]`. The default is PyTorch's, `[T, N, …]`.
    ///   - dropout: Probability of dropping a value between two layers, while training.
    ///   - bidirectional: Whether each layer also runs backward in time.
    ///   - carriesState: Whether a batch starts from the state in which the one before ended.
    public init(
        _ inputSize: Int, _ hiddenSize: Int, layers: Int = 1, bias: Bool = true, batchFirst: Bool = false,
        dropout: Double = 0, bidirectional: Bool = false, carriesState: Bool = false, file: StaticString = #fileID,
        line: UInt = #line
    ) {
        super.init(
            "GRU", gates: 3, inputSize, hiddenSize, layers: layers, bias: bias, batchFirst: batchFirst,
            dropout: dropout,
            bidirectional: bidirectional, carriesState: carriesState, file: file, line: line)
    }

    /// The last layer's hidden state at every step.
    public func callAsFunction(_ x: Tensor) -> Tensor { self(x, from: nil).output }

    /// The last layer's hidden state at every step, and all layers' states at the end.
    /// - Parameter hidden: Where to start; nil for zeros, or the carried state.
    public func callAsFunction(_ x: Tensor, from hidden: Tensor?) -> (output: Tensor, hidden: Tensor) {
        let result = run(x, from: hidden.map { [$0] }) { x, states, cell, reverse in
            let y = x.gru(
                hidden: states?[0], inputWeight: cell.inputWeight, hiddenWeight: cell.hiddenWeight,
                inputBias: cell.inputBias, hiddenBias: cell.hiddenBias, batchFirst: batchFirst, reverse: reverse)
            return (y.output, [y.hidden])
        }
        return (result.output, result.states[0])
    }
}

extension GRU: Configurable {
    public static let configuration = Configuration(GRU.self) {
        Recurrent.fields()
    } make: { fields in
        try fields.claimRecurrent(gates: 3, directions: fields("bidirectional") ? 2 : 1)
        return GRU(
            try fields("inputs"), try fields("hidden"), layers: try fields("layers"), bias: try fields("bias"),
            batchFirst: try fields("batchFirst"), dropout: try fields("dropout"),
            bidirectional: try fields("bidirectional"), carriesState: try fields("carriesState"))
    }
}

extension ExportFields {
    /// Claims the matrices of recurrent layers: the first reads the input, the others both directions of the one before.
    func claimRecurrent(gates: Int, inputs name: String = "inputs", directions: Int = 1) throws {
        let (inputs, hidden, layers): (Int, Int, Int) = (try self(name), try self("hidden"), try self("layers"))
        try claim(parts: layers, directions, 4)
        try claim(directions, gates, hidden, inputs)
        try claim(layers, directions, gates, hidden, hidden)
        try claim(layers - 1, directions, directions, gates, hidden, hidden)
    }
}
