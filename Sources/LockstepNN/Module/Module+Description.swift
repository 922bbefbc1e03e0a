// SPDX-License-Identifier: Apache-2.0
// How a model prints: a tree of its parts with their sizes and counts.

import LockstepTensor

extension Module {
    /// The model as a tree, one line for each module, with the number of its own parameter values.
    ///
    /// ```text
    /// Sequential
    ///   0: Linear(64, 128)    8,320
    ///   1: ReLU
    ///   2: Linear(128, 10)    1,290
    /// 9,610 parameters
    /// ```
    public var description: String {
        var lines: [TreeLine] = []
        var seen: Set<ObjectIdentifier> = []
        addLines(name: "", depth: 0, to: &lines, seen: &seen)
        let textWidth = lines.filter { !$0.count.isEmpty }.map(\.text.count).max() ?? 0
        let countWidth = lines.map(\.count.count).max() ?? 0
        var text = ""
        for line in lines {
            let row =
                line.count.isEmpty
                ? line.text
                : line.text.padded(to: textWidth + 2) + line.count.padded(to: countWidth, onTheLeft: true) + line.remark
            text += row + "\n"
        }
        return text + parameterSummary
    }

    /// `9,610 parameters`, and how many of them train when not all do.
    final var parameterSummary: String {
        let all = parameterCount
        let trainable = trainableParameterCount
        let total = "\(grouped(all)) parameter\(all == 1 ? "" : "s")"
        return trainable == all ? total : total + ", \(grouped(trainable)) trainable"
    }

    /// The module's type and what it says about itself, on one line: `Linear(64, 128)`.
    public final var label: String {
        var extra = describeExtra
        if extra.isEmpty {
            extra = members.compactMap { name, member in
                if case .parameter(let parameter) = member { "\(name): \(parameter.value.shape)" } else { nil }
            }.joined(separator: ", ")
        }
        return extra.isEmpty ? typeName : "\(typeName)(\(extra))"
    }

    private final func addLines(
        name: String, depth: Int, to lines: inout [TreeLine], seen: inout Set<ObjectIdentifier>
    ) {
        let indentation = String(repeating: "  ", count: depth)
        let title = indentation + (name.isEmpty ? "" : name + ": ") + label
        guard seen.insert(ObjectIdentifier(self)).inserted else {
            lines.append(TreeLine(text: title + " (shared)"))
            return
        }
        var own = 0
        var frozen = 0
        var parts: [(String, Module)] = []
        for (name, member) in members {
            switch member {
            case .parameter(let parameter):
                guard seen.insert(ObjectIdentifier(parameter)).inserted else { continue }
                own += parameter.value.count
                if !parameter.isTrainable { frozen += parameter.value.count }
            case .module(let module): parts.append((name, module))
            case .buffer: break
            }
        }
        let remark = frozen == 0 ? "" : frozen == own ? " frozen" : " (\(grouped(frozen)) frozen)"
        lines.append(TreeLine(text: title, count: own == 0 ? "" : grouped(own), remark: remark))
        for (name, module) in parts { module.addLines(name: name, depth: depth + 1, to: &lines, seen: &seen) }
    }
}

private struct TreeLine {
    var text: String
    var count = ""
    var remark = ""
}

/// `1234567` as `1,234,567`.
func grouped(_ number: Int) -> String {
    var digits = String(abs(number))
    var groups: [Substring] = []
    while digits.count > 3 {
        groups.insert(Substring(String(digits.suffix(3))), at: 0)
        digits.removeLast(3)
    }
    groups.insert(Substring(digits), at: 0)
    return (number < 0 ? "-" : "") + groups.joined(separator: ",")
}

extension String {
    /// With spaces after it (or before it) up to `width` characters.
    func padded(to width: Int, onTheLeft: Bool = false) -> String {
        let space = String(repeating: " ", count: max(0, width - count))
        return onTheLeft ? space + self : self + space
    }
}
