// A server that sends each line to all clients and has one fault that the generator must detect.
// One thread with poll(2), using system calls only, like `FaultyServer`.

import Glibc
import Synchronization
import TestSupport

/// Faults of the server. Clients are numbered from 1 in the order of their connects, messages as
/// the generator numbers them.
enum BroadcastFault: Sendable {
  case none
  /// Prefixes each line with a name, and sends it back to the sender too.
  case prefixes
  /// Ends lines with CR and LF.
  case returns
  /// Sends only to clients that have sent a line, and announces each of them.
  case asksForAName
  /// Sends other lines between the messages.
  case chatters
  /// Sends in pieces of this many bytes.
  case splits(Int)
  /// Never sends a client anything.
  case forgets(client: Int)
  case loses(message: Int, client: Int)
  /// Sends nothing from this message on.
  case fallsSilent(message: Int)
  case repeats(message: Int, client: Int)
  /// Sends a message to a client after the next one.
  case delays(message: Int, client: Int)
  case flips(message: Int, client: Int, offset: Int)
  case shortens(message: Int, client: Int)
  /// Sends FIN to a client instead of a message.
  case closes(message: Int, client: Int)
  /// Sends FIN to the sender instead of a message.
  case closesSender(message: Int)
}

final class BroadcastServer: Sendable {
  let port: Int
  private let fault: BroadcastFault
  private let listener: Int32
  private let isStopped = Atomic<Bool>(false)
  private let isDone = Shared(false)

  private struct Peer {
    let fd: Int32
    let number: Int
    var partial: [UInt8] = []
    var hasSpoken = false
    var late: [UInt8] = []
    var isClosed = false
  }

  init(_ fault: BroadcastFault) {
    self.fault = fault
    (listener, port) = TestSocket.listen()
    TestThread.start { [self] in run() }
  }

  /// Returns once the thread has closed everything.
  func stop() {
    isStopped.store(true, ordering: .releasing)
    isDone.wait { $0 ? () : nil }
  }

  private func run() {
    var peers: [Peer] = []
    var accepted = 0
    while !isStopped.load(ordering: .acquiring) {
      var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      entries += peers.map { pollfd(fd: $0.fd, events: Int16(POLLIN), revents: 0) }
      _ = poll(&entries, nfds_t(entries.count), 5)
      for index in peers.indices where entries[index + 1].revents != 0 { serve(index, &peers) }
      for peer in peers where peer.isClosed { _ = close(peer.fd) }
      peers.removeAll { $0.isClosed }
      guard entries[0].revents != 0 else { continue }
      accepted += 1
      peers.append(Peer(fd: accept(listener, nil, nil), number: accepted))
    }
    for peer in peers { _ = close(peer.fd) }
    _ = close(listener)
    isDone.change { $0 = true }
  }

  private func serve(_ index: Int, _ peers: inout [Peer]) {
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = recv(peers[index].fd, &bytes, bytes.count, 0)
    guard count > 0 else {
      peers[index].isClosed = true
      return
    }
    peers[index].partial += bytes.prefix(count)
    while let end = peers[index].partial.firstIndex(of: 10) {
      let line = Array(peers[index].partial[...end])
      peers[index].partial.removeFirst(end + 1)
      take(line, from: index, &peers)
    }
  }

  private func take(_ line: [UInt8], from index: Int, _ peers: inout [Peer]) {
    if case .asksForAName = fault, !peers[index].hasSpoken {
      peers[index].hasSpoken = true
      let name = line.dropLast()
      for peer in peers where peer.hasSpoken { send(name + Array(" is here\n".utf8), to: peer.fd) }
      return
    }
    let number = Self.number(line)
    for other in peers.indices where other != index || isEchoing {
      deliver(line, number, to: other, from: index, &peers)
    }
  }

  private var isEchoing: Bool { if case .prefixes = fault { true } else { false } }

  private func deliver(
    _ line: [UInt8], _ number: Int?, to other: Int, from index: Int, _ peers: inout [Peer]
  ) {
    var line = line
    let (fd, client) = (peers[other].fd, peers[other].number)
    switch fault {
    case .none: break
    case .prefixes: line = Array("<client \(peers[index].number)> ".utf8) + line
    case .returns: line = line.dropLast() + [13, 10]
    case .asksForAName: if !peers[other].hasSpoken { return }
    case .chatters: send(Array("throng is a word, and so is throng-\n".utf8), to: fd)
    case .splits(let size):
      for start in stride(from: 0, to: line.count, by: size) {
        send(Array(line[start..<min(line.count, start + size)]), to: fd)
      }
      return
    case .forgets(client): return
    case .loses(number, client): return
    case .fallsSilent(let from): if let number, number >= from { return }
    case .repeats(number, client): send(line, to: fd)
    case .delays(number, client):
      peers[other].late = line
      return
    case .flips(number, client, let offset): line[offset] ^= 0xff
    case .shortens(number, client): line.remove(at: 40)
    case .closes(number, client):
      _ = shutdown(fd, Int32(SHUT_WR))
      return
    case .closesSender(number): _ = shutdown(peers[index].fd, Int32(SHUT_WR))
    default: break
    }
    send(line, to: fd)
    if number != nil, !peers[other].late.isEmpty {
      send(peers[other].late, to: fd)
      peers[other].late = []
    }
  }

  /// Number of a message; nil for other lines.
  private static func number(_ line: [UInt8]) -> Int? {
    let fields = line.split(separator: UInt8(ascii: "-"))
    guard fields.count > 3, fields[2].elementsEqual("m".utf8) else { return nil }
    return Int(String(decoding: fields[3], as: UTF8.self))
  }

  private func send(_ bytes: [UInt8], to fd: Int32) {
    _ = bytes.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }
}
