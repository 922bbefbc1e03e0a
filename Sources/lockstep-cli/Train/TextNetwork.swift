// SPDX-License-Identifier: Apache-2.0
// The networks for classes of texts: a small one of the command's own, and known ones with weights from files.

import ArgumentParser
import Lockstep

/// A network for texts.
enum TextNetwork: String, CaseIterable, ExpressibleByArgument, SettingValue {
    /// Trained from scratch, on words.
    case small
    case bert, distilbert, gpt2
    /// A BERT whose vector of a text is the mean of its tokens'.
    case minilm

    /// What `config.json` calls it; nil for the command's own.
    var modelType: String? {
        switch self {
        case .small: nil
        case .minilm: "bert"
        case .bert, .distilbert, .gpt2: rawValue
        }
    }

    /// The network in a folder; one that is not known here is refused later, by name.
    init(folder: String) { self = (try? TextBody.modelType(folder)).flatMap { TextNetwork(rawValue: $0) } ?? .bert }
}
