// A connection's entry in its loop, and what epoll watches for it. Held under the lock of the connection.

import LinuxSystem

struct Registration {
  var token = Token(rawValue: .max)
  private var armedBits = Readiness.readable.lowBits
  /// The loop has an entry for the connection.
  var isActive = true
  /// Taken out of epoll, which reports a hang-up whatever the mask.
  var isUnwatched = false
  /// When its handshake may begin is known, and it waits for the timer until then.
  var hasReservation = false
  var isPostponed = false

  /// What epoll watches the descriptor for: input, room to send, or both.
  @inline(__always)
  var armed: Readiness {
    get { Readiness(bits: UInt32(armedBits)) }
    set { armedBits = newValue.lowBits }
  }
}
