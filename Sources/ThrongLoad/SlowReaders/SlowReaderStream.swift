// What a slow reader has requested and received. A value owned by the client's task.

import Glibc
import LinuxSystem
import Throng

struct SlowReaderStream {
  struct Fault {
    let kind: FaultKind
    let sentence: String

    init(_ kind: FaultKind, _ sentence: String) {
      self.kind = kind
      self.sentence = sentence
    }
  }

  /// Bytes of replies requested ahead; for lines, bytes of messages.
  static let window = 256 * 1024

  /// Bytes received after the greeting, all of them verified.
  private(set) var received = 0
  private let plan: RunPlan
  private var greetingLeft: Int
  private var sendPosition: UInt32
  private var receivePosition: UInt32
  private var random: SplitMix64
  /// Requested replies that have not arrived: bytes, or lines.
  private var outstanding = 0

  init(_ plan: RunPlan, number: Int) {
    self.plan = plan
    greetingLeft = plan.options.greeting
    sendPosition = Pattern.start(seed: plan.options.seed, connection: number)
    receivePosition = sendPosition
    random = SplitMix64(seed: plan.options.seed, stream: number)
  }

  // MARK: Requesting

  /// Messages that fill the window; at least one reply is always outstanding.
  mutating func ask() -> [Bytes] {
    var total = 0
    var lines: [UInt8] = []
    while true {
      let size = plan.sampler.next(&random)
      let reply = replyCost(size)
      guard outstanding == 0 || (outstanding + reply.units) * reply.bytes <= Self.window else {
        break
      }
      outstanding += reply.units
      total += size
      if plan.options.exchange == .lines { MessageLine.append(size, to: &lines) }
    }
    return lines.isEmpty ? pieces(total) : [Bytes(lines)]
  }

  /// Units (bytes or lines) that a message adds to the outstanding replies, and the bytes of a
  /// unit.
  private func replyCost(_ size: Int) -> (units: Int, bytes: Int) {
    switch plan.options.exchange {
    case .echo: (size, 1)
    case .reply(let bytes): (bytes, 1)
    case .lines: (1, size)
    }
  }

  private mutating func pieces(_ total: Int) -> [Bytes] {
    var pieces: [Bytes] = []
    var left = total
    while left > 0 {
      let count = min(left, Pattern.longestPiece)
      pieces.append(plan.pattern.piece(at: sendPosition, count: count))
      sendPosition = Pattern.advance(sendPosition, by: count)
      left -= count
    }
    return pieces
  }

  // MARK: Receiving

  /// Checks received bytes.
  /// - Returns: the fault, if any.
  mutating func take(_ bytes: Bytes) -> Fault? {
    let greeting = min(greetingLeft, bytes.count)
    greetingLeft -= greeting
    let rest = bytes.part(from: greeting, count: bytes.count - greeting)
    return withExtendedLifetime(rest) { takeReplies(rest.unsafeBuffer) }
  }

  private mutating func takeReplies(_ bytes: UnsafeRawBufferPointer) -> Fault? {
    if plan.options.exchange == .lines {
      let lines = bytes.count { $0 == UInt8(ascii: "\n") }
      if lines > outstanding { return surplus(lines - outstanding, "line") }
      outstanding -= lines
    } else {
      let expected = min(bytes.count, outstanding)
      if let fault = verify(UnsafeRawBufferPointer(rebasing: bytes[..<expected])) { return fault }
      if expected < bytes.count { return surplus(bytes.count - expected, "byte") }
      outstanding -= expected
    }
    received += bytes.count
    return nil
  }

  private mutating func verify(_ bytes: UnsafeRawBufferPointer) -> Fault? {
    guard case .echo = plan.options.exchange, plan.options.verifies else { return nil }
    let position = receivePosition
    let window = plan.pattern.window
    let wrong = window.withUnsafeBytes { expected in
      expected.baseAddress.flatMap { Pattern.mismatch(bytes, $0, at: position) }
    }
    guard let wrong else {
      receivePosition = Pattern.advance(position, by: bytes.count)
      return nil
    }
    let sentence = FaultText.wrongByte(
      bytes[wrong], expected: window[Int(position) + wrong], at: received + wrong)
    received += wrong
    return Fault(.wrongByte, sentence)
  }

  private func surplus(_ count: Int, _ what: String) -> Fault {
    Fault(
      .surplus,
      "\(count) \(what)\(count == 1 ? "" : "s") more than requested at offset \(received)")
  }
}
