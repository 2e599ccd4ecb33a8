// Why a connection has failed, in seven bytes with the alignment of two: a `ConnectionError` takes sixteen of
// each connection, and very few connections fail.

import SystemPackage

enum CompactFailure: Equatable, Sendable {
  case closed, truncated, alreadyReceiving
  /// The kernel's numbers go up to 4095.
  case lost(UInt16)
  case timedOut(ConnectionError.TimeLimit)
  // No outbox has 2^48 bytes: a limit that was reached is smaller.
  case outboxFull(UInt48)
  case tooSlow(UInt48)
  case security(SecurityFailure)

  init(_ error: ConnectionError) {
    switch error {
    case .closed: self = .closed
    case .truncated: self = .truncated
    case .alreadyReceiving: self = .alreadyReceiving
    case .lost(let errno): self = .lost(UInt16(truncatingIfNeeded: errno.rawValue))
    case .timedOut(let limit): self = .timedOut(limit)
    case .outboxFull(let limit): self = .outboxFull(UInt48(truncating: UInt64(limit)))
    case .tooSlow(let limit): self = .tooSlow(UInt48(truncating: UInt64(limit)))
    case .security(let failure): self = .security(failure)
    }
  }

  // Not inlined: rare.
  @inline(never)
  var error: ConnectionError {
    switch self {
    case .closed: .closed
    case .truncated: .truncated
    case .alreadyReceiving: .alreadyReceiving
    case .lost(let number): .lost(Errno(rawValue: CInt(number)))
    case .timedOut(let limit): .timedOut(limit)
    case .outboxFull(let limit): .outboxFull(limit: Int(limit.value))
    case .tooSlow(let limit): .tooSlow(limit: Int(limit.value))
    case .security(let failure): .security(failure)
    }
  }
}
