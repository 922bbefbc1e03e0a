// SPDX-License-Identifier: Apache-2.0
// The network that is trained on a table: which one, and how large.

import ArgumentParser
import Lockstep
import LockstepData

/// A network for tables.
enum TableModel: String, CaseIterable, ExpressibleByArgument, SettingValue {
    case tabular, tabm
}

/// `--model`, and the sizes of what it names.
struct TableNetworkOptions: SettingGroup {
    static let model = Setting(
        "model", TableModel.tabular,
        help: "Network: a perceptron, or tabm: an ensemble of perceptrons that share their weights.")
    @Option(TableNetworkOptions.model) var model: TableModel?
    static let members = Setting(
        "members", 32, in: 1...1024, help: "With --model tabm, how many perceptrons there are.",
        onResume: .sameIfKnown)
    @Option(TableNetworkOptions.members) var members: Int?
    static let layers = Setting(
        "layers", SettingList([200, 100]), help: "Sizes of the hidden layers.", valueName: "sizes",
        onResume: .sameIfKnown,
        problem: { $0.elements.allSatisfy((1...65_536).contains) ? nil : "sizes must be between 1 and 65536" })
    @Option(TableNetworkOptions.layers) var layers: SettingList<Int>?
    static let dropout = Setting(
        "dropout", SettingList([0.0]), help: "Share of hidden values to drop: one for all layers, or one for each.",
        valueName: "shares", onResume: .sameIfKnown,
        problem: { $0.elements.allSatisfy { $0 >= 0 && $0 < 1 } ? nil : "shares must be at least 0 and less than 1" })
    @Option(TableNetworkOptions.dropout) var dropout: SettingList<Double>?

    static var settings: [BoundSetting<Self>] {
        [
            BoundSetting(model, \.model),
            BoundSetting(
                optional: members, \.members, initial: { $0.network == .tabm ? members.initial : nil }),
            BoundSetting(layers, \.layers), BoundSetting(dropout, \.dropout),
        ]
    }
    func validate() throws { try checkGiven() }

    var network: TableModel { model ?? Self.model.initial }

    var conflict: SettingConflict? {
        let (sizes, shares) = (layers ?? Self.layers.initial, dropout ?? Self.dropout.initial)
        if shares.elements.count != 1, shares.elements.count != sizes.elements.count {
            return SettingConflict(
                key: "dropout", words: "--dropout \(shares.scalar.bare)",
                problem: "\(shares.elements.count) shares for \(sizes.elements.count) layers; give one, or one for each"
            )
        }
        guard let members, network != .tabm else { return nil }
        return SettingConflict(
            key: "members", words: "--members \(members)", problem: "--model \(network.rawValue) has no members")
    }

    /// The network for these columns and targets.
    func made(_ columns: TabularColumns, _ targets: TableTargets) -> Module {
        let sizes = (layers ?? Self.layers.initial).elements
        var shares = (dropout ?? Self.dropout.initial).elements
        if shares.count == 1 { shares = Array(repeating: shares[0], count: sizes.count) }
        if shares.allSatisfy({ $0 == 0 }) { shares = [] }
        switch network {
        case .tabular:
            return TabularModel(
                embeddings: columns.embeddingSizes.map { (categories: $0.count, width: $0.width) },
                continuous: columns.continuous.count, outputs: columns.target.outputCount, layers: sizes,
                dropout: shares, outputRange: targets.range, outputScale: targets.scale)
        case .tabm:
            return TabM(
                columns, layers: sizes, members: members ?? Self.members.initial, dropout: shares,
                outputRange: targets.range, outputScale: targets.scale)
        }
    }

    /// The loss that the network is trained with: of each member where it has members.
    func loss(_ loss: any LossFunction) -> any LossFunction { network == .tabm ? .eachMember(loss) : loss }
}
