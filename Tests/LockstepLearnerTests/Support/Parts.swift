// SPDX-License-Identifier: Apache-2.0
// Layers beside each other in one module, to be exported.

import LockstepLearner
import LockstepNN
import LockstepTensor

/// Layers that need not fit each other, as those of a `Sequential` must: what is looked at is how each is made again.
final class Parts: Module {
    @Submodule("") var layers: [any UnaryLayer] = []

    init(_ layers: [any UnaryLayer]) {
        super.init()
        self.layers = layers
    }

    static func register() {
        ExportRegistry.register(Parts.self) {
            ["layers": $0.layers.map { ExportPart($0) }]
        } make: {
            Parts(try $0.parts("layers"))
        }
    }
}
