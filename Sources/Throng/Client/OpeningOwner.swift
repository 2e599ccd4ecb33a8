// How loops own the connections that tasks open: they are begun on the loop's thread, counted so that the
// loop does not end before them, and closed together with the connection whose handler has opened them.

import LinuxSystem
import Synchronization

/// A server loop or a client loop.
protocol OpeningOwner: ConnectionLoop {
  /// Counts a connection that a task opens. Any thread.
  /// - Returns: false when the loop opens none any more.
  func openingBegins() -> Bool

  /// One that was counted is closed, or was not made. On a thread of the loop.
  func openingEnded()
}

extension OpeningOwner {
  /// Begins to connect: at once on a thread of the loop, else when the loop comes to it.
  func begin(_ opening: Opening) {
    guard openingBegins() else {
      return opening.finish(.failure(opening.request.failure(.stopped)))
    }
    if loop.isCurrent { return opening.begin() }
    openings.withLock { $0.append(opening) }
    wake()
  }
}

extension ConnectionLoop {
  /// On a thread of the loop.
  final func beginOpenings() {
    let openings = openings.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
    for opening in openings { opening.begin() }
  }

  /// Ends the attempts to connect.
  final func endPendingConnections(_ reason: ConnectFailure.Reason) {
    for case let pending as PendingConnection in loop.sources { pending.end(reason) }
  }

  /// Keeps the connection for as long as the one whose handler has opened it.
  final func keep(_ connection: Connection, for parent: ObjectIdentifier?) {
    guard let parent else { return }
    openedCount.add(1)
    opened.withLock { $0[parent, default: []].append(connection) }
  }

  final func forget(_ connection: Connection, of parent: ObjectIdentifier?) {
    guard let parent else { return }
    opened.withLock { opened in
      guard let index = opened[parent]?.firstIndex(of: connection) else { return }
      opened[parent]?.remove(at: index)
      if opened[parent]?.isEmpty == true { opened[parent] = nil }
      openedCount.add(-1)
    }
  }

  /// The connection is over, and what its handler has opened is not used any more.
  final func closeOpened(by parent: Connection) {
    guard openedCount.value > 0 else { return }
    let connections = opened.withLock { $0[ObjectIdentifier(parent)] ?? [] }
    for connection in connections { connection.close() }
  }
}

extension Connection {
  /// Opens a connection to a server, on the event loop that serves this one, and waits until it is
  /// established. There is no handler: the caller receives and sends, and closes it; it is closed at the latest
  /// when this connection is over. A server that drains lets it be until its handlers have finished, and
  /// resets it at the deadline.
  ///
  /// ```swift
  /// let upstream = try await connection.open(to: address)
  /// defer { upstream.close() }
  /// ```
  /// - Throws: ``ConnectFailure``; `CancellationError` when the task is cancelled before.
  public final func open(
    to address: SocketAddress, options: OpenOptions = OpenOptions()
  ) async throws -> Connection {
    let request = ConnectRequest(
      id: id, address: address, source: nil, serverName: options.serverName)
    guard let owner = context.openingOwner else { throw request.failure(.stopped) }
    return try await owner.open(request, options, parent: ObjectIdentifier(self))
  }
}

extension OpeningOwner {
  /// - Parameter parent: the connection whose handler opens this one, if a handler does.
  func open(
    _ request: ConnectRequest, _ options: OpenOptions, parent: ObjectIdentifier?
  ) async throws -> Connection {
    let started = Mutex<Opening?>(nil)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let opening = Opening(request, options, owner: self, parent: parent, continuation)
        started.withLock { $0 = opening }
        if Task.isCancelled { opening.cancel() }
        begin(opening)
      }
    } onCancel: {
      started.withLock { $0 }?.cancel()
    }
  }
}
