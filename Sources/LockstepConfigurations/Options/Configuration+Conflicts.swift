// SPDX-License-Identifier: Apache-2.0
// Which options do not fit together, so that there is nothing to try.

extension Configuration {
    /// The models whose inputs are tokens and that put out scores for each place.
    var isLanguage: Bool { ["language", "carriedLanguage", "gpt"].contains(self["model"]) }
    /// Whether the model holds batch-norm layers.
    var hasBatchNorm: Bool {
        ["batchNorm", "convNorm", "normInSecondHead", "normInFirstHead", "table"].contains(self["model"])
    }
    var hasHeads: Bool {
        ["heads", "secondHead", "normInSecondHead", "normInFirstHead"].contains(self["model"])
    }
    var carriesState: Bool { ["carried", "carriedLanguage"].contains(self["model"]) }
    var isStream: Bool { ["stream", "counted", "parts", "unevenParts"].contains(self["source"]) }
    var isPartitioned: Bool { ["parts", "unevenParts"].contains(self["source"]) }
    var targets: TargetSort { TargetSort(loss: self["loss"]) }

    /// Whether the model is a ``Network`` or the library's own, and not layers in a row.
    var isNetwork: Bool {
        [
            "table", "pair", "branch", "unused", "lstm", "gru", "stacked", "carried", "regularized", "language",
            "carriedLanguage", "gpt",
        ].contains(self["model"]) || hasHeads
    }

    /// Whether an item is one row of numbers.
    var takesRows: Bool {
        ["linear", "mlp", "dropout", "batchNorm", "groupNorm", "layerNorm", "branch", "unused"].contains(self["model"])
    }

    /// Takes back what has no effect without another option, so that a configuration says no more than it is.
    mutating func simplify() {
        if self["signal"] == "none" {
            for name in ["signalAt", "signalBatch", "signalRank", "signalOrder"] { chosen[name] = nil }
        }
        if self["form"] != "callback" { (chosen["batchNorm"], chosen["checkInterval"]) = (nil, nil) }
        if !hasBatchNorm { chosen["batchNorm"] = nil }
        if self["fits"] == "1" { chosen["between"] = nil }
        if self["metrics"] == "none" { chosen["trainMetrics"] = nil }
    }

    /// Why the options do not fit together; nil if they do. What the library itself has to refuse does fit.
    public var conflict: String? { dataConflict ?? modelConflict ?? afterwardsConflict }

    private var dataConflict: String? {
        let shuffles = has("shuffle") || self["sampling"] != "every"
        if isStream && (shuffles || self["resume"] != "none" && isPartitioned) {
            return "a stream has no order to choose"
        }
        if isPartitioned && (self["sums"] == "bitwise" || has("export")) { return "parts make batches of their own" }
        if self["source"] == "own" && has("export") { return "a bundle holds no code that makes batches" }
        if self["source"] == "batches" && (shuffles || has("dropLast") || number("workers") > 0 || has("tta")) {
            return "batches at hand are taken as they are"
        }
        if self["convention"] == "perRank" && self["sums"] == "bitwise" { return "batches are larger on more ranks" }
        if self["sampling"] != "every" && self["source"] == "skips" { return "either sampled or skipped" }
        if isStream && has("tta") { return "a stream cannot be augmented" }
        if self["convention"] == "perRank" && (self["source"] == "batches" || carriesState) {
            return "batches are those of one process"
        }
        if carriesState && (shuffles || self["source"] != "tensors" || has("dropLast")) {
            return "carried states need streams in order"
        }
        // A smaller last batch starts afresh in one process; parts of it may be as large as those before.
        let isEven = [number("items"), number("valid")].allSatisfy { $0 % number("batch") == 0 }
        if self["model"] == "carried" && (!isEven || self["validBatch"] != "same") {
            return "carried states need batches of one size"
        }
        if self["ignored"] != "none"
            && !["crossEntropy", "weighted", "smoothing", "weightedSmoothing"].contains(self["loss"])
        {
            return "only cross entropies ignore"
        }
        if has("notANumber") && self["model"] == "branch" {
            return "which way such an item takes depends on the others"
        }
        if has("notANumber") && self["ignored"] != "none" {
            return "an item that does not count adds nothing to its part"
        }
        if has("notANumber") && (isLanguage || self["saving"] != "none") { return "tokens are numbers" }
        return nil
    }

    private var modelConflict: String? {
        if isLanguage && targets != .classes { return "a language model predicts tokens" }
        if self["dtype"] == "float64" && self["precision"] != "none" { return "precision is reduced from float32" }
        if self["frozen"] == "body" && self["model"] == "linear" { return "nothing would be left" }
        if self["frozen"] == "group" && (self["groups"] == "one" || self["schedule"] == "fineTune") {
            return "no group to freeze"
        }
        if self["source"] == "shared" && self["model"] == "carriedLanguage" { return "a text is not made of tensors" }
        if self["predictions"] == "single" && !takesRows { return "one row is predicted" }
        if self["loss"] == "bce" && isNetwork { return "what ends in no sigmoid puts out no probabilities" }
        if hasHeads && targets == .positions { return "heads are for items" }
        if self["model"] == "regularized" && (self["mixing"] != "none" || targets == .positions) {
            return "states come with their own targets"
        }
        if self["dtype"] == "float64" && self["update"] == "owner" { return "float64 is updated everywhere" }
        return nil
    }

    private var afterwardsConflict: String? {
        if self["resume"] != "none" {
            if self["signal"] != "none" || self["fits"] != "1" || ["fineTune"].contains(self["schedule"]) {
                return "what is resumed is one fit"
            }
            if has("mistake") || has("finder") { return "what is resumed is one fit" }
            if has("short") || has("csv") || has("assigns") || self["watching"] != "none" || self["source"] == "batches"
            {
                return "what is resumed has all batches"
            }
            if self["resume"] == "twice" && (number("epochs") < 3 || self["schedule"] == "sgdr") {
                return "dying twice takes three epochs"
            }
            if self["resume"] == "epoch" && number("epochs") < 2 { return "an epoch after the first is needed" }
        }
        if self["metrics"] == "accumulated" && self["ignored"] != "none" { return "ignored targets are no class" }
        if self["again"] == "mpirun" && self["nodes"] != "one" { return "mpirun starts ranks of one node" }
        if self["schedule"] == "sgdr" && self["epochs"] != "1" { return "cycles say how long" }
        return nil
    }
}

/// What the targets of a loss look like.
enum TargetSort: Equatable {
    /// One class of each item, or of each token.
    case classes
    /// Numbers.
    case numbers
    /// Zeros and ones.
    case flags
    /// A class at each place of an item.
    case positions

    init(loss: String) {
        self =
            switch loss {
            case "mse", "l1", "customItems", "customScalar", "customReduction", "customMasked", "customHole",
                "customUnweighted":
                .numbers
            case "bce", "bceWithLogits", "weightedBCE": .flags
            case "dice": .positions
            default: .classes
            }
    }
}
