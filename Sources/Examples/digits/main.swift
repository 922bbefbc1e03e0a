// SPDX-License-Identifier: Apache-2.0
// The program of the README: trains on real handwritten digits, alone or on as many ranks as mpirun starts.

import Lockstep

Lockstep.run {  // an error is one sentence and an exit code
    let dls = try DataLoaders.digits(batchSize: 64)
    let learner = Learner(
        dls: dls,
        model: Sequential {
            Linear(64, 128); ReLU(); Linear(128, 10)
        },
        loss: .crossEntropy, metrics: [.accuracy])
    try learner.distributed {  // nothing happens here when there is one process
        try learner.fitOneCycle(5, lrMax: 1e-2)
    }
}
