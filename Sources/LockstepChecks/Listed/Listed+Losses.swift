// SPDX-License-Identifier: Apache-2.0
// The listed losses, with predictions and targets that they take.

package import LockstepNN
package import LockstepTensor
import LockstepTesting

extension Listed {
    /// A loss with what it is given.
    package struct Loss: Sendable, CustomStringConvertible {
        package let make: @Sendable () -> any LossFunction
        package let prediction: @Sendable () -> Tensor
        package let target: @Sendable () -> Tensor
        package var description: String { "\(type(of: make()))" }

        init(_ example: LossExample) {
            make = example.make
            let rows = example.rows
            prediction = { rows == .probabilities ? sample([4, 3], seed: 4, in: 0..<1) : sample([4, 3], seed: 1) }
            target = {
                switch rows {
                case .classes: sampleIntegers([4], seed: 2, in: 0..<3)
                case .numbers: sample([4, 3], seed: 3)
                case .probabilities, .labels: sample([4, 3], seed: 4, in: 0..<1)
                }
            }
        }
    }

    /// Every loss function.
    package static let losses: [Loss] = LossExample.all.map { Loss($0) }
}
