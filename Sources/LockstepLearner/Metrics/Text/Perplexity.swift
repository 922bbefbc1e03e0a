// SPDX-License-Identifier: Apache-2.0
// Perplexity of a language model.

public import LockstepTensor

/// exp(mean loss): among how many equally likely tokens the model is undecided, for a loss in nats per token.
public final class Perplexity: AvgLoss {
    public override var name: String { "perplexity" }
    public override var value: Double? { super.value.map(exponential) }

    public override class var configuration: Configuration { Configuration(Perplexity.self) { _ in Perplexity() } }
}
