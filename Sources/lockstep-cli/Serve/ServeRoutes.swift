// SPDX-License-Identifier: Apache-2.0
// Which requests `lockstep serve` answers, and which of them wait for the model.

import LockstepHTTP

/// The places of a server.
struct ServeRoutes: Sendable {
    let reader: InstanceReader
    /// The answer of `GET /`.
    let description: String
    let queue: RequestQueue

    /// Answers at once, or puts the request into the queue.
    func handle(_ request: HTTPRequest, _ answer: @escaping @Sendable (HTTPResponse) -> Void) {
        do throws(Refusal) {
            switch request.path {
            case "/":
                try require(["GET", "HEAD"], request)
                answer(.json(description))
            case "/health":
                try require(["GET", "HEAD"], request)
                answer(.json(#"{"status":"ok"}"#))
            case "/predict":
                try require(["POST"], request)
                let instances = try reader.instances(in: request)
                let entry = RequestQueue.Entry(request, instances, answer)
                if !queue.add(entry) {
                    throw Refusal(
                        status: 503, sentence: "too many requests wait already", headers: [("retry-after", "1")])
                }
            default:
                throw Refusal(
                    status: 404, sentence: "\(request.path.prefix(80)): there are /, /health and /predict")
            }
        } catch {
            answer(error.response)
        }
    }

    private func require(_ methods: [String], _ request: HTTPRequest) throws(Refusal) {
        guard !methods.contains(request.method) else { return }
        throw Refusal(
            status: 405, sentence: "\(request.method) \(request.path): must be \(methods.joined(separator: " or "))",
            headers: [("allow", methods.joined(separator: ", "))])
    }
}
