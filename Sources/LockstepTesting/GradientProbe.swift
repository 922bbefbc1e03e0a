// SPDX-License-Identifier: Apache-2.0
// The gradient check's probes: where to move an input, and which probe disagreed most.

/// A direction to move in: one element, or all of them at once.
enum Probe {
    case element(Int, step: Double)
    case direction([Double], step: Double)

    static func all(over center: [Double], limit: Int, directions: Int, step: Double, seed: UInt64) -> [Probe] {
        if center.count <= limit {
            return center.indices.map { .element($0, step: step * max(1, abs(center[$0]))) }
        }
        var generator = SplitMix64(seed: seed)
        return (0..<directions).map { _ in
            .direction(center.indices.map { _ in 2 * generator.uniform() - 1 }, step: step)
        }
    }

    func moved(_ center: [Double], by sign: Double) -> [Double] {
        switch self {
        case .element(let index, let step):
            var result = center
            result[index] += sign * step
            return result
        case .direction(let vector, let step):
            return zip(center, vector).map { $0 + sign * step * $1 }
        }
    }

    /// The distance between the two ends, as rounding left it.
    func width(_ center: [Double]) -> Double {
        switch self {
        case .element(let index, let step): (center[index] + step) - (center[index] - step)
        case .direction(_, let step): 2 * step
        }
    }

    func derivative(_ gradient: [Double]) -> Double {
        switch self {
        case .element(let index, _): gradient[index]
        case .direction(let vector, _): zip(gradient, vector).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    func name(in shape: [Int]) -> String {
        switch self {
        case .element(let index, _): Difference.place(index, in: shape)
        case .direction: "a random direction"
        }
    }
}

/// The worst probe of an input, and how many were beyond the tolerance.
struct Disagreement {
    private var count = 0
    private var excess = 0.0
    private var text = ""

    mutating func consider(_ analytic: Double, _ numeric: Double, at place: String, relative: Double, absolute: Double)
    {
        let size = max(abs(analytic), abs(numeric))
        let distance = abs(analytic - numeric)
        if distance <= absolute + relative * size { return }
        count += 1
        let beyond = distance.isFinite ? distance / (absolute + relative * size) : .infinity
        if text.isEmpty || beyond > excess {
            excess = beyond
            text = "\(place): analytic \(analytic), numeric \(numeric), relative error \(distance / size)"
        }
    }

    func sentence(of total: Int) -> String? {
        count == 0 ? nil : "\(count) of \(total) disagree; the worst is \(text)"
    }
}
