// SPDX-License-Identifier: Apache-2.0
// What a server is asked and what it answers, whole and without the connection they came by.

/// A request with its whole body.
public struct HTTPRequest: Sendable {
    /// `GET`, `POST`, … as the client wrote it.
    public let method: String
    /// What stands between the host and a question mark: `/predict`.
    public let path: String
    /// The kind of the body in lower case and without parameters (`application/json`); nil when the client does not say.
    public let contentType: String?
    /// The body, at most as long as ``HTTPLimits/body``.
    public let body: [UInt8]
    private let client: HTTPClientState

    init(method: String, path: String, contentType: String?, body: [UInt8], client: HTTPClientState) {
        (self.method, self.path, self.contentType, self.body) = (method, path, contentType, body)
        self.client = client
    }

    /// Whether its connection is closed: nobody waits for the answer any more.
    public var isAbandoned: Bool { client.hasLeft }
}

/// An answer.
public struct HTTPResponse: Sendable {
    /// The status code, 200 for success (RFC 9110 §15).
    public let status: Int
    /// The kind of the body.
    public let contentType: String
    /// What follows the headers.
    public let body: [UInt8]
    /// Further headers.
    public let headers: [(name: String, value: String)]

    /// An answer of this kind.
    public init(
        _ status: Int = 200, contentType: String, body: [UInt8], headers: [(name: String, value: String)] = []
    ) {
        (self.status, self.contentType, self.body, self.headers) = (status, contentType, body, headers)
    }

    /// JSON; a line end follows, for people who ask by hand.
    public static func json(
        _ text: String, status: Int = 200, headers: [(name: String, value: String)] = []
    ) -> HTTPResponse {
        HTTPResponse(status, contentType: "application/json", body: Array((text + "\n").utf8), headers: headers)
    }
}
