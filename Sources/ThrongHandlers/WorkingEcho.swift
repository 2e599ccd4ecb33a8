// An echo that does something for each message first. Apart from `Echo`, whose path stays bare.

import Throng

/// Sends back what each client sends, after a ``Workload`` for each receive: that is a message where
/// clients wait for their replies.
public struct WorkingEcho: Handler {
  private let workload: Workload

  public init(_ workload: Workload) { self.workload = workload }

  public func handle(_ connection: Connection) async throws {
    for try await bytes in connection.inbound {
      workload.perform()
      try await connection.send(bytes)
    }
  }
}

/// The same as callbacks.
public struct WorkingEventEcho: EventHandler {
  private let workload: Workload

  public init(_ workload: Workload) { self.workload = workload }

  public func received(_ bytes: Bytes, on connection: Connection) {
    workload.perform()
    try? connection.write(bytes)
  }
}
