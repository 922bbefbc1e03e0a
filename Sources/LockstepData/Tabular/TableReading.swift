// SPDX-License-Identifier: Apache-2.0
// What is kept of how a training table was read, for further files of its kind.

/// What further files need to be read as the training table was; their delimiter and decimal sign are found in each.
struct TableReading: Sendable, Equatable, Codable {
    /// Whether the first line names the columns.
    private var hasHeader = true
    /// The columns' names where none are in the file; nil for numbers.
    private var names: [String]?
    /// What stood between fields; nil for a comma.
    private var delimiter: String?
    /// Whether numbers had decimal commas; nil for no.
    private var hasCommas: Bool?
    /// Words for a missing value; nil for the usual ones.
    private var missing: [String]?

    init(_ options: CSV.Options = CSV.Options()) {
        switch options.header {
        case .firstLine: break
        case .none: hasHeader = false
        case .names(let names): (hasHeader, self.names) = (false, names)
        }
        if options.delimiter != "," { delimiter = String(options.delimiter) }
        if options.decimal == "," { hasCommas = true }
        if options.missing != CSV.Options.usualMissing { missing = options.missing }
    }

    var options: CSV.Options {
        CSV.Options(
            header: hasHeader ? .firstLine : names.map { .names($0) } ?? .none,
            delimiter: delimiter?.unicodeScalars.first ?? ",", decimal: hasCommas == true ? "," : ".",
            missing: missing ?? CSV.Options.usualMissing)
    }
}
