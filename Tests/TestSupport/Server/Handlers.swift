// What a server under test runs, and how.

import Throng

/// Where servers listen. No client has this address, unlike 127.0.0.1, from which the kernel connects
/// them: a socket that has it is a server's.
package let testHost = "127.0.0.9"

/// One way to run a server.
package struct Setup: Sendable, CustomStringConvertible {
  package let model: Model
  /// Whether the server and its clients speak TLS.
  package let isSecure: Bool
  package var description: String { model.description + (isSecure ? ", TLS" : "") }

  package init(model: Model, isSecure: Bool = false) {
    self.model = model
    self.isSecure = isSecure
  }

  package static let all: [Setup] = [
    Setup(model: .reactor), Setup(model: .reactor(loops: 2)), Setup(model: .threadPool(threads: 1)),
    Setup(model: .threadPool(threads: 2)), Setup(model: .threadPerClient),
  ]

  /// For what must hold whatever the bytes go through.
  package static let plainAndSecure =
    all
    + [Model.reactor, .threadPool(threads: 2), .threadPerClient].map {
      Setup(model: $0, isSecure: true)
    }

  package var loops: Int { if case .reactor(let loops) = model.kind { loops } else { 1 } }
  package var isThreadPerClient: Bool {
    if case .threadPerClient = model.kind { true } else { false }
  }
}

/// Which of the two handler APIs serves.
package enum API: CaseIterable, Sendable {
  case handler, events
}

/// A handler made of a closure.
package struct Serve: Handler, Sendable {
  private let body: @Sendable (Connection) async throws -> Void
  package init(_ body: @escaping @Sendable (Connection) async throws -> Void) { self.body = body }
  package func handle(_ connection: Connection) async throws { try await body(connection) }
}
