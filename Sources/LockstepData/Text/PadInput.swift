// SPDX-License-Identifier: Apache-2.0
// Texts of one batch brought to one length.

public import LockstepTensor

/// Fills the inputs of a batch's shorter items up to the length of the longest: for `beforeBatch` of a loader of texts.
///
/// fastai: `pad_input`.
public struct PadInput: Transform, Codable, Hashable, Sendable {
    /// The token to fill with: the number of `xxpad`, 1 in a vocabulary that begins with the reserved tokens.
    public let token: Int
    /// Whether the filling comes before the text rather than after it.
    public let first: Bool

    /// Fills with `token`, after the text or before it.
    public init(token: Int = 1, first: Bool = false) { (self.token, self.first) = (token, first) }

    /// What it does on the way to the model.
    public var encodes: [TypedFunction] { [TypedFunction { (samples: [Sample]) in padded(samples) }] }

    private func padded(_ samples: [Sample]) -> [Sample] {
        let inputs = samples.map { $0.inputs.first }
        let length = inputs.compactMap { $0?.rank == 1 ? $0?.count : nil }.max() ?? 0
        return samples.map { sample in
            guard let text = sample.inputs.first, text.rank == 1, text.count < length else { return sample }
            let filling = Tensor.full([length - text.count], Double(token), dtype: text.dtype)
            var result = sample
            result.inputs[0] = Tensor.concatenated(first ? [filling, text] : [text, filling], axis: 0)
            return result
        }
    }
}

extension PadInput: Configurable {
    public static let configuration = Configuration(codable: PadInput.self) { padding, fields in
        try fields.check((0...Int(Int32.max)).contains(padding.token), "\(padding.token) is no token")
    }
}
