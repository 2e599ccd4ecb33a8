// One connection as its worker sees it. A plain struct in a slab that belongs to the worker's thread:
// it is all that a connection costs beside the library's own part.

import Throng

/// The state of one connection of the generator.
enum LoadConnectionState: UInt8 {
  /// Not asked for yet, or between two connections of the churn mode.
  case none
  case connecting
  case open
  /// Over: closed by us or by a fault.
  case over
}

struct EchoConnection {
  /// Set while the connection is open, which its driver keeps alive.
  var connection: Unmanaged<Connection>?
  var state = LoadConnectionState.none
  /// Whether it has ever had a reply, a greeting in full or, in the idle mode, a connection.
  var wasServed = false
  /// Whether it has ever been connected.
  var wasOpened = false
  var greetingLeft: UInt32 = 0
  /// Where in the pattern the next byte to send and to receive are.
  var sendPosition: UInt32 = 0
  var receivePosition: UInt32 = 0
  /// Bytes asked for and not received yet.
  var outstanding = 0
  /// Bytes received after the greeting.
  var received = 0
  /// The messages in flight, in the worker's ring: groups that were sent at one time.
  var firstGroup: UInt32 = 0
  var groupCount: UInt32 = 0
  /// Bytes received of the first message in flight.
  var partial: UInt32 = 0
  var inFlight: UInt32 = 0
  /// Replies while it was measured.
  var replies = 0
  /// The open loop's next message, counted on this connection from 0 on.
  var nextMessage = 0
  var random: RandomState
  /// When the connect began.
  var connectTime: UInt64 = 0

  /// What a new connection begins with.
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

/// Messages of one connection that were sent together.
struct InFlightGroup {
  /// When they should have been sent.
  var intended: UInt64
  var sent: UInt64
  /// The bytes of each reply.
  var replySize: UInt32
  var count: UInt32
}
