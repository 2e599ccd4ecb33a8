// What a reader cuts from its input. Each call is two: the first part takes what has arrived, without
// waiting, and is inlined into the caller; the second one waits. A call in between would have a frame,
// which costs instructions for each message and memory for each client that waits.

extension Reader {
  /// The next line without its terminator, LF or CRLF. A last line without a terminator counts; a protocol
  /// in which it must not uses ``until(_:)-(Bytes)``.
  /// - Returns: nil at the end of the input.
  /// - Throws: ``InputError`` with `.tooLong`.
  @inlinable
  public nonisolated(nonsending) func line() async throws -> Bytes? {
    if let line = try arrivedLine() { return line }
    let waited = try await waitForLine()
    connection.hasWaited()
    return waited
  }

  /// The bytes before a delimiter, which is dropped: `until("\r\n\r\n")`.
  /// - Parameter delimiter: at least one byte; a literal is a string here, which costs no allocation.
  /// - Returns: nil at the end of the input.
  /// - Throws: ``InputError`` with `.tooLong`, and with `.truncated` when the input ends before a delimiter.
  @inlinable
  public nonisolated(nonsending) func until(_ delimiter: Bytes) async throws -> Bytes? {
    if let bytes = try arrived(until: delimiter) { return bytes }
    let waited = try await wait(until: delimiter)
    connection.hasWaited()
    return waited
  }

  /// The same for the UTF-8 of a string.
  @inlinable
  public nonisolated(nonsending) func until(_ delimiter: String) async throws -> Bytes? {
    if let bytes = try arrived(until: delimiter) { return bytes }
    let waited = try await wait(until: Bytes(delimiter))
    connection.hasWaited()
    return waited
  }

  /// The next `count` bytes, as one piece. They share the storage of what was received when they came in
  /// one piece.
  /// - Throws: ``InputError`` with `.truncated` when the input ends before, with `.tooLong` when the count is
  ///   above the reader's maximum, with `.malformed` when it is negative.
  @inlinable
  public nonisolated(nonsending) func exactly(_ count: Int) async throws -> Bytes {
    if let bytes = try arrived(exactly: count) { return bytes }
    let waited = try await wait(exactly: count)
    connection.hasWaited()
    return waited
  }

  /// What has arrived, or what arrives next: at least one byte. For what is longer than should be kept in
  /// memory, and is handled piece by piece.
  /// - Parameter limit: at most this many bytes, at least 1.
  /// - Returns: nil at the end of the input.
  public nonisolated(nonsending) func read(atMost limit: Int = .max) async throws -> Bytes? {
    precondition(limit > 0, "a read of no bytes would never end")
    if let bytes = try arrived({ $0.takeSome(atMost: limit, connection) }) { return bytes }
    return try await wait(for: { $0.takeSome(atMost: limit, connection) }, atEnd: { _ in nil })
  }

  /// The next `count` bytes, which are not taken: to tell one protocol from another.
  /// - Throws: as ``exactly(_:)``.
  public nonisolated(nonsending) func prefix(_ count: Int) async throws -> Bytes {
    try await wait(
      expecting: count, for: { (input) throws(InputError) in try input.peek(count) },
      atEnd: { (input) throws(InputError) in throw input.error(.truncated) })
  }

  /// Drops the next `count` bytes as they arrive, without keeping them; the maximum length does not apply.
  /// - Throws: ``InputError`` with `.truncated` when the input ends before.
  @inlinable
  public nonisolated(nonsending) func skip(_ count: Int) async throws {
    let left = try dropArrived(count)
    if left > 0 {
      try await wait(dropping: left)
      connection.hasWaited()
    }
  }

  /// An unsigned integer of 1 to 8 bytes: `unsignedInteger(of: UInt32.self)`. Text is another matter:
  /// `line.integer()`.
  /// - Parameters:
  ///   - type: how many bytes it has.
  ///   - endianness: `.big` is network byte order.
  /// - Throws: ``InputError`` with `.truncated` when the input ends before.
  @inlinable
  public nonisolated(nonsending) func unsignedInteger<Integer>(
    of type: Integer.Type = Integer.self, _ endianness: Endianness = .big
  ) async throws -> Integer where Integer: FixedWidthInteger & UnsignedInteger {
    let byteCount = MemoryLayout<Integer>.size
    if let value = try arrivedInteger(byteCount, endianness) {
      return Integer(truncatingIfNeeded: value)
    }
    let waited = try await waitForInteger(byteCount, endianness)
    connection.hasWaited()
    return Integer(truncatingIfNeeded: waited)
  }

  /// The next frame without its length prefix.
  /// - Returns: nil at the end of the input.
  /// - Throws: ``InputError`` with `.tooLong` before any of the frame is kept, and with `.truncated` when the
  ///   input ends in the middle of a frame.
  @inlinable
  public nonisolated(nonsending) func frame(
    lengthPrefix: LengthPrefix = .fourBytes
  ) async throws -> Bytes? {
    if let frame = try arrivedFrame(lengthPrefix) { return frame }
    let waited = try await waitForFrame(lengthPrefix)
    connection.hasWaited()
    return waited
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
  public nonisolated(nonsending) func message<Message>(
    _ parse: (Bytes) throws -> (message: Message, length: Int)?
  ) async throws -> Message? {
    while true {
      if let message = try bufferedMessage(parse) { return message }
      let hasMore = try await receiveMore()
      connection.hasWaited()
      if !hasMore { return nil }
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

  /// After a message that was not complete.
  /// - Returns: false at the end of the input.
  @usableFromInline
  nonisolated(nonsending) func receiveMore() async throws -> Bool {
    try begin()
    defer { end() }
    if input.streak.isOver {
      await input.streak.yield(on: connection)
      if !input.isEmpty { return true }
    }
    input.compact(expecting: 0)
    if let bytes = try await connection.receive() {
      input.append(bytes, expecting: 0)
      return true
    }
    if input.isEmpty { return false }
    throw input.error(.truncated)
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

  @usableFromInline
  func arrived(until delimiter: Bytes) throws -> Bytes? {
    try delimiter.withUnsafeBytes { try arrived(until: $0) }
  }

  @usableFromInline
  func arrived(until delimiter: String) throws -> Bytes? {
    var delimiter = delimiter
    return try delimiter.withUTF8 { try arrived(until: UnsafeRawBufferPointer($0)) }
  }

  @inline(__always)
  private func arrived(until delimiter: UnsafeRawBufferPointer) throws -> Bytes? {
    var scanned = 0
    return try arrived { try $0.take(until: delimiter, scanned: &scanned, connection) }
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

// MARK: Waiting

extension Reader {
  // Not by way of `wait(for:)`: the path of every request.
  @usableFromInline
  nonisolated(nonsending) func waitForLine() async throws -> Bytes? {
    try begin()
    defer { end() }
    if input.streak.isOver { await input.streak.yield(on: connection) }
    while true {
      if let line = try input.takeLine(connection) { return line }
      input.compact(expecting: 0)
      guard let bytes = try await connection.receive() else { return input.takeRest() }
      input.append(bytes, expecting: 0)
    }
  }

  @usableFromInline
  nonisolated(nonsending) func wait(exactly count: Int) async throws -> Bytes {
    try await wait(
      expecting: count, for: { try $0.take(count, connection) },
      atEnd: { throw $0.error(.truncated) })
  }

  @usableFromInline
  nonisolated(nonsending) func wait(until delimiter: Bytes) async throws -> Bytes? {
    var scanned = 0
    return try await wait(
      for: { input in
        try delimiter.withUnsafeBytes {
          try input.take(until: $0, scanned: &scanned, connection).map(Optional.some)
        }
      },
      atEnd: { input in
        if input.isEmpty { return nil }
        throw input.error(.truncated)
      })
  }

  @usableFromInline
  nonisolated(nonsending) func wait(dropping count: Int) async throws {
    var left = count
    try await wait(
      for: { input in
        left -= input.drop(atMost: left, connection)
        return left == 0 ? () : nil
      },
      atEnd: { throw $0.error(.truncated) })
  }

  @usableFromInline
  nonisolated(nonsending) func waitForInteger(
    _ byteCount: Int, _ endianness: Endianness
  ) async throws -> UInt64 {
    try await wait(
      for: { $0.takeInteger(byteCount, endianness, connection) },
      atEnd: { throw $0.error(.truncated) })
  }

  // Not by way of `wait(for:)`: what is known of the length changes with what arrives.
  @usableFromInline
  nonisolated(nonsending) func waitForFrame(_ prefix: LengthPrefix) async throws -> Bytes? {
    try begin()
    defer { end() }
    if input.streak.isOver { await input.streak.yield(on: connection) }
    while true {
      if let frame = try input.takeFrame(prefix, connection) { return frame }
      let total = prefix.byteCount + (try input.frameLength(prefix) ?? 0)
      input.compact(expecting: total)
      guard let bytes = try await connection.receive() else {
        if input.isEmpty { return nil }
        throw input.error(.truncated)
      }
      input.append(bytes, expecting: total)
    }
  }
}
