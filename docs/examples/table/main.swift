// SPDX-License-Identifier: Apache-2.0
// A messy table: from CSV to predictions for rows that training has not seen.

import Foundation
import Lockstep

/// Flats as somebody has typed them in: gaps, a unit in a column, a number of the row that says nothing.
func writeFlats(to path: String) throws {
    var lines = ["number;area;rooms;side;heated;price"]
    for row in 0..<600 {
        let area = 30 + (row * 37) % 110
        let rooms = 1 + area / 30
        let side = ["south", "west", "north", ""][row % 4]
        let price = 900.0 + 31.5 * Double(area) + (side == "south" ? 800 : 0) + Double(row % 7) * 20
        lines.append("\(row);\(row % 9 == 0 ? "" : "\(area)");\(rooms);\(side);\(row % 2 == 0);\(price)")
    }
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: path), options: .atomic)
}

Lockstep.run {
    try writeFlats(to: "flats.csv")
    var options = TabularOptions()
    options.csv.delimiter = ";"
    options.ignored = ["number"]
    let data = try DataLoaders.csv(path: "flats.csv", target: "price", batchSize: 32, options: options)
    print(data.columns)

    setSeed(1)
    let model = TabularModel(data.columns, layers: [64, 32], outputRange: 1_000...7_000)
    let learner = Learner(dls: data.loaders, model: model, loss: .mse, metrics: [R2Score()])
    try learner.distributed {
        try learner.withoutProgress { try learner.withoutLogging { try learner.fitOneCycle(20, lrMax: 2e-2) } }
    }
    print("r2", try learner.validateNamed()["r2_score"] ?? 0)

    // New rows: one like the others, one with a side that training never saw and without an area.
    let rows = "area;rooms;side;heated\n75;3;south;true\n;2;east;false\n"
    let table = try CSV.parse(Array(rows.utf8), file: "new rows", options: options.csv)
    let answers = try learner.predictions(on: .loader(data.testLoader(for: table)))
    print(answers)
    for price in answers.predictions.doubles { print("about", Int(price / 100) * 100) }
}
