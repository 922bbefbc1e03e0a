// SPDX-License-Identifier: Apache-2.0
// Sums of products in Einstein's notation, as products of matrices.

extension Tensor {
    /// Sums of products whose axes have names: `einsum("bij,bjk->bik", a, b)` multiplies batches of matrices.
    ///
    /// An axis that stands in several operands is multiplied along; one that does not stand behind the arrow is summed over; one
    /// that stands twice in an operand is its diagonal. `…` or `...` stands for axes without names, which broadcast. Without an
    /// arrow the result has the names that stand once, in the order of the alphabet. Operands are multiplied from left to
    /// right.
    ///
    /// - Gradient: that of the products.
    /// - Note: PyTorch: `torch.einsum`.
    public static func einsum(
        _ equation: String, _ operands: Tensor..., file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        einsum(equation, operands, file: file, line: line)
    }

    /// As above, of operands in an array.
    public static func einsum(
        _ equation: String, _ operands: [Tensor], file: StaticString = #fileID, line: UInt = #line
    ) -> Tensor {
        let plan = EinsumPlan(equation, operands, file, line)
        var terms = zip(operands, plan.inputs).map { EinsumTerm($0, axes: $1).withDiagonals() }
        var result = terms.removeFirst()
        for (number, next) in terms.enumerated() {
            let wanted = Set(plan.output + terms[(number + 1)...].flatMap(\.axes))
            result = result.multiplied(by: next, keeping: wanted)
        }
        return result.summed(to: plan.output).ordered(as: plan.output).tensor
    }
}

/// The names of an equation's axes, one number each; axes without names count from the back below zero.
private struct EinsumPlan {
    var inputs: [[Int]] = []
    var output: [Int] = []

    init(_ equation: String, _ operands: [Tensor], _ file: StaticString, _ line: UInt) {
        func refuse(_ why: String) -> Never {
            stop("einsum: \(equation): \(why)", file: file, line: line)
        }
        let text = equation.filter { !$0.isWhitespace }.replacingEllipses()
        let sides = text.split(separator: ">", omittingEmptySubsequences: false)
        guard sides.count <= 2, sides.count == 1 || sides[0].hasSuffix("-") else { refuse("one arrow at most") }
        let left = sides.count == 2 ? sides[0].dropLast() : sides[0]
        let parts = left.split(separator: ",", omittingEmptySubsequences: false)
        guard parts.count == operands.count, !operands.isEmpty else {
            refuse("names \(parts.count) operands, there are \(operands.count)")
        }
        var unnamed = 0
        for (part, operand) in zip(parts, operands) {
            let letters = part.filter { $0 != "…" }.count
            guard part.filter({ $0 == "…" }).count <= 1,
                part.contains("…") ? letters <= operand.rank : letters == operand.rank
            else { refuse("'\(part)' does not name the axes of shape \(operand.shape)") }
            unnamed = max(unnamed, operand.rank - letters)
            inputs.append(
                part.flatMap { letter -> [Int] in
                    letter == "…"
                        ? Array((letters - operand.rank)..<0) : [number(letter)]
                })
        }
        let all = inputs.flatMap(\.self)
        if sides.count == 2 {
            guard sides[1].filter({ $0 == "…" }).count <= 1 else { refuse("one … at most behind the arrow") }
            output = sides[1].flatMap { letter -> [Int] in
                letter == "…" ? Array(-unnamed..<0) : [number(letter)]
            }
            guard Set(output).count == output.count, output.allSatisfy({ $0 < 0 || all.contains($0) }) else {
                refuse("what stands behind the arrow stands there once, and in an operand")
            }
        } else {
            output =
                Array(-unnamed..<0)
                + Set(all.filter { $0 >= 0 }).sorted().filter { name in all.count { $0 == name } == 1 }
        }
        var sizes: [Int: Int] = [:]
        for (axes, operand) in zip(inputs, operands) {
            for (place, axis) in axes.enumerated() {
                guard let first = axes.firstIndex(of: axis), operand.shape[first] == operand.shape[place] else {
                    refuse("shape \(operand.shape) has no diagonal along the axes that share a name")
                }
            }
            for (axis, size) in zip(axes, operand.shape) {
                if let known = sizes[axis], known != size, known != 1, size != 1 {
                    refuse("an axis is \(known) and \(size) long: shapes \(operands.map(\.shape))")
                }
                if (sizes[axis] ?? 1) == 1 { sizes[axis] = size }
            }
        }

        func number(_ letter: Character) -> Int {
            guard letter.isLetter, let value = letter.asciiValue else { refuse("'\(letter)' is no letter") }
            return Int(value)
        }
    }
}

extension String {
    /// With each `...` as one character.
    fileprivate func replacingEllipses() -> String {
        var result = ""
        for character in self {
            result.append(character)
            if result.hasSuffix("...") { result = result.dropLast(3) + "…" }
        }
        return result
    }
}

/// A tensor whose axes have names.
private struct EinsumTerm {
    var tensor: Tensor
    var axes: [Int]

    init(_ tensor: Tensor, axes: [Int]) { (self.tensor, self.axes) = (tensor, axes) }

    /// Each name once: of axes with one name the diagonal.
    func withDiagonals() -> EinsumTerm {
        var result = self
        while let second = result.axes.indices.first(where: { result.axes[..<$0].contains(result.axes[$0]) }),
            let first = result.axes.firstIndex(of: result.axes[second])
        {
            let size = result.tensor.shape[first]
            // Side by side at the end, as one axis of which every (size + 1)-th element is read.
            var order = Array(result.axes.indices)
            order.removeAll { $0 == first || $0 == second }
            let rest = order.map { result.tensor.shape[$0] }
            let flat = result.tensor.permuted(order + [first, second]).reshaped(rest + [size * size])
            let diagonal = flat[.ellipsis, .stride(by: size + 1)]
            result = EinsumTerm(diagonal, axes: order.map { result.axes[$0] } + [result.axes[first]])
        }
        return result
    }

    /// Without the axes that are not among `kept`.
    func summed(to kept: some Sequence<Int>) -> EinsumTerm {
        let kept = Set(kept)
        let gone = axes.indices.filter { !kept.contains(axes[$0]) }
        return gone.isEmpty ? self : EinsumTerm(tensor.sum(axes: gone), axes: axes.filter(kept.contains))
    }

    func ordered(as names: [Int]) -> EinsumTerm {
        // An axis that only broadcasts may be missing.
        let missing = names.filter { !axes.contains($0) }
        let present = missing.reduce(tensor) { tensor, _ in tensor.unsqueezed(axis: 0) }
        let all = missing + axes
        return EinsumTerm(present.permuted(names.map { all.firstIndex(of: $0) ?? 0 }), axes: names)
    }

    private func size(_ name: Int) -> Int { axes.firstIndex(of: name).map { tensor.shape[$0] } ?? 1 }

    /// As one product of matrices: names in both that are kept are a batch, those that are not are summed over.
    func multiplied(by other: EinsumTerm, keeping wanted: Set<Int>) -> EinsumTerm {
        let shared = Set(axes).intersection(other.axes)
        // What stands in one of them only, and nowhere later, is summed first. An axis of size 1 broadcasts.
        let a = summed(to: wanted.union(shared)), b = other.summed(to: wanted.union(shared))
        let batch = a.axes.filter { shared.contains($0) && wanted.contains($0) }
        let inner = a.axes.filter { shared.contains($0) && !wanted.contains($0) }
        let (rows, columns) = (a.axes.filter { !shared.contains($0) }, b.axes.filter { !shared.contains($0) })
        let lengths = Dictionary(
            uniqueKeysWithValues: shared.map { ($0, a.size($0) == 1 ? b.size($0) : a.size($0)) })
        func matrix(_ term: EinsumTerm, _ first: [Int], _ second: [Int]) -> Tensor {
            let names = batch + first + second
            let whole = Shape(names.map { lengths[$0] ?? term.size($0) })
            func count(_ part: [Int]) -> Int { part.reduce(1) { $0 * (lengths[$1] ?? term.size($1)) } }
            return term.ordered(as: names).tensor.expanded(to: whole)
                .reshaped([count(batch), count(first), count(second)])
        }
        let product = matrix(a, rows, inner).matmul(matrix(b, inner, columns))
        let names = batch + rows + columns
        return EinsumTerm(
            product.reshaped(
                names.map { name in lengths[name] ?? (rows.contains(name) ? a.size(name) : b.size(name)) }),
            axes: names)
    }
}
