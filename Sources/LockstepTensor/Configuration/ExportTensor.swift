// SPDX-License-Identifier: Apache-2.0
// A small tensor in a description: class weights, statistics.

/// A small tensor in a description.
struct ExportTensor: Codable {
    let value: Tensor
    private enum CodingKeys: CodingKey { case dtype, shape, values }

    init(_ value: Tensor) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(value.dtype == .float64 ? "float64" : "float32", forKey: .dtype)
        try container.encode(value.shape.dimensions, forKey: .shape)
        try container.encode(value.detached.doubles, forKey: .values)
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let shape = try container.decode([Int].self, forKey: .shape)
        let values = try container.decode([Double].self, forKey: .values)
        let count = shape.reduce((1, false)) { partial, size in
            let (product, overflow) = partial.0.multipliedReportingOverflow(by: size)
            return (product, partial.1 || overflow || size < 0)
        }
        guard shape.count <= Shape.maxRank, !count.1, count.0 == values.count else {
            throw ExportError(
                .malformed, at: decoder.codingPath.place,
                "\(values.count) values do not fill a tensor of shape \(shape)")
        }
        let isDouble = try container.decode(String.self, forKey: .dtype) == "float64"
        value = Tensor(values, shape: Shape(shape)).to(isDouble ? .float64 : .float32)
    }
}
