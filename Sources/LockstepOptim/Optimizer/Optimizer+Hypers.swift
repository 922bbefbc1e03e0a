// SPDX-License-Identifier: Apache-2.0
// Reading and writing hyper-parameters by fastai's names.

extension Optimizer {
    /// Names of all hyper-parameters: `lr`, `wd`, `mom`, …
    public var hyperNames: [String] { names }

    /// The hyper-parameters of each group, by name.
    public var hypers: [[String: Double]] {
        values.map { Dictionary(uniqueKeysWithValues: zip(names, $0)) }
    }

    /// One hyper-parameter of one group; nil for an unknown name.
    public func hyper(_ name: String, group: Int) -> Double? {
        names.firstIndex(of: name).map { values[group][$0] }
    }

    /// Where `name` stands in the lists, for callers that set it every batch.
    package func hyperIndex(_ name: String) -> Int? { names.firstIndex(of: name) }

    /// Sets hyper-parameter `index` (see ``hyperIndex(_:)``) of one group.
    package func setHyper(at index: Int, group: Int, _ value: Double) { values[group][index] = value }

    /// Sets a hyper-parameter of every group. A name the rule does not know is added and has no effect, as in fastai.
    ///
    /// - Throws: ``OptimizerError`` when a list's length differs from the number of groups, when the name is a slip of one
    ///   that the rule knows (`lrr`, `learning_rate`), and when a wrapped foreign optimizer has no hyper-parameter of
    ///   that name.
    public func setHyper(_ name: String, _ value: HyperValue) throws(OptimizerError) {
        let new = try value.values(groups: groups.count, name: name)
        let index: Int
        if let known = names.firstIndex(of: name) {
            index = known
        } else if let foreign {
            throw OptimizerError(
                .unknownHyper,
                "\(foreign.optimizer.name) has no hyper-parameter \(name); it has \(names.joined(separator: ", "))")
        } else if let meant = HyperNames.meant(by: name, among: ["lr"] + ruleNames.hypers) {
            throw OptimizerError(
                .unknownHyper,
                "\(rule.name) has no hyper-parameter \(name); did you mean \(meant)? It has \(names.joined(separator: ", "))"
            )
        } else {
            index = names.count
            names.append(name)
            for group in values.indices { values[group].append(0) }
        }
        for group in values.indices { values[group][index] = new[group] }
    }

    /// Sets a hyper-parameter to a number that is a variable; nil leaves it as it is.
    /// - Throws: as with a ``HyperValue``.
    public func setHyper(_ name: String, _ value: some HyperValueConvertible) throws(OptimizerError) {
        if let value = value.hyperValue { try setHyper(name, value) }
    }

    /// Sets several, in the order given.
    public func setHypers(_ new: KeyValuePairs<String, HyperValue>) throws(OptimizerError) {
        for (name, value) in new { try setHyper(name, value) }
    }
}
