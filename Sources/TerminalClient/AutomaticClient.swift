// The tutorial's client: receives, prints, answers, again and again. Used by the main thread.

import Glibc
import LinuxSystem
import ThrongHandlers

package struct AutomaticClient {
  package static let message = "HI! I am client."
  /// Bytes per receive.
  private static let receiveLimit = 1024
  /// How long the server may take to close once this side has.
  private static let closeTimeout = Duration.seconds(1)

  private let count: Int?
  private let interval: Duration
  private var escaper = TerminalEscaper(isEnabled: StandardOutput.isTerminal)

  /// - Parameter count: number of messages; nil for no limit.
  package init(count: Int?, interval: Duration) {
    self.count = count
    self.interval = interval
  }

  /// Returns after the last message, or when the server closes.
  package mutating func run(_ socket: borrowing ClientSocket, _ poller: borrowing Poller) throws {
    var sent = 0
    while try printNext(socket, poller) {
      try send(socket, poller)
      sent += 1
      if sent == count { return try close(socket, poller) }
      var none: [pollfd] = []
      _ = try poller.wait(for: &none, until: .now + interval)
    }
  }

  /// Prints what the server says next; false when it has closed.
  private mutating func printNext(
    _ socket: borrowing ClientSocket, _ poller: borrowing Poller
  ) throws -> Bool {
    while true {
      _ = try poller.wait(for: socket.descriptor, POLLIN)
      guard let bytes = try socket.receive(atMost: Self.receiveLimit) else { continue }
      try poller.write(bytes.isEmpty ? escaper.finish() : escaper.escape(bytes))
      return !bytes.isEmpty
    }
  }

  private func send(_ socket: borrowing ClientSocket, _ poller: borrowing Poller) throws {
    var unsent = Array(Self.message.utf8)[...]
    while !unsent.isEmpty || socket.hasUnsent {
      _ = try poller.wait(for: socket.descriptor, POLLOUT)
      try socket.flush()
      if !unsent.isEmpty { unsent = unsent.dropFirst(try socket.send(unsent)) }
    }
  }

  /// Sends FIN and waits for the server's: closing at once would reset the connection if the server still
  /// answers, and the server might lose the last message by that (RFC 1122, 4.2.2.13).
  private func close(_ socket: borrowing ClientSocket, _ poller: borrowing Poller) throws {
    while try !socket.shutdownSending() {
      _ = try poller.wait(for: socket.descriptor, POLLOUT)
    }
    let deadline = MonotonicTime.now + Self.closeTimeout
    while try poller.wait(for: socket.descriptor, POLLIN, until: deadline) {
      if try socket.receive(atMost: Self.receiveLimit)?.isEmpty == true { return }
    }
  }
}
