// SPDX-License-Identifier: Apache-2.0
// The networks and their parts: files find them by this list, and what must hold for all of them is tried with its examples.

package import LockstepNN
import LockstepTensor

extension LayerExample {
    /// Every network of this module and every part of one, small.
    package static let networks: [LayerExample] = vision

    /// Every layer and network of the library.
    package static let known: [LayerExample] = all + networks

    private static let vision: [LayerExample] = [
        Self([2, 3, 5, 7]) { BasicBlock(3, 4, stride: 2) },
        Self([2, 8, 3, 3]) { Bottleneck(8, 2, groups: 2, groupWidth: 64) },
        Self([2, 1, 33, 40]) { ResNet(.basic, layers: [1, 1, 1, 1], classes: 3, channels: 1, width: 2) },
        Self([2, 3, 34, 33]) {
            ResNet(.bottleneck, layers: [1, 2, 1, 1], classes: 5, width: 2, groups: 2, groupWidth: 32)
        },
    ]
}
