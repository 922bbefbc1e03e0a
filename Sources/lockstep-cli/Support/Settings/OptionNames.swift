// SPDX-License-Identifier: Apache-2.0
// The names of the options that a command has: a setting that nobody has listed is found out.

import ArgumentParser

/// An option, flag or argument of the argument parser's.
private protocol ParsedOption {}
extension Option: ParsedOption {}
extension Flag: ParsedOption {}
extension Argument: ParsedOption {}

/// A group of them.
private protocol ParsedGroup { var options: Any { get } }
extension OptionGroup: ParsedGroup { fileprivate var options: Any { wrappedValue } }

/// The property names of all options of parsed `arguments`, those in groups too.
func optionNames(of arguments: Any) -> [String] {
    Mirror(reflecting: arguments).children.flatMap { child -> [String] in
        switch child.value {
        case let group as any ParsedGroup: optionNames(of: group.options)
        case is any ParsedOption: [String((child.label ?? "_").dropFirst())]
        default: []
        }
    }
}
