// SPDX-License-Identifier: Apache-2.0
// Finding out how a CSV file is written: what stands between its fields, and whether its numbers have commas.

extension CSV.Options {
    /// What stands between the fields of most files.
    public static let usualDelimiters: [Unicode.Scalar] = [",", ";", "\t", "|"]

    /// These options with the delimiter and the decimal sign of the table in `bytes`.
    ///
    /// The delimiter is the one of `,`, `;`, tab and `|`, or others, that cuts the first hundred lines into equally many fields, as many as
    /// possible. Behind another than the comma, numbers have a decimal comma when more of them read as `2,5` than as `2.5`, unless all
    /// read as `12,500`, where it parts thousands; where `decimal` is a comma already, unless points say otherwise. A file that fits none keeps what is said here.
    ///
    /// - Parameters:
    ///   - columns: names that are known to be in the header; more of these decide first.
    ///   - delimiters: those to choose from; of two that serve equally the first.
    public func found(
        in bytes: [UInt8], columns: Set<String> = [], among delimiters: [Unicode.Scalar] = usualDelimiters
    ) -> CSV.Options {
        found(in: .bytes(bytes), columns: columns, among: delimiters)
    }

    /// The same of a file.
    package func found(
        in source: CSVSource, columns: Set<String> = [], among delimiters: [Unicode.Scalar] = usualDelimiters
    ) -> CSV.Options {
        var best: (known: Int, fields: Int, options: CSV.Options)?
        for delimiter in delimiters {
            var options = self
            (options.delimiter, options.decimal) = (delimiter, ".")
            guard let names = options.names(of: source) else { continue }
            let known = names.count(where: columns.contains)
            if best.map({ (known, names.count) > ($0.known, $0.fields) }) ?? true {
                best = (known, names.count, options)
            }
        }
        guard var options = best?.options else { return self }
        let (commas, points, areThousands) = options.decimals(source)
        if decimal == "," {
            // Known of files of this kind: it takes points to be another.
            options.decimal = commas > points || (options.delimiter != "," && points == 0) ? "," : "."
        } else if options.delimiter != ",", commas > points, !areThousands {
            options.decimal = ","
        }
        return options
    }

    /// These options, of a table that was read, for another of its kind in `source`: what does not fit is found.
    ///
    /// A delimiter that cuts all the columns out stays, and so does a decimal sign that numbers have.
    func foundAgain(in source: CSVSource, file: String, columns: Set<String>) -> CSV.Options {
        let names = try? CSV.names(source, file: file, options: self)
        let isWhole = names.map { columns.isSubset(of: $0) } ?? false
        var found = found(
            in: source, columns: columns, among: isWhole ? [delimiter] : [delimiter] + Self.usualDelimiters)
        // Behind a comma a decimal comma is none.
        guard found.decimal != decimal, found.delimiter != "," else { return found }
        let (commas, points, _) = found.decimals(source)
        if (decimal == "," ? commas : points) > 0 { found.decimal = decimal }
        return found
    }

    /// The fields of the first line, when there are several and the next ones have as many.
    private func names(of source: CSVSource) -> [String]? {
        guard var scanner = try? CSV.scanner(source, "", self) else { return nil }
        var fields: [CSVField] = []
        guard (try? scanner.nextRecord(into: &fields)) == true, fields.count > 1 else { return nil }
        let names = fields.map { (try? scanner.text($0)) ?? "" }
        for _ in 0..<100 {
            guard let isRecord = try? scanner.nextRecord(into: &fields) else { return nil }
            if !isRecord { break }
            if fields.count != names.count { return nil }
        }
        return names
    }

    /// How many fields read as `2,5` and how many as `2.5`, and whether all of the former have three digits behind their comma.
    private func decimals(_ source: CSVSource) -> (commas: Int, points: Int, areThousands: Bool) {
        var (commas, points, areThousands) = (0, 0, true)
        guard var scanner = try? CSV.scanner(source, "", self) else { return (0, 0, true) }
        var fields: [CSVField] = []
        for _ in 0..<10_000 {
            guard (try? scanner.nextRecord(into: &fields)) == true else { break }
            let bytes = scanner.bytes
            for field in fields {
                let (start, end) = CSVNumber.trimmed(bytes, field.start, field.end)
                guard let place = bytes[start..<end].firstIndex(where: { $0 == 0x2C || $0 == 0x2E }) else { continue }
                if bytes[place] == 0x2C, CSVNumber.real(bytes, start, end, 0x2C) != nil {
                    commas += 1
                    let whole = bytes[start..<place].drop { $0 == 0x2D || $0 == 0x2B }
                    if end - place != 4 || whole.isEmpty || whole.count > 3 || whole.first == 0x30 {
                        areThousands = false
                    }
                } else if bytes[place] == 0x2E, CSVNumber.real(bytes, start, end) != nil {
                    points += 1
                }
            }
        }
        return (commas, points, areThousands)
    }
}
