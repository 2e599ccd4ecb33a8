// The keys of session tickets. They change each hour, and the one before stays good for reading, so that
// a ticket lives one to two hours and old traffic cannot be read with what is in memory now. Any thread.

import COpenSSL
import LinuxSystem
import Synchronization

final class TicketKeys: Sendable {
  /// 80 bytes: a name that is in the ticket, an HMAC key, an AES-256 key.
  struct Key: Sendable {
    static let nameCount = 16
    private let bytes: [UInt8]

    init?() {
      var bytes = [UInt8](repeating: 0, count: 80)
      guard RAND_priv_bytes(&bytes, 80) == 1 else { return nil }
      self.bytes = bytes
    }

    var name: ArraySlice<UInt8> { bytes[..<16] }
    var authentication: ArraySlice<UInt8> { bytes[16..<48] }
    var encryption: ArraySlice<UInt8> { bytes[48...] }
  }

  private struct State {
    var current: Key?
    var previous: Key?
    var changesAt = MonotonicTime(nanoseconds: 0)
  }

  static let period = Duration.seconds(3600)
  private let state = Mutex(State())

  /// The key for a new ticket; nil without random numbers.
  func current(now: MonotonicTime) -> Key? {
    state.withLock { state in
      Self.rotate(&state, now)
      return state.current
    }
  }

  /// The key that a ticket names, and whether new tickets use it; nil when it is no more.
  func key(
    named name: UnsafeBufferPointer<UInt8>, now: MonotonicTime
  ) -> (key: Key, isCurrent: Bool)? {
    state.withLock { state in
      Self.rotate(&state, now)
      if let key = state.current, key.name.elementsEqual(name) { return (key, true) }
      if let key = state.previous, key.name.elementsEqual(name) { return (key, false) }
      return nil
    }
  }

  private static func rotate(_ state: inout State, _ now: MonotonicTime) {
    guard now >= state.changesAt else { return }
    state.previous = now >= state.changesAt + period ? nil : state.current
    state.current = Key()
    state.changesAt = now + period
  }
}
