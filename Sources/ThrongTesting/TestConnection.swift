// The client's side of a test: a blocking client with a deadline for all that it does. It shares no code with
// the library's connections. Belongs to the thread of the test.

import Glibc
import LinuxSystem
import SystemPackage
import Throng

/// A client of the server under test. Every call returns or throws ``TestFailure`` before the time limit of
/// the test has passed. Belongs to one thread at a time.
public final class TestConnection {
  private var socket: Socket
  /// Received and not given out yet.
  private var received: [UInt8] = []
  private var hasEnded = false
  private let deadline: MonotonicTime
  private let timeLimit: Duration

  init(to address: SocketAddress, deadline: MonotonicTime, timeLimit: Duration) throws {
    self.deadline = deadline
    self.timeLimit = timeLimit
    do {
      socket = try Socket(family: address.family, nonBlocking: false)
      _ = try socket.connect(to: address.kernelForm)
      if address.port != nil { try socket.set(CInt(IPPROTO_TCP), TCP_NODELAY, 1) }
    } catch {
      throw TestFailure("cannot connect to \(address): \(error)")
    }
  }

  /// Sends all bytes, and receives meanwhile, so that a server that waits for its replies to be read does
  /// not hold it up.
  public func send(_ bytes: Bytes) throws {
    var rest = bytes
    while !rest.isEmpty {
      do throws(Errno) {
        let sent = try rest.withUnsafeBytes { (buffer) throws(Errno) in
          try socket.reference.send(buffer, waiting: false)
        }
        rest = rest.dropFirst(sent)
      } catch .resourceTemporarilyUnavailable {
        try wait(for: POLLOUT, "sending")
      } catch {
        throw TestFailure("sending \(rest.count) of \(bytes.count) bytes failed: \(error)")
      }
    }
  }

  /// Sends FIN: nothing more will be sent.
  public func finishSending() { socket.shutdownSending() }

  /// The next `count` bytes.
  public func receive(exactly count: Int) throws -> Bytes {
    while received.count < count {
      guard try receiveMore("receiving \(count) bytes") else {
        throw TestFailure("the server ended after \(received.count) of \(count) bytes")
      }
    }
    return take(count)
  }

  /// The next line, without LF or CRLF.
  public func line() throws -> Bytes {
    while true {
      if let end = received.firstIndex(of: UInt8(ascii: "\n")) {
        let line = take(end + 1).dropLast()
        return line.hasSuffix("\r") ? line.dropLast() : line
      }
      guard try receiveMore("receiving a line") else {
        throw TestFailure("the server ended after '\(text(received))', without a line end")
      }
    }
  }

  /// Everything until the server's FIN.
  public func receiveToEnd() throws -> Bytes {
    while try receiveMore("receiving to the end") {}
    return take(received.count)
  }

  /// Whether the server ends the connection next, with FIN or with a reset, and sends nothing before.
  public func expectEnd() throws {
    guard received.isEmpty else { throw TestFailure("expected the end, got '\(text(received))'") }
    do {
      while try receiveMore("expecting the end") {}
    } catch let failure as TestFailure where failure.isReset {}
    if !received.isEmpty { throw TestFailure("expected the end, got '\(text(received))'") }
  }

  /// Receives as many bytes and compares them.
  public func expect(_ expected: Bytes) throws {
    while received.count < expected.count {
      guard try receiveMore("expecting '\(text(expected))', got '\(text(received))'") else { break }
      // A wrong reply may be shorter than the right one: it is not waited for longer than necessary.
      if !expected.hasPrefix(Bytes(received.prefix(expected.count))) { break }
    }
    let actual = take(min(expected.count, received.count))
    if actual != expected {
      throw TestFailure("expected '\(text(expected))', got '\(text(actual))'")
    }
  }

  /// Closes (close(2)).
  public func close() { socket.close() }

  /// Sends RST and drops what is unsent.
  public func reset() { socket.reset() }

  // MARK: Inside

  private func take(_ count: Int) -> Bytes {
    let bytes = Bytes(received.prefix(count))
    received.removeFirst(count)
    return bytes
  }

  /// - Returns: false at the server's FIN.
  private func receiveMore(_ purpose: @autoclosure () -> String) throws -> Bool {
    if hasEnded { return false }
    try wait(for: POLLIN, purpose())
    return !hasEnded
  }

  private func wait(for event: CInt, _ purpose: @autoclosure () -> String) throws {
    var entry = pollfd(fd: socket.descriptor, events: Int16(POLLIN | event), revents: 0)
    if hasEnded { entry.events = Int16(event) }
    guard poll(&entry, 1, deadline.pollTimeout(from: .now)) != 0 else {
      throw TestFailure("nothing for \(timeLimit): \(purpose())")
    }
    if !hasEnded, entry.revents & Int16(POLLIN | POLLHUP | POLLERR) != 0 {
      try receiveNow(purpose())
    }
  }

  private func receiveNow(_ purpose: @autoclosure () -> String) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
    defer { buffer.deallocate() }
    do throws(Errno) {
      let count = try socket.reference.receive(
        into: buffer.baseAddress!, count: buffer.count, waiting: false)
      if count == 0 { hasEnded = true }
      received += buffer.prefix(count)
    } catch .resourceTemporarilyUnavailable {
    } catch {
      throw TestFailure("\(purpose()): \(error)", isReset: error == .connectionReset)
    }
  }
}

/// For a message: control characters escaped, and not without end.
private func text(_ bytes: some Collection<UInt8>) -> String {
  let shown = String(decoding: bytes.prefix(200), as: UTF8.self).debugDescription.dropFirst()
    .dropLast()
  return bytes.count > 200 ? "\(shown)... (\(bytes.count) bytes)" : String(shown)
}

/// What was not as expected.
public struct TestFailure: Error, CustomStringConvertible {
  /// What was expected, and what came instead.
  public let description: String
  let isReset: Bool

  init(_ description: String, isReset: Bool = false) {
    self.description = description
    self.isReset = isReset
  }
}
