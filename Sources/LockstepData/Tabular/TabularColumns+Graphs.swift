// SPDX-License-Identifier: Apache-2.0
// What a graph that takes rows has to know of columns: spellings of categories, and statistics to the last bit.

extension CategoricalColumn {
    /// Every spelling that stands for a category, with its place: the words of the vocabulary and, of numbers and truths, the
    /// other ways in which programs usually write them (`7.0` for 7, `True` for 1).
    package var spellings: [(word: String, place: Int)] {
        var lookup = lookup
        var seen: Set<String> = []
        return vocabulary.dropFirst().flatMap { word in [word] + CategoricalColumn.otherWords(for: word) }.compactMap {
            guard let place = lookup.place(of: $0), seen.insert($0).inserted else { return nil }
            return ($0, place)
        }
    }

    /// Ways in which `word` may be written that mean the same; whether they do, the lookup says.
    private static func otherWords(for word: String) -> [String] {
        let truths = ["0", "0.0", "false", "False", "FALSE", "1", "1.0", "true", "True", "TRUE"]
        if truths.contains(word) { return truths }
        return [word.hasSuffix(".0") ? String(word.dropLast(2)) : word + ".0"]
    }
}

extension ContinuousColumn {
    /// What a double cannot hold of median and mean.
    package var rests: (median: Double, mean: Double) { (medianRest ?? 0, meanRest ?? 0) }
}

extension TabularColumns {
    /// The columns that are made of dates, whose text a graph cannot read.
    package var columnsOfDates: Set<String> { partNames }
}
