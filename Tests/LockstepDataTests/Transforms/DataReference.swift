// SPDX-License-Identifier: Apache-2.0
// What fastai makes of small data (Tests/Reference/data.json).

import LockstepChecks

struct DataReference: Decodable, Sendable {
    struct Categories: Decodable, Sendable {
        let vocab: [String]
        let codes: [Int]
    }
    struct Categorize: Decodable, Sendable {
        let labels: [String]
        let learned, training, given, unsorted, addNA: Categories
    }
    struct MultiCategorize: Decodable, Sendable {
        let tags: [[String]]
        let vocab: [String]
        let rows: [[Float]]
        let decoded: [[String]]
    }
    struct Normalize: Decodable, Sendable { let x, mean, std, y, back: [Float] }
    struct IntToFloat: Decodable, Sendable {
        let image: [Float]
        let mask, decoded: [Int]
    }
    struct Splitters: Decodable, Sendable {
        let counts: [String: [Int]]
        let grandparent, mask, function, index, end, first, column, columnOn: [[Int]]
    }
    struct Labellers: Decodable, Sendable {
        let parent, regex: String
        let plain: [Int]
        let affixed: [String]
        let tags: [[String]]
    }
    let categorize: Categorize
    let multiCategorize: MultiCategorize
    let normalize: Normalize
    let intToFloat: IntToFloat
    let splitters: Splitters
    let labellers: Labellers

    static func load() throws -> DataReference { try Reference.decode(DataReference.self, from: "data") }
}
