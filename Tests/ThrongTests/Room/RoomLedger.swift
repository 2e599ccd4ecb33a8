// What was done to rooms and when, by a clock that all threads share. What happens at the same time as a
// message may count or not.

import Glibc
import LinuxSystem
import Synchronization
import TestSupport
import Throng

final class RoomLedger: Sendable {
  enum Role { case usual, slow, reset }

  struct Message: Sendable {
    let id: UInt64
    let start: Int
    let done: Int
    var room: Int { RoomLedger.parts(of: id).room }
  }

  struct Stay: Sendable {
    let room: Int
    let joinStart: Int
    let joinDone: Int
    var leaveStart = Int.max
    var leaveDone = Int.max
  }

  private struct State: Sendable {
    /// By sender and number.
    var messages: [[Message]]
    var stays: [[Stay]]
    var ready = 0
    var done = 0
    var ended = 0
  }

  static let recordLength = 100
  private static let padding = [UInt8](repeating: UInt8(ascii: "x"), count: recordLength - 8)

  let rooms: [Room]
  let clientCount: Int
  private let clock = Atomic(0)
  private let state: Shared<State>
  private let dropped = Atomic(0)
  /// A pipe whose writing end is closed when no client sends any more: clients poll(2) it and their socket.
  let quiet: CInt
  private let quietWriter: CInt

  init(clients: Int, rooms count: Int) {
    clientCount = clients
    var ends: [CInt] = [-1, -1]
    pipe(&ends)
    (quiet, quietWriter) = (ends[0], ends[1])
    rooms = (0..<count).map { _ in Room() }
    state = Shared(
      State(
        messages: [[Message]](repeating: [], count: clients),
        stays: [[Stay]](repeating: [], count: clients)))
  }

  deinit { close(quiet) }

  // MARK: Roles

  func role(_ index: Int) -> Role { index % 20 == 3 ? .slow : index % 20 == 7 ? .reset : .usual }
  /// Whether what a client received breaks off somewhere.
  func isUnfinished(_ index: Int) -> Bool { role(index) != .usual }

  // MARK: Writing

  func tick() -> Int { clock.add(1, ordering: .sequentiallyConsistent).newValue }
  func noteReady() { state.change { $0.ready += 1 } }
  /// A client has sent all its messages, or never will. After the last one, `quiet` is readable.
  func noteDone() {
    let isLast = state.change { s in
      s.done += 1
      return s.done == clientCount
    }
    if isLast { close(quietWriter) }
  }
  func noteDropped() { dropped.add(1, ordering: .relaxed) }
  func note(_ sent: [Message], _ stays: [Stay], of index: Int) {
    state.change { s in
      s.messages[index] = sent
      s.stays[index] = stays
      s.ended += 1
    }
  }

  func waitUntilReady() throws {
    try state.wait("all clients have begun", within: .seconds(180)) { $0.ready == clientCount }
  }
  func waitUntilAllHaveEnded() throws {
    try state.wait("every handler has ended") { $0.ended == clientCount }
  }
  var droppedClients: Int { dropped.load(ordering: .relaxed) }

  // MARK: Records

  static func id(room: Int, sender: Int, number: Int) -> UInt64 {
    UInt64(room) << 48 | UInt64(sender) << 32 | UInt64(number)
  }

  static func parts(of id: UInt64) -> (room: Int, sender: Int, number: Int) {
    (Int(id >> 48), Int(id >> 32 & 0xffff), Int(id & 0xffff_ffff))
  }

  static func record(_ id: UInt64) -> Bytes {
    Bytes(withUnsafeBytes(of: id.littleEndian) { Array($0) } + padding)
  }

  /// The ids of the whole records at the beginning, which are taken away.
  static func takeIDs(_ bytes: inout [UInt8]) throws -> [UInt64] {
    let count = bytes.count / recordLength
    let ids = try bytes.withUnsafeBytes { buffer in
      try (0..<count).map { record in
        let start = record * recordLength
        let rest = UnsafeRawBufferPointer(rebasing: buffer[start + 8..<start + recordLength])
        let isWhole = padding.withUnsafeBytes {
          memcmp($0.baseAddress!, rest.baseAddress!, $0.count) == 0
        }
        try check(isWhole, "a record is garbled")
        return UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      }
    }
    bytes.removeFirst(count * recordLength)
    return ids
  }

  /// Nothing more will be written.
  func closed() -> RoomVerdict { state.change { RoomVerdict($0.messages, $0.stays) } }
}
