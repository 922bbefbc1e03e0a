// SPDX-License-Identifier: Apache-2.0
// From the vectors of a text's tokens to one for the text.

public import LockstepTensor

/// How one vector is made of a text's.
public enum TextPooling: String, Hashable, Codable, Sendable, CaseIterable {
    /// The mean of the tokens', filling left out: sentence encoders.
    case mean
    /// The first token's: BERT's `[CLS]`.
    case cls
    /// The last token's that is no filling, which is on the right: decoders.
    case last

    /// `[N, T, width]` and a mask `[N, T]` → `[N, width]`.
    public func callAsFunction(_ hidden: Tensor, mask: Tensor? = nil) -> Tensor {
        switch self {
        case .cls: return hidden[.all, 0]
        case .mean:
            guard let mask else { return hidden.mean(axis: 1) }
            let weights = mask.to(hidden.dtype).unsqueezed(axis: 2)
            return (hidden * weights).sum(axis: 1) / weights.sum(axis: 1).clamped(min: 1e-9)
        case .last:
            guard let mask, hidden.shape[1] > 1 else { return hidden[.all, -1] }
            let (length, kept) = (hidden.shape[1], mask.to(hidden.dtype))
            let next = Tensor.concatenated(
                [kept[.all, 1..<length], .zeros([kept.shape[0], 1], dtype: hidden.dtype)], axis: 1)
            return (hidden * (kept * (1 - next)).unsqueezed(axis: 2)).sum(axis: 1)
        }
    }
}
