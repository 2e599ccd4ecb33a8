// A server with one fault that the generator must detect. One thread with poll(2), using system
// calls only, so that no fault of the library can mask it.

import Glibc
import Synchronization
import TestSupport

/// Faults of the server.
enum Fault: Sendable {
  case none
  /// Sends nothing in the first half of every second.
  case stalls
  /// Changes the byte at an offset of each connection's stream.
  case flips(offset: Int)
  case drops(offset: Int)
  /// Sends the bytes received at an offset twice.
  case duplicates(offset: Int)
  /// Sends unrequested bytes shortly after each reply.
  case speaksUnasked
  case greets(String)
  /// Sends FIN after this many bytes.
  case closes(after: Int)
  /// Resets on the first byte after this many.
  case resets(after: Int)
  /// Serves every second connection.
  case servesHalf
  case isSilent
  case sendsGarbage
  /// Answers each line with one line of its own.
  case answersLines(String)
  /// Answers each 64-byte message with this many bytes.
  case answersBytes(Int)
}

final class FaultyServer: Sendable {
  let port: Int
  private let fault: Fault
  private let listener: Int32
  private let isStopped = Atomic<Bool>(false)
  private let isDone = Shared(false)

  private struct Peer {
    let fd: Int32
    let index: Int
    var received = 0
    /// Whether unrequested bytes are due.
    var speaksAt: UInt64 = .max
  }

  init(_ fault: Fault) {
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
    let start = Self.clock
    while !isStopped.load(ordering: .acquiring) {
      var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      entries += peers.map { pollfd(fd: $0.fd, events: Int16(POLLIN), revents: 0) }
      _ = poll(&entries, nfds_t(entries.count), 5)
      if case .stalls = fault {
        let phase = (Self.clock - start) % 1_000_000_000
        if phase < 500_000_000 { poll(nil, 0, Int32(500 - phase / 1_000_000)) }
      }
      var open: [Peer] = []
      for (index, peer) in peers.enumerated() {
        if let kept = serve(peer, isReadable: entries[index + 1].revents != 0) { open.append(kept) }
      }
      peers = open
      if entries[0].revents != 0 { peers.append(accept(at: accepted)) }
    }
    for peer in peers { _ = close(peer.fd) }
    _ = close(listener)
    isDone.change { $0 = true }
  }

  private let acceptedCount = Atomic<Int>(0)
  private var accepted: Int { acceptedCount.wrappingAdd(1, ordering: .relaxed).newValue }

  private func accept(at index: Int) -> Peer {
    let peer = Peer(fd: Glibc.accept(listener, nil, nil), index: index)
    if case .greets(let text) = fault { send(Array(text.utf8), to: peer.fd) }
    return peer
  }

  /// Nil when the connection has ended.
  private func serve(_ peer: Peer, isReadable: Bool) -> Peer? {
    var peer = peer
    if Self.clock >= peer.speaksAt {
      peer.speaksAt = .max
      send(Array("hello".utf8), to: peer.fd)
    }
    guard isReadable else { return peer }
    var bytes = [UInt8](repeating: 0, count: 65536)
    let count = recv(peer.fd, &bytes, bytes.count, 0)
    guard count > 0 else {
      _ = close(peer.fd)
      return nil
    }
    let offset = peer.received
    peer.received += count
    return answer(Array(bytes.prefix(count)), at: offset, &peer) ? peer : nil
  }

  private func answer(_ bytes: [UInt8], at offset: Int, _ peer: inout Peer) -> Bool {
    var bytes = bytes
    func index(_ wanted: Int) -> Int? {
      bytes.indices.contains(wanted - offset) ? wanted - offset : nil
    }
    switch fault {
    case .none, .stalls, .greets: break
    case .flips(let wanted): if let index = index(wanted) { bytes[index] ^= 0xff }
    case .drops(let wanted): if let index = index(wanted) { bytes.remove(at: index) }
    case .duplicates(let wanted): if index(wanted) != nil { bytes += bytes }
    case .speaksUnasked: peer.speaksAt = Self.clock + 20_000_000
    case .closes(let limit):
      if peer.received > limit { return true }
      send(bytes, to: peer.fd)
      if peer.received == limit { _ = shutdown(peer.fd, Int32(SHUT_WR)) }
      return true
    case .resets(let limit):
      if peer.received > limit {
        var linger = linger(l_onoff: 1, l_linger: 0)
        let size = socklen_t(MemoryLayout.size(ofValue: linger))
        setsockopt(peer.fd, SOL_SOCKET, SO_LINGER, &linger, size)
        _ = close(peer.fd)
        return false
      }
    case .servesHalf: if peer.index % 2 == 0 { return true }
    case .isSilent: return true
    case .sendsGarbage: bytes = bytes.map { _ in UInt8(ascii: "?") }
    case .answersLines(let line):
      bytes = bytes.filter { $0 == 10 }.flatMap { _ in Array((line + "\n").utf8) }
    case .answersBytes(let count):
      bytes = [UInt8](repeating: 1, count: count * (peer.received / 64 - offset / 64))
    }
    send(bytes, to: peer.fd)
    return true
  }

  private static var clock: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  private func send(_ bytes: [UInt8], to fd: Int32) {
    _ = bytes.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }
}
