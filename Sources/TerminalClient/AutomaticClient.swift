// The tutorial's client: receives, prints, answers, again and again.

import Glibc
import LinuxSystem
import SystemPackage
import ThrongHandlers

/// Talks to a server by itself. Used by the main thread.
package struct AutomaticClient {
  package static let message = "HI! I am client."
  /// Bytes per receive.
  private static let receiveLimit = 1024
  /// How long the server may take to close once this side has.
  private static let farewell = Duration.seconds(1)

  /// Number of messages; nil for no limit.
  let count: Int?
  let interval: Duration
  private var output = PeerOutput()

  package init(count: Int?, interval: Duration) {
    self.count = count
    self.interval = interval
  }

  /// Returns after the last message, or when the server closes.
  package mutating func run(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    do {
      var sent = 0
      while try printNext(socket, interruption) {
        try send(socket, interruption)
        sent += 1
        if sent == count { return try takeLeave(socket, interruption) }
        try interruption.pause(until: .now + interval)
      }
    } catch let error as Errno {
      throw TerminalClientError("lost the connection: \(error.sentence)")
    }
  }

  /// Prints what the server says next; false when it has closed.
  private mutating func printNext(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws -> Bool {
    while true {
      _ = try interruption.wait(for: socket.descriptor, POLLIN)
      guard let bytes = try socket.receive(atMost: Self.receiveLimit) else { continue }
      let text = bytes.isEmpty ? output.finish() : output.take(bytes)
      try interruption.write(text[...], to: StandardOutput.descriptor)
      return !bytes.isEmpty
    }
  }

  private func send(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    var unsent = Array(Self.message.utf8)[...]
    while !unsent.isEmpty {
      _ = try interruption.wait(for: socket.descriptor, POLLOUT)
      unsent = unsent.dropFirst(try socket.send(unsent))
    }
  }

  /// Closes in order: closing at once would reset the connection if the server still answers, and
  /// the server might lose the last message by that (RFC 1122, 4.2.2.13).
  private func takeLeave(
    _ socket: borrowing ClientSocket, _ interruption: borrowing Interruption
  ) throws {
    socket.closeOutbound()
    let deadline = ContinuousClock.now + Self.farewell
    while try interruption.wait(for: socket.descriptor, POLLIN, until: deadline) {
      guard let bytes = try socket.receive(atMost: Self.receiveLimit) else { continue }
      if bytes.isEmpty { return }
    }
  }
}
