// SPDX-License-Identifier: Apache-2.0
// The loop as a tree, with the callbacks at each event.

extension Learner {
    /// Prints ``trainingLoopDescription``, on the writing rank only.
    public func showTrainingLoop() {
        if coordinator.isWriter { Console.standardOutput.write(trainingLoopDescription + "\n") }
    }

    /// The loop as a tree, with the callbacks that implement each event in running order.
    public var trainingLoopDescription: String {
        var tree = LoopTree()
        func events(_ list: Event...) {
            for event in list { tree.event(event.rawValue, orderedCallbacks(for: event).map(\.typeName)) }
        }
        tree.start("Fit")
        events(.beforeFit)
        tree.start("Epoch Loop")
        events(.beforeEpoch)
        tree.start("Train")
        events(.beforeTrain)
        tree.start("Batch Loop")
        events(.beforeBatch, .afterPred, .afterLoss, .beforeBackward, .afterBackward, .beforeStep, .afterStep)
        events(.afterCancelBatch, .afterBatch)
        tree.end("Batch Loop")
        tree.end("Train")
        events(.afterCancelTrain, .afterTrain)
        tree.start("Valid")
        events(.beforeValidate)
        tree.start("Batch Loop")
        tree.event("**CBs same as train batch**", [])
        tree.end("Batch Loop")
        tree.end("Valid")
        events(.afterCancelValidate, .afterValidate)
        tree.end("Epoch Loop")
        events(.afterCancelEpoch, .afterEpoch)
        tree.end("Fit")
        events(.afterCancelFit, .afterFit)
        return tree.lines.joined(separator: "\n")
    }
}

/// Lines that grow and shrink by two columns.
private struct LoopTree {
    var lines: [String] = []
    private var indent = 0

    mutating func start(_ what: String) {
        add("Start \(what)")
        indent += 2
    }
    mutating func end(_ what: String) {
        indent -= 2
        add("End \(what)")
    }
    mutating func event(_ name: String, _ callbacks: [String]) {
        let padding = String(repeating: " ", count: max(0, 15 - name.count))
        add(" - \(name)\(padding): [\(callbacks.joined(separator: ", "))]")
    }
    private mutating func add(_ line: String) { lines.append(String(repeating: " ", count: indent) + line) }
}
