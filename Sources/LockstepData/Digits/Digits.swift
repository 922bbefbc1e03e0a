// SPDX-License-Identifier: Apache-2.0
// The embedded handwritten digits as raw rows.

/// 1,797 real handwritten digits of 8×8 pixels, embedded in the library: no download, no file.
///
/// The test part of the UCI data set “Optical Recognition of Handwritten Digits”, as scikit-learn's `load_digits` has it.
/// See `credit` for its authors and licence.
public struct Digits: Sendable {
    /// The number of digits: 1,797.
    public let count: Int
    /// Pixels 0 (paper) … 16 (ink): `count` × 64, each digit row by row from the top.
    public let pixels: [UInt8]
    /// The digit each image shows, 0 … 9.
    public let labels: [UInt8]

    /// Rows and columns of one image.
    public static let side = 8
    /// The largest pixel value.
    public static let maximum = 16

    /// Whom to credit when publishing anything made from these data (Creative Commons Attribution 4.0).
    public static let credit = """
        E. Alpaydin and C. Kaynak: Optical Recognition of Handwritten Digits. UCI Machine Learning Repository, 1998. \
        https://doi.org/10.24432/C50P49, licensed under CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). \
        The test set of 1,797 digits, in the form distributed with scikit-learn; values unchanged.
        """

    /// Decompresses and reads the embedded file; takes a few milliseconds.
    ///
    /// - Throws: `DataError`, which only a damaged executable can cause.
    public static func load() throws(DataError) -> Digits {
        let file = "digits.csv.gz (embedded)"
        let bytes = try Gzip.decompress(PackageResources.digits_csv_gz, file: file)
        let table = try CSV.parse(bytes, file: file, options: CSV.Options(header: .none))
        let width = side * side
        guard table.columns.count == width + 1 else {
            throw DataError(.mismatch, file: file, "\(table.columns.count) columns, expected \(width + 1)")
        }
        var columns: [CSVValues<Int>] = []
        for column in table.columns {
            guard case .integers(let values) = column.values, column.missing == nil else {
                throw DataError(.mismatch, file: file, "\(column.name) does not hold integers only")
            }
            columns.append(values)
        }
        var pixels = [UInt8](repeating: 0, count: table.rowCount * width)
        for (pixel, values) in columns.dropLast().enumerated() {
            for (row, value) in values.enumerated() { pixels[row * width + pixel] = UInt8(clamping: value) }
        }
        return Digits(
            count: table.rowCount, pixels: pixels, labels: columns[width].map { UInt8(clamping: $0) })
    }
}
