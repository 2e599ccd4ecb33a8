// Connects to the address of several that answers first: they are tried one after the other, each a moment
// after the one before, so that an address that does not answer costs that moment (RFC 8305). Any thread.

import LinuxSystem

struct FirstToAnswer: Sendable {
  private enum Event: Sendable {
    case connected(Connection)
    case failed(any Error)
    /// It is time to try the next address as well.
    case delayPassed
  }

  private let addresses: [SocketAddress]
  private let delay: Duration

  /// - Parameter addresses: at least one, the preferred first; those of the two IP versions take turns.
  init(_ addresses: [SocketAddress], delay: Duration) {
    self.addresses = Self.alternating(addresses)
    self.delay = delay
  }

  /// The order of RFC 8305, section 4.
  static func alternating(_ addresses: [SocketAddress]) -> [SocketAddress] {
    guard let first = addresses.first else { return [] }
    let preferred = addresses.filter { $0.family == first.family }
    let others = addresses.filter { $0.family != first.family }
    var order: [SocketAddress] = []
    for index in 0..<max(preferred.count, others.count) {
      if index < preferred.count { order.append(preferred[index]) }
      if index < others.count { order.append(others[index]) }
    }
    return order
  }

  /// - Parameter open: connects to one address.
  /// - Throws: why the last one failed.
  func connect(
    _ open: @escaping @Sendable (SocketAddress) async throws -> Connection
  ) async throws -> Connection {
    try await withThrowingTaskGroup(of: Event.self) { group in
      var left = addresses[...]
      var underWay = 0
      func tryNext() {
        guard let address = left.popFirst() else { return }
        underWay += 1
        group.addTask {
          do {
            return .connected(try await open(address))
          } catch {
            return .failed(error)
          }
        }
        guard !left.isEmpty else { return }
        group.addTask { [delay] in
          try? await Task.sleep(for: delay)
          return .delayPassed
        }
      }
      tryNext()
      while let event = try await group.next() {
        switch event {
        case .delayPassed: tryNext()
        case .failed(let error):
          underWay -= 1
          tryNext()
          if underWay == 0 {
            group.cancelAll()
            throw error
          }
        case .connected(let connection):
          group.cancelAll()
          await Self.closeLate(&group)
          return connection
        }
      }
      throw CancellationError()
    }
  }

  /// Those that were cancelled too late are not needed.
  private static func closeLate(_ group: inout ThrowingTaskGroup<Event, any Error>) async {
    while let event = try? await group.next() {
      if case .connected(let connection) = event { connection.close() }
    }
  }
}
