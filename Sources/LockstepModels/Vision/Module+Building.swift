// SPDX-License-Identifier: Apache-2.0
// What networks for images share: initial weights, and outlines of layers one after another.

import LockstepNN
import LockstepTensor

extension Module {
    /// Convolutions with weights from `initializer` of their shape, offsets 0; by default as torchvision initialises them,
    /// normally distributed with deviation `√(2 / fanOut)`.
    func initializeConvolutions(
        _ initializer: (Shape) -> Initializer = {
            .normal(standardDeviation: (2 / Double($0[0] * $0[2] * $0[3])).squareRoot())
        }
    ) {
        for case let layer as Conv2d in modules() {
            let shape = layer.weight.shape
            layer.weight = initializer(shape)(shape)
            if layer.bias != nil { layer.bias = .zeros([shape[0]]) }
        }
    }

    /// Linear layers with weights from `initializer` of their sizes, offsets 0.
    func initializeLinear(_ initializer: (Linear) -> Initializer) {
        for case let layer as Linear in modules() {
            layer.weight = initializer(layer)(layer.weight.shape)
            if layer.bias != nil { layer.bias = .zeros([layer.outputs]) }
        }
    }
}

extension OutlineTrial {
    /// What `layers` one after another would put out.
    func chain(_ layers: [Module], _ x: Outline) throws(ModelMismatch) -> Outline {
        var y = x
        for layer in layers { y = try output(layer, y) }
        return y
    }

    /// The sum of a block's branch and its shortcut.
    func sum(_ branch: Outline, _ shortcut: Outline, _ module: Module) throws(ModelMismatch) -> Outline {
        try insist(
            branch.fits(shortcut), "\(module.label): the branch gives \(branch), the shortcut \(shortcut)")
        return try made(branch.axes == nil ? shortcut.real : branch.real, by: module)
    }
}
