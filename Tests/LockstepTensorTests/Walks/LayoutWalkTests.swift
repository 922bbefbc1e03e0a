// SPDX-License-Identifier: Apache-2.0
// Every operation on views of any kind, forward and backward: the values count, not how they lie in memory.

import Foundation
import LockstepChecks
import LockstepTensor
import LockstepTesting
import Testing

/// A way to make a view of a tensor's shape.
enum View: String, CaseIterable, Sendable {
    case reversed, channelsLast, gapped, backward, offset, expanded, mixed, singles, singlesChannelsLast

    /// A view of the shape of `x`: its values where the view allows it.
    func of(_ x: Tensor) -> Tensor {
        switch self {
        case .reversed: x.laidOut(.reversed)
        case .channelsLast: x.laidOut(.channelsLast)
        case .gapped: x.laidOut(.gapped)
        case .backward: x.laidOut(.backward)
        case .offset: Tensor.stacked([x.detached, x.detached, x.detached])[1]
        case .expanded:
            x.rank == 0 || x.count == 0
                ? x : x.detached[.stride(to: 1, by: 1)].expanded(to: x.shape)
        case .singles:  // strides that say nothing
            x.detached.flipped(axes: x.shape.indices.filter { x.shape[$0] == 1 })
        case .singlesChannelsLast: View.singles.of(x.laidOut(.channelsLast))
        case .mixed:  // a part, every other element backward along the last axis, in permuted memory
            x.rank == 0
                ? x
                : Tensor.concatenated([x.detached, x.detached], axis: -1).laidOut(.reversed)
                    .flipped(axes: [x.rank - 1])[.ellipsis, .stride(by: 2)]
        }
    }
}

@Suite("Operations on views") struct LayoutWalkTests {
    @Test(
        "an operation gives the same on any view, and so do gradients that arrive as one", arguments: OperationCase.all)
    func layouts(_ operation: OperationCase) {
        for view in View.allCases {
            let views = operation.values().map(view.of)
            let copies = views.map { $0.contiguous() }
            func cotangent(_ y: Tensor, _ number: Int) -> Tensor { view.of(sample(y.shape, seed: UInt64(number) + 99)) }
            let actual = operation.run(views, arriving: cotangent)
            let expected = operation.run(copies) { cotangent($0, $1).contiguous() }
            for (number, (a, b)) in zip(actual.results, expected.results).enumerated() {
                #expect(a.dtype == b.dtype)
                expectClose(a, b, "\(operation.name), \(view): result \(number)", nanEqual: true)
            }
            for (number, (a, b)) in zip(actual.gradients, expected.gradients).enumerated() {
                #expect((a == nil) == (b == nil))
                guard let a, let b else { continue }
                #expect(a.shape == views[number].shape)
                expectClose(
                    a, b, "\(operation.name), \(view): gradient of input \(number)", absolute: 1e-5, nanEqual: true)
            }
        }
    }

    @Test("the walks know every public operation")
    func complete() throws {
        let folder = Reference.folder.deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Sources/LockstepTensor/Operations")
        let known = Set(OperationCase.all.map(\.operation))
        // Made from positions in memory and a generator, which DropoutTests look at; a scope; calls by another name.
        let others: Set = ["dropout", "withAutocast", "callAsFunction", "stride"]
        var names: Set<String> = []
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
                guard
                    let match = line.firstMatch(of: /^ *public (?:static )?(?:prefix )?func `?([A-Za-z]\w*|[^\w\s(`]+)/)
                else {
                    continue
                }
                names.insert(String(match.1))
            }
        }
        #expect(names.count > 100)
        #expect(names.subtracting(known).subtracting(others).sorted() == [])
    }
}
