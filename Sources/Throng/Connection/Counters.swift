// What a loop's connections count. Relaxed atomics, so that any thread may read them; what only a
// reactor's own thread writes is added to without a locked instruction.

import LinuxSystem
import Synchronization

final class Counters: Sendable {
  let accepted = Atomic<Int>(0)
  let open = Atomic<Int>(0)
  let closed = Atomic<Int>(0)
  let durations = DurationRecorder(bounds: DurationHistogram.connectionBounds)
  let refused = Atomic<Int>(0)
  let refusedAtAddressLimit = Atomic<Int>(0)
  let refusedAtAddressRate = Atomic<Int>(0)
  let refusedWhenFull = Atomic<Int>(0)
  let shed = Atomic<Int>(0)
  let badProxyHeaders = Atomic<Int>(0)
  let timedOut = Atomic<Int>(0)
  let lost = Atomic<Int>(0)
  let failedHandlers = Atomic<Int>(0)
  let resetAtStop = Atomic<Int>(0)
  let acceptPauses = Atomic<Int>(0)
  let droppedMessages = Atomic<Int>(0)
  let droppedClients = Atomic<Int>(0)
  let outboxHighMark = Atomic<Int>(0)
  let handshakes = Atomic<Int>(0)
  let resumedHandshakes = Atomic<Int>(0)
  let truncated = Atomic<Int>(0)
  let handshakeFailures = FailureCounter()
  let sessionFailures = FailureCounter()
  let traffic = Traffic()

  deinit { traffic.deallocate() }

  /// A client was reset instead of served.
  func count(_ refusal: Refusal) {
    refused.add(1)
    switch refusal {
    case .addressLimit: refusedAtAddressLimit.add(1)
    case .addressRate: refusedAtAddressRate.add(1)
    case .connectionLimit: refusedWhenFull.add(1)
    case .overload: shed.add(1)
    }
  }

  func noteOutbox(_ bytes: Int) {
    if bytes > outboxHighMark.value { outboxHighMark.max(bytes, ordering: .relaxed) }
  }
}

/// Failures of TLS by reason.
final class FailureCounter: Sendable {
  private let counts = Mutex<[SecurityFailure.Reason: Int]>([:])

  func add(_ reason: SecurityFailure.Reason) { counts.withLock { $0[reason, default: 0] += 1 } }

  var value: [SecurityFailure.Reason: Int] { counts.withLock { $0 } }
}

/// What each message counts. Behind a pointer, which is copied: an atomic inside of an object is changed
/// with the object retained, for 40 instructions.
struct Traffic: @unchecked Sendable {
  // Invariant behind @unchecked: constants and atomics. `Counters` has the memory; who keeps a copy keeps
  // the counters as well.
  private struct Counts: ~Copyable {
    let receives = Atomic<Int>(0)
    let receivedBytes = Atomic<Int>(0)
    let sends = Atomic<Int>(0)
    let sentBytes = Atomic<Int>(0)
  }

  private let counts: UnsafeMutablePointer<Counts>

  fileprivate init() {
    counts = .allocate(capacity: 1)
    counts.initialize(to: Counts())
  }

  fileprivate func deallocate() {
    counts.deinitialize(count: 1)
    counts.deallocate()
  }

  var receives: Int { counts.pointee.receives.value }
  var receivedBytes: Int { counts.pointee.receivedBytes.value }
  var sends: Int { counts.pointee.sends.value }
  var sentBytes: Int { counts.pointee.sentBytes.value }

  /// - Parameter isExclusive: only the calling thread ever counts receives.
  @inline(__always)
  func countReceive(_ bytes: Int, isExclusive: Bool) {
    if isExclusive {
      counts.pointee.receives.store(receives &+ 1, ordering: .relaxed)
      counts.pointee.receivedBytes.store(receivedBytes &+ bytes, ordering: .relaxed)
    } else {
      counts.pointee.receives.add(1)
      counts.pointee.receivedBytes.add(bytes)
    }
  }

  /// Any thread sends.
  @inline(__always)
  func countSend(_ bytes: Int) {
    counts.pointee.sends.add(1)
    counts.pointee.sentBytes.add(bytes)
  }
}

/// Why a client was reset instead of served.
enum Refusal { case addressLimit, addressRate, connectionLimit, overload }
