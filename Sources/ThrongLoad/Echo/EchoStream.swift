// The bytes of one connection in both directions: what was sent, which replies are outstanding, and the
// comparison of what arrives. Connections under load and slow readers have one each.
// A value owned by the load thread.

import Glibc
import LinuxSystem
import Throng

struct EchoStream {
  enum Fault {
    case wrongByte(UInt8, expected: UInt8)
    /// More than requested.
    case surplus(Int, of: String)
  }

  /// Replies requested and not received yet, in units of `RunPlan.replyUnits`.
  private(set) var outstanding = 0
  /// Bytes received after the greeting.
  private(set) var received = 0
  /// Bytes of the greeting still expected.
  private(set) var greetingLeft: UInt32 = 0
  /// Positions in the pattern of the next byte to send and of the next byte to receive.
  private var sendPosition: UInt32 = 0
  private var receivePosition: UInt32 = 0
  private var random: SplitMix64

  init(_ plan: RunPlan, number: Int) {
    random = SplitMix64(seed: plan.options.seed, stream: number)
  }

  /// Begins a new connection.
  mutating func restart(_ plan: RunPlan, number: Int) {
    outstanding = 0
    received = 0
    greetingLeft = UInt32(plan.load.messages.greeting)
    sendPosition = Pattern.start(seed: plan.options.seed, connection: number)
    receivePosition = sendPosition
  }

  // MARK: Sending

  /// Draws the size of the next message.
  mutating func nextSize(_ sampler: SizeSampler) -> Int { sampler.next(&random) }

  @inline(__always)
  mutating func request(_ units: Int) { outstanding += units }

  /// The next bytes to send: as many, or the longest slice of the pattern.
  @inline(__always)
  mutating func nextPiece(_ plan: RunPlan, atMost limit: Int) -> Bytes {
    let count = min(limit, Pattern.longestPiece)
    defer { sendPosition = Pattern.advance(sendPosition, by: count) }
    return plan.pattern.piece(at: sendPosition, count: count)
  }

  // MARK: Receiving

  /// Removes what belongs to the greeting.
  mutating func skipGreeting(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let count = min(Int(greetingLeft), bytes.count)
    greetingLeft -= UInt32(count)
    return UnsafeRawBufferPointer(rebasing: bytes[count...])
  }

  /// Compares and counts received bytes.
  /// - Parameter window: memory of the plan's pattern.
  /// - Returns: the units of replies in them.
  @inline(__always)
  mutating func take(
    _ bytes: UnsafeRawBufferPointer, _ plan: RunPlan, _ window: UnsafeRawPointer
  ) -> (units: Int, fault: Fault?) {
    if case .line = plan.load.messages.reply { return takeLines(bytes) }
    let expected = min(bytes.count, outstanding)
    if case .echo = plan.load.messages.reply, plan.load.messages.verifies {
      let checked = UnsafeRawBufferPointer(start: bytes.baseAddress, count: expected)
      if let index = Pattern.mismatch(checked, window, at: receivePosition) {
        received += index
        let right = window.load(fromByteOffset: Int(receivePosition) + index, as: UInt8.self)
        return (0, .wrongByte(bytes[index], expected: right))
      }
      receivePosition = Pattern.advance(receivePosition, by: expected)
    }
    received += expected
    outstanding -= expected
    let surplus = bytes.count - expected
    return (expected, surplus > 0 ? .surplus(surplus, of: "byte") : nil)
  }

  private mutating func takeLines(
    _ bytes: UnsafeRawBufferPointer
  ) -> (units: Int, fault: Fault?) {
    guard var start = bytes.baseAddress else { return (0, nil) }
    let end = start + bytes.count
    var lines = 0
    while let newline = memchr(start, CInt(UInt8(ascii: "\n")), end - start) {
      lines += 1
      start = UnsafeRawPointer(newline) + 1
    }
    received += bytes.count
    let expected = min(lines, outstanding)
    let surplus = lines - outstanding
    outstanding -= expected
    if surplus > 0 { return (expected, .surplus(surplus, of: "line")) }
    // Bytes after the last line that was requested.
    return (expected, outstanding == 0 && start < end ? .surplus(end - start, of: "byte") : nil)
  }
}

extension EchoStream.Fault {
  var kind: FaultKind {
    switch self {
    case .wrongByte: .wrongByte
    case .surplus: .surplus
    }
  }

  /// - Parameter offset: bytes received before the fault.
  func sentence(at offset: Int) -> String {
    switch self {
    case .wrongByte(let byte, let expected):
      FaultText.wrongByte(byte, expected: expected, at: offset)
    case .surplus(let count, let noun):
      "\(Plural(count, noun)) more than requested at offset \(offset)"
    }
  }
}
