// Why a connection's call failed.

import SystemPackage

/// Why a call on a connection failed. Ends this connection and no other.
public enum ConnectionError: Error, Equatable, Sendable {
  /// This side has closed the connection, or its sending half, before.
  case closed
  /// The client has reset the connection, or the network has lost it: ECONNRESET, EPIPE, ETIMEDOUT ...
  case lost(Errno)
  /// A time limit has passed.
  case timedOut(TimeLimit)
  /// `write` would have passed the outbox limit, in bytes; see ``SlowReaderPolicy``.
  case outboxFull(limit: Int)
  /// The client did not read, and was dropped at this limit of its outbox; see ``SlowReaderPolicy``.
  case tooSlow(limit: Int)
  /// The TLS handshake has failed, or the peer has violated the protocol later.
  case security(SecurityFailure)
  /// The client has ended its stream without TLS's close_notify, so that what was received may be only a
  /// part of what it has sent. Bytes can still be sent.
  case truncated
  /// Two tasks receive from one connection at once.
  case alreadyReceiving

  /// The limits that can pass.
  public enum TimeLimit: String, Sendable {
    case idle, receive, send, linger, handshake
    case firstByte = "first byte"
  }
}

extension ConnectionError: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String {
    switch self {
    case .closed: "the connection was closed by this side"
    case .lost(let errno): "the connection was lost: \(errno)"
    case .timedOut(let limit): "timed out: the \(limit.rawValue) limit has passed"
    case .outboxFull(let limit):
      "the client does not read: its outbox limit of \(limit) bytes is reached"
    case .tooSlow(let limit):
      "the client does not read: dropped at its outbox limit of \(limit) bytes"
    case .security(let failure): "TLS failed: \(failure)"
    case .truncated: "the client ended its stream without close_notify: it may have been cut off"
    case .alreadyReceiving: "two tasks receive from one connection at once (let one task receive)"
    }
  }
}
