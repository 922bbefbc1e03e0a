// SPDX-License-Identifier: Apache-2.0
// A pipeline in a description: its transforms, each with what it has learned.

import LockstepTensor

/// Transforms in order, and the types of values they were set up for.
package struct PipelineDescription: Codable, @unchecked Sendable {  // lives on one thread, for the length of one call
    let transforms: [ExportPart]
    let inputTypes: [String]

    package init(_ pipeline: Pipeline) {
        (transforms, inputTypes) = (pipeline.transforms.map(ExportPart.init), pipeline.inputTypes)
    }

    package func made(at place: String) throws -> Pipeline {
        Pipeline(try transforms.map { try $0.made(as: (any Transform).self, at: place) }, inputTypes: inputTypes)
    }
}
