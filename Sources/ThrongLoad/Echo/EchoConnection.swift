// One connection of an `EchoThread`: what was sent on it and what is still expected.
// A plain struct in the thread's array, owned by the load thread. It is the whole cost of a
// connection beside the library's own.

import LinuxSystem
import Throng

/// The state of one connection of the generator.
enum LoadConnectionState: UInt8 {
  /// Not requested yet, or between two connections of the churn mode.
  case none
  case connecting
  case open
  /// Closed by the generator, or failed.
  case over
}

struct EchoConnection {
  /// Set while the connection is open; the connector retains the connection.
  var connection: Unmanaged<Connection>?
  var state = LoadConnectionState.none
  /// Whether a reply, a complete greeting or, in the idle mode, a connection was ever received.
  var wasServed = false
  /// Whether the connection was ever established.
  var wasOpened = false
  /// Bytes of the greeting still expected.
  var greetingLeft: UInt32 = 0
  /// Positions in the pattern of the next byte to send and of the next byte to receive.
  var sendPosition: UInt32 = 0
  var receivePosition: UInt32 = 0
  /// Bytes of replies (or lines, in the line exchange) requested and not received yet.
  var outstanding = 0
  /// Bytes received after the greeting.
  var received = 0
  /// The messages in flight, in the thread's ring: groups of messages that were sent at one time.
  var firstGroup: UInt32 = 0
  var groupCount: UInt32 = 0
  /// Bytes received of the first message in flight.
  var partial: UInt32 = 0
  var inFlight: UInt32 = 0
  /// Replies received within the measured time.
  var replies = 0
  /// Number of the next scheduled message of this connection (open loop), from 0.
  var nextMessage = 0
  var random: SplitMix64
  /// Monotonic time of the connect call, in nanoseconds.
  var connectTime: UInt64 = 0

  /// Resets the state that belongs to one connection, before the next connect.
  mutating func reset() {
    greetingLeft = 0
    outstanding = 0
    received = 0
    firstGroup = 0
    groupCount = 0
    partial = 0
    inFlight = 0
  }
}

/// Messages of one connection that were sent at one time.
struct InFlightGroup {
  /// Intended send time. Latency counts from here (coordinated omission).
  var intended: UInt64
  var sent: UInt64
  /// Bytes of each reply; 1 for a line, whose length is not known in advance.
  var replySize: UInt32
  var count: UInt32
}
