// Clients of an echo server that know what must come back: every byte is compared. One thread, poll(2).

import Foundation
import TestSupport

/// How a client has ended.
enum EchoOutcome: Equatable {
  /// Everything came back, and then FIN.
  case complete
  /// The connection ended before, with an error or FIN.
  case lost(String)
  /// What came back is not what was sent.
  case wrong(at: Int)
  /// Nothing came for ``Program/patience``.
  case stuck(at: Int, of: Int)

  var isLost: Bool { if case .lost = self { true } else { false } }
}

/// One client: how much it sends, how far ahead of the replies, and how late it reads.
private struct EchoClient {
  let descriptor: CInt
  let offset: Int
  let total: Int
  /// Bytes that may be on their way.
  let window: Int
  /// Reads nothing until this much is sent, or the server takes no more.
  let readsFrom: Int
  var sent = 0
  var received = 0
  var isBlocked = false
  var hasClosed = false
  var outcome: EchoOutcome?

  init(_ port: UInt16, _ generator: inout SeededGenerator, largest: Int) throws {
    let isBulk = Bool.random(using: &generator)
    total = Int.random(
      in: (isBulk ? largest / 2 : 1)...(isBulk ? largest : 4096), using: &generator)
    window = isBulk ? total : Int.random(in: 1...2048, using: &generator)
    readsFrom = isBulk ? window : 0
    offset = Int.random(in: 0..<EchoTraffic.pattern.count, using: &generator)
    descriptor = try EchoTraffic.connection(to: port)
  }

  var events: Int16 {
    let mayRead = sent >= readsFrom || isBlocked
    let mayWrite = sent < total && sent - received < window
    return Int16((mayRead ? POLLIN : 0) | (mayWrite ? POLLOUT : 0))
  }

  mutating func advance(_ events: Int16, _ buffer: inout [UInt8]) {
    if events & Int16(POLLOUT) != 0 { write() }
    if events & ~Int16(POLLOUT) != 0, outcome == nil { read(&buffer) }
  }

  /// The server takes no more: now the replies are read.
  mutating func noteSilence() { isBlocked = true }

  private mutating func write() {
    let start = (offset + sent) % EchoTraffic.pattern.count
    let count = min(total - sent, window - (sent - received), EchoTraffic.pattern.count - start)
    let result = EchoTraffic.pattern.withUnsafeBytes {
      send(descriptor, $0.baseAddress! + start, count, CInt(MSG_NOSIGNAL))
    }
    if result >= 0 { sent += result } else if errno != EAGAIN { lose() }
  }

  private mutating func read(_ buffer: inout [UInt8]) {
    let count = recv(descriptor, &buffer, buffer.count, 0)
    if count < 0 { return errno == EAGAIN ? () : lose() }
    if count == 0 {
      outcome = received == total ? .complete : .lost("FIN after \(received) of \(total)")
      return
    }
    for index in 0..<count {
      let expected = EchoTraffic.pattern[(offset + received + index) % EchoTraffic.pattern.count]
      guard buffer[index] == expected, received + index < sent else {
        outcome = .wrong(at: received + index)
        return
      }
    }
    received += count
    if received == total, !hasClosed {
      hasClosed = true
      shutdown(descriptor, CInt(SHUT_WR))
    }
  }

  private mutating func lose() {
    let reason = EchoTraffic.errorText()
    outcome = received == total ? .complete : .lost("\(reason) after \(received) of \(total)")
  }
}

enum EchoTraffic {
  /// Prime, so that a piece that is lost or repeated shows.
  fileprivate static let pattern: [UInt8] = {
    var generator = SeededGenerator(seed: 7)
    return (0..<65521).map { _ in UInt8.random(in: 0...255, using: &generator) }
  }()

  /// Clients that send at once, some in bulk and some a little at a time.
  static func run(
    port: String, clients count: Int, largest: Int = 160_000, seed: UInt64
  ) throws -> [EchoOutcome] {
    var generator = SeededGenerator(seed: seed)
    let port = UInt16(port) ?? 0
    var clients: [EchoClient] = []
    defer { for client in clients { close(client.descriptor) } }
    for _ in 0..<count { clients.append(try EchoClient(port, &generator, largest: largest)) }
    var buffer = [UInt8](repeating: 0, count: 16384)
    while true {
      let running = clients.indices.filter { clients[$0].outcome == nil }
      if running.isEmpty { break }
      var entries = running.map {
        pollfd(fd: clients[$0].descriptor, events: clients[$0].events, revents: 0)
      }
      let isBulk = running.contains { clients[$0].events & Int16(POLLIN) == 0 }
      // What the server does not take within a moment is not what it waits for.
      let ready = poll(&entries, nfds_t(entries.count), isBulk ? 20 : CInt(Program.patience * 1000))
      for (index, entry) in zip(running, entries) {
        if ready > 0 {
          if entry.revents != 0 { clients[index].advance(entry.revents, &buffer) }
        } else if isBulk {
          clients[index].noteSilence()
        } else {
          clients[index].outcome = .stuck(at: clients[index].received, of: clients[index].total)
        }
      }
    }
    return clients.map { $0.outcome! }
  }

  /// Messages of one client, each after the reply to the one before.
  static func exchange(_ count: Int, on descriptor: CInt) throws {
    for number in 0..<count {
      let message = [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 64)
      try send(message, on: descriptor)
      guard try receive(message.count, on: descriptor) == message else {
        throw TestFailure("message \(number): other bytes came back")
      }
    }
  }

  /// A few bytes, which the kernel takes at once.
  static func send(_ bytes: [UInt8], on descriptor: CInt) throws {
    let count = Foundation.send(descriptor, bytes, bytes.count, CInt(MSG_NOSIGNAL))
    guard count == bytes.count else { throw TestFailure("cannot send: \(errorText())") }
  }

  /// Sends more than comes back unless it is read: the receive buffer of `connection(to:)` is small.
  static func sendUnread(on descriptor: CInt) throws {
    var unsent = [UInt8](repeating: 1, count: 65536)[...]
    while !unsent.isEmpty {
      var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
      guard poll(&entry, 1, CInt(Program.patience * 1000)) > 0 else {
        throw TestFailure("the server does not receive")
      }
      let count = unsent.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw TestFailure("cannot send: \(errorText())") }
      unsent = unsent.dropFirst(count)
    }
  }

  static func receive(_ count: Int, on descriptor: CInt) throws -> [UInt8] {
    var received: [UInt8] = []
    while received.count < count {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      var buffer = [UInt8](repeating: 0, count: count - received.count)
      guard poll(&entry, 1, CInt(Program.patience * 1000)) > 0 else {
        throw TestFailure("\(received.count) of \(count) bytes came")
      }
      let result = recv(descriptor, &buffer, buffer.count, 0)
      guard result > 0 else {
        throw TestFailure(result == 0 ? "FIN" : "cannot receive: \(errorText())")
      }
      received += buffer[..<result]
    }
    return received
  }

  fileprivate static func errorText() -> String { String(cString: strerror(errno)) }

  /// A socket that does not block, connected, with a small receive buffer.
  static func connection(to port: UInt16) throws -> CInt {
    let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    var size: CInt = 4096
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard descriptor >= 0, result == 0 else {
      close(descriptor)
      throw TestFailure("cannot connect: \(errorText())")
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    return descriptor
  }
}
