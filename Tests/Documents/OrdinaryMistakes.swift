// SPDX-License-Identifier: Apache-2.0
// Mistakes that everybody makes, each with what the compiler says: overloads must not make that vague.

import Foundation
import Lockstep

func mistakes(_ learner: Learner, _ dls: DataLoaders, _ model: Module, _ x: Tensor) throws {
    try learner.fit("3")  // cannot convert value of type 'String' to expected argument type 'Int'
    try learner.fit(3, lr: "1e-3")  // cannot convert value of type 'String'
    try learner.fit(3, rate: 1e-3)  // extra argument 'rate' in call
    try learner.fitOneCycle(3, lrMax: [1e-3])  // cannot convert value of type '[Double]'
    _ = Learner(dls: dls, model: model, loss: .crossEntropi)  // has no member 'crossEntropi'
    _ = Learner(dls: dls, model: model, loss: .crossEntropy, metrics: .accuracy)  // has no member 'accuracy'
    _ = Learner(dls: dls, model: model, loss: .crossEntropy, metrics: [.acuracy])  // has no member 'acuracy'
    _ = Learner(dls: dls, model: model, loss: .crossEntropy, callback: [])  // expected 'dls:model:loss:callbacks:'
    _ = x * "2"  // binary operator '*' cannot be applied to operands of type 'Tensor' and 'String'
    _ = x + true  // binary operator '+' cannot be applied to operands of type 'Tensor' and 'Bool'
    _ = relu(3)  // cannot convert value of type 'Int' to expected argument type 'Tensor'
    _ = Tensor.normal(3)  // cannot convert value of type 'Int' to expected argument type 'Shape'
}
