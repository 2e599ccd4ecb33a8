// What ends a connection that makes no progress, on a clock that the test moves.

import CEpollShim
import LinuxSystem
import SystemPackage
import Testing

@testable import Throng

extension AllTests {
  @Suite struct DeadlineLooks {
    private static let limit = 1_000_000_000 as UInt64

    private static func time(_ limits: Double) -> MonotonicTime {
      MonotonicTime(nanoseconds: 1000 * limit + UInt64(limits * Double(limit)))
    }

    private func limits(
      _ change: (inout ConnectionOptions) -> Void
    ) -> (Throng.TimeLimits, Deadlines) {
      var options = ConnectionOptions()
      options.idleTimeout = nil
      change(&options)
      return (Throng.TimeLimits(options), Deadlines(now: Self.time(0), options))
    }

    private func situation(
      isSending: Bool = false, isClosing: Bool = false, isReceiving: Bool = false,
      isLingering: Bool = false, wantsInput: Bool = false
    ) -> Deadlines.Situation {
      Deadlines.Situation(
        isLingering: isLingering, isReceiving: isReceiving, isSending: isSending,
        isClosing: isClosing, wantsInput: wantsInput)
    }

    enum Kind: CaseIterable {
      case send, flush, idle

      func set(_ options: inout ConnectionOptions) {
        switch self {
        case .send: options.sendTimeout = .seconds(1)
        case .flush: options.flushTimeout = .seconds(1)
        case .idle: options.idleTimeout = .seconds(1)
        }
      }
    }

    private func fill(_ socket: borrowing Socket) {
      let block = [UInt8](repeating: 1, count: 4096)
      _ = shim_set_nonblocking(socket.descriptor, 1)
      while true {
        guard (try? block.withUnsafeBytes { try socket.reference.send($0) }) != nil else { break }
      }
    }

    private func read(_ socket: borrowing Socket) {
      var bytes = [UInt8](repeating: 0, count: 4096)
      _ = bytes.withUnsafeMutableBytes {
        shim_recv(socket.descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
      }
    }

    /// The kernel takes nothing all the while, because the client has read less than a third of what is
    /// in its buffer.
    @Test(arguments: Kind.allCases)
    func aClientThatReadsSteadilyIsNotEnded(_ kind: Kind) throws {
      try withSocketPair { left, right in
        fill(left)
        var progress = SendProgress()
        var (limits, deadlines) = limits(kind.set)
        progress.begin(now: Self.time(0))
        let situation = situation(isSending: true, isClosing: kind == .flush)
        for step in 1...60 {
          // The timer fires when it was asked to.
          let now = max(
            deadlines.earliest(situation, limits, progress).time, Self.time(Double(step) / 8))
          let passed = deadlines.passed(situation, limits, &progress, on: left.reference, now: now)
          #expect(passed == nil, "step \(step)")
          if step % 4 == 0 { read(right) }
        }
      }
    }

    @Test(arguments: Kind.allCases)
    func aClientThatReadsNothingIsEnded(_ kind: Kind) throws {
      try withSocketPair { left, _ in
        fill(left)
        var progress = SendProgress()
        var (limits, deadlines) = limits(kind.set)
        progress.begin(now: Self.time(0))
        let situation = situation(isSending: true, isClosing: kind == .flush)
        var now = Self.time(0)
        var passed: ConnectionError.TimeLimit?
        while passed == nil, now < Self.time(10) {
          now = deadlines.earliest(situation, limits, progress).time
          passed = deadlines.passed(situation, limits, &progress, on: left.reference, now: now)
        }
        #expect(passed == (kind == .idle ? .idle : .send))
        #expect(now >= Self.time(1) && now <= Self.time(1.251))
      }
    }

    /// After a pause of the process the kernel has had no chance to take more.
    @Test func aPauseIsNotHeldAgainstTheClient() throws {
      try withSocketPair { left, _ in
        fill(left)
        var progress = SendProgress()
        var (limits, deadlines) = limits(Kind.send.set)
        progress.begin(now: Self.time(0))
        let situation = situation(isSending: true)
        for number in 0..<3 {
          let passed = deadlines.passed(
            situation, limits, &progress, on: left.reference,
            now: Self.time(5 + Double(number) / 100))
          #expect(passed == nil)
        }
      }
    }

    /// The process stood still, or its loop was held up, while the client has sent something.
    @Test(arguments: [true, false], [true, false])
    func inputThatWaitsInTheKernelIsNoSilence(hasInput: Bool, isWanted: Bool) throws {
      try withSocketPair { left, right in
        if hasInput { _ = try [1].withUnsafeBytes { try right.reference.send($0) } }
        let configured: [(ConnectionError.TimeLimit, (inout ConnectionOptions) -> Void)] = [
          (.idle, { $0.idleTimeout = .seconds(1) }),
          (.firstByte, { $0.firstByteTimeout = .seconds(1) }),
          (.receive, { _ in }),
        ]
        for (limit, set) in configured {
          var (limits, deadlines) = limits(set)
          var progress = SendProgress()
          if limit == .receive { deadlines.receive = Self.time(1) }
          let situation = situation(isReceiving: limit == .receive, wantsInput: isWanted)
          let passed = deadlines.passed(
            situation, limits, &progress, on: left.reference, now: Self.time(9))
          #expect(passed == (hasInput && isWanted ? nil : limit))
        }
      }
    }

    /// A closing connection looks once more for the client's FIN, but a client that goes on sending does
    /// not keep it open.
    @Test func aClosingConnectionWaitsOnceLongerForWhatHasArrived() throws {
      try withSocketPair { left, right in
        _ = try [1].withUnsafeBytes { try right.reference.send($0) }
        var progress = SendProgress()
        var (limits, deadlines) = limits { $0.lingerTimeout = .seconds(1) }
        deadlines.phase = Self.time(1)
        let situation = situation(isLingering: true, wantsInput: true)
        #expect(
          deadlines.passed(situation, limits, &progress, on: left.reference, now: Self.time(9))
            == nil)
        let end = deadlines.earliest(situation, limits, progress).time
        #expect(end == Self.time(10).rounded)
        #expect(
          deadlines.passed(situation, limits, &progress, on: left.reference, now: end) == .linger)
      }
    }
  }
}
