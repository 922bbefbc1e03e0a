// SPDX-License-Identifier: Apache-2.0
// The weights of the cost model behind the choice of a convolution's engine, fitted to measured times.

import CLockstepKernels

/// Nanoseconds of each kind of work (conv/cost_model.c), by engine and direction.
package struct ConvolutionFit: Sendable {
    private static let terms = Int(LSK_CONVOLUTION_TERMS)
    /// [engine][direction][term].
    package var weights: [[[Double]]]

    /// The weights that make predicted over measured times nearest to 1; none is negative. Shapes in groups are left out,
    /// which have a rule of their own.
    package init(_ rows: [ConvolutionTimes]) {
        weights = (0..<3).map { engine in
            (0..<3).map { way in
                let samples = rows.filter { $0.way == way && $0.shape.groups == 1 }.compactMap { row in
                    row.nanoseconds[engine].flatMap { time in
                        Self.terms(row.shape, way, engine).map { $0.map { $0 / time } }
                    }
                }
                // Patches are a way out, right for a few shapes: to take them for slower than they are does little harm.
                return Self.fit(samples, isCautious: engine == 0)
            }
        }
    }

    private static func terms(_ shape: ConvolutionShape, _ way: Int, _ engine: Int) -> [Double]? {
        var work = [Double](repeating: 0, count: terms)
        let serves = withUnsafePointer(to: shape.raw) {
            lsk_convolution_terms(
                $0, lsk_convolution_way(UInt32(way)), lsk_convolution_engine(UInt32(engine + 1)), &work)
        }
        return serves == 0 ? nil : work
    }

    // MARK: Least squares

    private static func fit(_ samples: [[Double]], isCautious: Bool) -> [Double] {
        let largest = (0..<terms).map { term in max(samples.map { $0[term] }.max() ?? 0, 1e-300) }
        let scaled = samples.map { sample in zip(sample, largest).map { $0 / $1 } }
        var importance = [Double](repeating: 1, count: samples.count)
        var solution = solve(scaled, importance)
        for _ in 0..<3 {  // so that what is measured wrong, or what the model does not know, counts less
            importance = scaled.map { sample in
                let ratio = max(1e-3, zip(sample, solution).reduce(0) { $0 + $1.0 * $1.1 })
                return (isCautious && ratio < 0.97 ? 4 : 1) / max(0.1, abs(ratio.logarithm))
            }
            solution = solve(scaled, importance)
        }
        return zip(solution, largest).map { $0 / $1 }
    }

    /// The non-negative x that make Σ importance · (sample · x − 1)² least, one coordinate at a time.
    private static func solve(_ samples: [[Double]], _ importance: [Double]) -> [Double] {
        var (squares, sums) = ([[Double]](repeating: [Double](repeating: 0, count: terms), count: terms), [Double]())
        for row in 0..<terms {
            for column in 0..<terms {
                squares[row][column] = zip(samples, importance).reduce(0) { $0 + $1.1 * $1.0[row] * $1.0[column] }
            }
            sums.append(zip(samples, importance).reduce(0) { $0 + $1.1 * $1.0[row] })
        }
        var solution = [Double](repeating: 0, count: terms)
        for _ in 0..<3000 {
            for term in 0..<terms where squares[term][term] > 0 {
                let derivative = zip(squares[term], solution).reduce(-sums[term]) { $0 + $1.0 * $1.1 }
                solution[term] = max(0, solution[term] - derivative / squares[term][term])
            }
        }
        return solution
    }

    // MARK: As text

    /// `conv/cost_model.inc`, for fits with and without our own AVX-512 kernels.
    package static func source(withOwnProducts: ConvolutionFit, without: ConvolutionFit) -> String {
        """
        // SPDX-License-Identifier: Apache-2.0
        // Nanoseconds of each kind of work: patches, oneDNN, our kernels; forward, data, weight. Included by cost_model.c.
        // Made by `lockstep bench convolutions --fit docs/performance`, not by hand.
        WITH_OWN_PRODUCTS = {
        \(withOwnProducts.table)};
        WITHOUT_OWN_PRODUCTS = {
        \(without.table)};

        """
    }

    private var table: String {
        weights.map { ways in
            let lines = ways.map { "{" + $0.map { $0.rounded(digits: 4) }.joined(separator: ", ") + "}" }
            return "    {" + lines.joined(separator: ",\n     ") + "},\n"
        }.joined()
    }
}
