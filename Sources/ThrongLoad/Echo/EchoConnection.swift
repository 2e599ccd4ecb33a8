// One connection of an `EchoThread`. A plain struct in the thread's array, owned by the load thread. It is
// the whole cost of a connection beside the library's own.

import Throng

struct EchoConnection: LoadClient {
  /// Set while the connection is open; the connector retains the connection.
  var connection: Unmanaged<Connection>?
  var state = ClientState.none
  /// Whether a reply, a complete greeting or, on an idle connection, the connection was ever received.
  var wasServed = false
  /// Whether the connection was ever established.
  var wasOpened = false
  var stream: EchoStream
  /// The messages in flight, in the thread's ring: groups of messages that were sent at one time.
  var firstGroup: UInt32 = 0
  var groupCount: UInt32 = 0
  /// Units received of the first message in flight.
  var partial: UInt32 = 0
  var inFlight: UInt32 = 0
  /// Replies received within the measured time.
  var replies = 0
  /// Number of the next scheduled message of this connection (open loop), from 0.
  var nextMessage = 0
  var connectTime: UInt64 = 0

  init(_ stream: EchoStream) { self.stream = stream }

  /// Forgets the messages in flight.
  mutating func clearInFlight() {
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
  /// Units of each reply.
  var replySize: UInt32
  var count: UInt32
}
