// One receiver of a fan-out as its worker sees it. A plain struct in a slab that belongs to the worker's
// thread: it is all that a receiver costs beside the library's own part.

import Throng

struct FanOutReceiver {
  /// Set while the connection is open, which its driver keeps alive.
  var connection: Unmanaged<Connection>?
  var state = LoadConnectionState.none
  /// Has seen a line of the sender's.
  var isMember = false
  /// The line that is coming is too long to be one of ours.
  var isSkipping = false
  /// Where in the last line the marker was: servers put the same before each.
  var prefix = 0
  /// The beginning of a line whose rest has not come.
  var partial: [UInt8] = []
  /// The highest number of a message that has come.
  var last = 0
  /// Messages that came while it was measured, and how long they took in all.
  var deliveries = 0
  var latencySum: UInt64 = 0
  /// When the connect began.
  var connectTime: UInt64 = 0
}
