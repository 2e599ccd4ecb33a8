// What a reader cuts from its input. Each call takes what has arrived, and receives as long as that is not enough. It
// is inlined into the handler with the receive: a call in between would have a frame and a hop to its executor, which
// cost instructions for each message and memory for each client that waits.

extension Reader {
  /// The next line without its terminator, LF or CRLF. A last line without a terminator counts; a protocol
  /// in which it must not uses ``until(_:)-(Bytes)``.
  /// - Returns: nil at the end of the input.
  /// - Throws: ``InputError`` with `.tooLong`.
  @inlinable
  public func line() async throws -> Bytes? {
    while true {
      if let line = try arrivedLine() { return line }
      if try await !receiveMore() { return try takeRest() }
    }
  }

  /// The bytes before a delimiter, which is dropped: `until("\r\n\r\n")`.
  /// - Parameter delimiter: at least one byte; a literal is a string here, which costs no allocation.
  /// - Returns: nil at the end of the input.
  /// - Throws: ``InputError`` with `.tooLong`, and with `.truncated` when the input ends before a delimiter.
  @inlinable
  public func until(_ delimiter: Bytes) async throws -> Bytes? {
    var scanned = 0
    while true {
      if let bytes = try arrived(until: delimiter, &scanned) { return bytes }
      if try await !receiveMore() { return try endMessages() }
    }
  }

  /// The same for the UTF-8 of a string.
  @inlinable
  public func until(_ delimiter: String) async throws -> Bytes? {
    var scanned = 0
    while true {
      if let bytes = try arrived(until: delimiter, &scanned) { return bytes }
      if try await !receiveMore() { return try endMessages() }
    }
  }

  /// The next `count` bytes, as one piece. They share the storage of what was received when they came in
  /// one piece.
  /// - Throws: ``InputError`` with `.truncated` when the input ends before, with `.tooLong` when the count is
  ///   above the reader's maximum, with `.malformed` when it is negative.
  @inlinable
  public func exactly(_ count: Int) async throws -> Bytes {
    while true {
      if let bytes = try arrived(exactly: count) { return bytes }
      if try await !receiveMore(expecting: count) { throw truncated() }
    }
  }

  /// What has arrived, or what arrives next: at least one byte. For what is longer than should be kept in
  /// memory, and is handled piece by piece.
  /// - Parameter limit: at most this many bytes, at least 1.
  /// - Returns: nil at the end of the input.
  public func read(atMost limit: Int = .max) async throws -> Bytes? {
    precondition(limit > 0, "a read of no bytes would never end")
    return try await wait(for: { $0.takeSome(atMost: limit, connection) }, atEnd: { _ in nil })
  }

  /// The next `count` bytes, which are not taken: to tell one protocol from another.
  /// - Throws: as ``exactly(_:)``.
  public func prefix(_ count: Int) async throws -> Bytes {
    try await wait(
      expecting: count, for: { (input) throws(InputError) in try input.peek(count) },
      atEnd: { (input) throws(InputError) in throw input.error(.truncated) })
  }

  /// Drops the next `count` bytes as they arrive, without keeping them; the maximum length does not apply.
  /// - Throws: ``InputError`` with `.truncated` when the input ends before.
  @inlinable
  public func skip(_ count: Int) async throws {
    var left = try dropArrived(count)
    while left > 0 {
      if try await !receiveMore() { throw truncated() }
      left = try dropArrived(left)
    }
  }

  /// An unsigned integer of 1 to 8 bytes: `unsignedInteger(of: UInt32.self)`. Text is another matter:
  /// `line.integer()`.
  /// - Parameters:
  ///   - type: how many bytes it has.
  ///   - endianness: `.big` is network byte order.
  /// - Throws: ``InputError`` with `.truncated` when the input ends before.
  @inlinable
  public func unsignedInteger<Integer>(
    of type: Integer.Type = Integer.self, _ endianness: Endianness = .big
  ) async throws -> Integer where Integer: FixedWidthInteger & UnsignedInteger {
    let byteCount = MemoryLayout<Integer>.size
    while true {
      if let value = try arrivedInteger(byteCount, endianness) {
        return Integer(truncatingIfNeeded: value)
      }
      if try await !receiveMore(expecting: byteCount) { throw truncated() }
    }
  }

  /// The next frame without its length prefix.
  /// - Returns: nil at the end of the input.
  /// - Throws: ``InputError`` with `.tooLong` before any of the frame is kept, and with `.truncated` when the
  ///   input ends in the middle of a frame.
  @inlinable
  public func frame(
    lengthPrefix: LengthPrefix = .fourBytes
  ) async throws -> Bytes? {
    while true {
      if let frame = try arrivedFrame(lengthPrefix) { return frame }
      if try await !receiveMore(expecting: frameSize(lengthPrefix)) { return try endMessages() }
    }
  }
}

// MARK: A parser's messages

extension Reader {
  /// The next message as a parser finds it: for a protocol whose messages are found faster in one pass over the
  /// bytes than part by part.
  ///
  /// ```swift
  /// while let request = try await input.message({ try Request(parsing: $0) }) { ... }
  /// ```
  /// - Parameter parse: gets what has arrived and was not taken, at least one byte. Returns a message and how many
  ///   bytes it has, at least one; or nil when the message is not complete: it is called again, with the same bytes
  ///   and more, when more have arrived. Must not use the reader.
  /// - Returns: nil at the end of the input.
  /// - Throws: what `parse` throws, an ``InputError`` with the offset of the message if it has none; and
  ///   ``InputError`` with `.tooLong` when a message has more than the reader's maximum, with `.truncated` when the
  ///   input ends in the middle of one.
  @inlinable
  public func message<Message>(
    _ parse: @Sendable (Bytes) throws -> (message: Message, length: Int)?
  ) async throws -> Message? {
    while true {
      if let message = try bufferedMessage(parse) { return message }
      if try await !receiveMore() { return try endMessages() }
    }
  }

  /// The next message as ``message(_:)`` returns it, when the whole of it has arrived; nil when `message` would wait,
  /// has an end to report, or would let other connections be served first. To answer all that has arrived at once.
  /// - Throws: as ``message(_:)``.
  @inlinable
  public func bufferedMessage<Message>(
    _ parse: (Bytes) throws -> (message: Message, length: Int)?
  ) throws -> Message? {
    guard let bytes = try beginParsing() else { return nil }
    do {
      let found = try parse(bytes)
      try endParsing(length: found?.length)
      return found?.message
    } catch {
      throw parsingFailed(error)
    }
  }

  /// - Returns: nil when nothing has arrived, or other connections get their turn first. Otherwise `endParsing` or
  ///   `parsingFailed` has to follow.
  @usableFromInline
  func beginParsing() throws -> Bytes? {
    try begin()
    if input.isEmpty || input.streak.isOver {
      end()
      return nil
    }
    return input.bytes
  }

  /// - Parameter length: of the message; nil: it is not complete.
  @usableFromInline
  func endParsing(length: Int?) throws {
    try input.takeMessage(length: length, connection)
    end()
  }

  @usableFromInline
  func parsingFailed(_ error: any Error) -> any Error {
    defer { end() }
    guard var error = error as? InputError, error.offset == nil else { return error }
    error.offset = input.offset
    return error
  }
}

// MARK: What has arrived

extension Reader {
  @usableFromInline
  func arrivedLine() throws -> Bytes? { try arrived { try $0.takeLine(connection) } }

  @usableFromInline
  func arrived(exactly count: Int) throws -> Bytes? {
    try arrived { try $0.take(count, connection) }
  }

  /// - Parameter scanned: how much of what has arrived is known to have no delimiter.
  @usableFromInline
  func arrived(until delimiter: Bytes, _ scanned: inout Int) throws -> Bytes? {
    try delimiter.withUnsafeBytes { try arrived(until: $0, &scanned) }
  }

  @usableFromInline
  func arrived(until delimiter: String, _ scanned: inout Int) throws -> Bytes? {
    var delimiter = delimiter
    return try delimiter.withUTF8 { try arrived(until: UnsafeRawBufferPointer($0), &scanned) }
  }

  @inline(__always)
  private func arrived(
    until delimiter: UnsafeRawBufferPointer, _ scanned: inout Int
  ) throws -> Bytes? {
    try arrived { try $0.take(until: delimiter, scanned: &scanned, connection) }
  }

  @usableFromInline
  func arrivedInteger(_ byteCount: Int, _ endianness: Endianness) throws -> UInt64? {
    precondition(byteCount <= 8, "an integer of at most 8 bytes")
    return try arrived { $0.takeInteger(byteCount, endianness, connection) }
  }

  @usableFromInline
  func arrivedFrame(_ prefix: LengthPrefix) throws -> Bytes? {
    try arrived { try $0.takeFrame(prefix, connection) }
  }

  /// - Returns: how many bytes are still to be dropped.
  @usableFromInline
  func dropArrived(_ count: Int) throws -> Int {
    try exclusively { input in
      if count < 0 { throw input.error(.malformed("a length of \(count) bytes")) }
      return count - input.drop(atMost: count, connection)
    }
  }
}

// MARK: Receiving

extension Reader {
  /// After what has arrived was not enough, or other connections get their turn first.
  /// - Parameter total: how many bytes are needed, when that is known.
  /// - Returns: false at the end of the input.
  @inlinable
  @inline(__always)
  func receiveMore(expecting total: Int = 0) async throws -> Bool {
    guard try beginReceiving(expecting: total) else {
      // A connection with a thread of its own holds none of the others up.
      if !connection.receivesAtOnce { await Task.yield() }
      return true
    }
    do {
      let bytes = try await connection.receive()
      return endReceiving(bytes, expecting: total)
    } catch {
      end()
      throw error
    }
  }

  /// - Returns: false when other connections get their turn before anything more is taken.
  @usableFromInline
  func beginReceiving(expecting total: Int) throws -> Bool {
    try begin()
    if input.streak.endTurn() {
      end()
      return false
    }
    input.compact(expecting: total)
    return true
  }

  @usableFromInline
  func endReceiving(_ bytes: Bytes?, expecting total: Int) -> Bool {
    if let bytes { input.append(bytes, expecting: total) }
    end()
    return bytes != nil
  }

  /// At the end of the input.
  @usableFromInline
  func takeRest() throws -> Bytes? { try exclusively { $0.takeRest() } }

  /// At the end of the input.
  /// - Returns: nil, when it does not cut off a message.
  @usableFromInline
  func endMessages<Message>() throws -> Message? {
    try exclusively { input in
      if input.isEmpty { return nil }
      throw input.error(.truncated)
    }
  }

  @usableFromInline
  func truncated() -> InputError { input.error(.truncated) }

  @usableFromInline
  func frameSize(_ prefix: LengthPrefix) throws -> Int {
    try exclusively { prefix.byteCount + (try $0.frameLength(prefix) ?? 0) }
  }
}
