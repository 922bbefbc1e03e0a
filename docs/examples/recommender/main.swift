// SPDX-License-Identifier: Apache-2.0
// A recommender: what users will think of films they have not seen, from what they and others have said (fastai's collab).

import Foundation
import Lockstep

/// Ratings from 1 to 5 of users and films that have tastes and genres: pairs of numbers, and what was said.
func ratings(users: Int, films: Int, count: Int) -> (pairs: Tensor, stars: Tensor) {
    var random = PhiloxGenerator(seed: 1)
    var (pairs, stars) = ([Int](), [Float]())
    for _ in 0..<count {
        let (user, film) = (Int.random(in: 0..<users, using: &random), Int.random(in: 0..<films, using: &random))
        let likes = user % 3 == film % 3
        let kind = Double(user % 5) * 0.2 + Double(film % 7) * 0.15
        pairs += [user, film]
        stars.append(Float(min(5, max(1, (likes ? 3.2 : 1.4) + kind + Double.random(in: -0.3...0.3, using: &random)))))
    }
    return (Tensor(pairs, shape: [count, 2]), Tensor(stars))
}

Lockstep.run {
    let (users, films) = (90, 70)
    let (pairs, stars) = ratings(users: users, films: films, count: 4_000)
    let dls = Datasets(TensorDataset(inputs: [pairs], targets: [stars]), split: .random(0.2, seed: 1))
        .dataLoaders(batchSize: 64)
    setSeed(1)
    let model = EmbeddingDotBias(factors: 20, users: users, items: films, range: 0.5...5.5)
    let learner = Learner(dls: dls, model: model, loss: .mse, metrics: [.mae])
    try learner.distributed { try learner.fitOneCycle(5, lrMax: 5e-3, wd: 0.1) }

    // All films for one user, the best first: those of the user's genre.
    let user = 4
    model.eval()
    let scores = withNoGrad { model(Tensor((0..<films).flatMap { [user, $0] }, shape: [films, 2])) }
    let best = scores.topK(5, axis: 0).indices.ints
    print("for user \(user), who likes genre \(user % 3): films of genres \(best.map { $0 % 3 })")
}
