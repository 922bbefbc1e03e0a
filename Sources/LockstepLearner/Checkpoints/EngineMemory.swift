// SPDX-License-Identifier: Apache-2.0
// Which engines convolutions were computed with: another one gives other bits.

import LockstepTensor

extension Learner {
    /// What decides the engines on every rank, and what was chosen by timing. On another number of ranks all go by the first
    /// one's choices.
    ///
    /// - Throws: ``StateError`` for a choice that is none. One that this machine or build does not have is warned of.
    func exchangeEngines(with archive: StateArchive) throws {
        var own: StateArchive.Named = []
        if archive.isWriting {
            own.append(("identity", Tensor(Array(ConvolutionEngine.identity.utf8))))
            own.append(("choices", Tensor(Array(ConvolutionEngine.choices.joined(separator: "\n").utf8))))
        }
        func text(_ own: StateArchive.Named, _ name: String) throws -> String {
            guard let tensor = own.first(where: { $0.name == name })?.tensor, tensor.rank == 1, tensor.dtype == .uint8,
                let text = String(validating: tensor.ints.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
            else { throw archive.error("engines", "\(name) is no text") }
            return text
        }
        try archive.own("engines", &own) { ranks in
            ranks.first ?? []
        } check: { own in
            _ = (try text(own, "identity"), try text(own, "choices"))
        }
        guard archive.isReading else { return }
        let (identity, choices) = (try text(own, "identity"), try text(own, "choices"))
        if identity != ConvolutionEngine.identity {
            warn(
                "convolutions were computed by \(identity), now by \(ConvolutionEngine.identity): the run goes on, but its last bits may differ"
            )
        }
        do {
            try ConvolutionEngine.restore(choices.split(separator: "\n").map(String.init))
        } catch  where error.code == .unavailable {
            warn("an engine that convolutions were computed with is not there, so last bits may differ: \(error)")
        } catch {
            throw archive.error("engines", "\(error)")
        }
    }
}
