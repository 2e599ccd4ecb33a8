// One receiver of a fan-out. A plain struct in the array of its load thread, owned by that thread.
// It is the whole cost of a receiver beside the library's own.

import Throng

struct FanOutReceiver: LoadClient {
  /// Set while the connection is open; the connector retains the connection.
  var connection: Unmanaged<Connection>?
  var state = ClientState.none
  /// Whether the receiver has received a probe, so that the server sends it the sender's lines.
  var isMember = false
  /// Whether the rest of an overlong line is being skipped.
  var isSkipping = false
  /// Offset of the marker in the last line. Servers put the same prefix before each line.
  var prefix = 0
  /// Start of an incomplete line.
  var partial: [UInt8] = []
  /// Highest message number received.
  var last = 0
  /// Deliveries within the measured time, and the sum of their latencies in nanoseconds.
  var deliveries = 0
  var latencySum: UInt64 = 0
  var connectTime: UInt64 = 0
}
