// A blocking client over a raw socket, which shares no code with the library's connections. Every call
// has a deadline, after which it throws instead of hanging the suite. One thread may send while another
// receives; closing is for when both are done.

import CEpollShim
import LinuxSystem
import SystemPackage

@testable import Throng

final class TestClient: @unchecked Sendable {
  // Invariant behind @unchecked: `descriptor` changes only in `close` and `reset`, see above.
  private(set) var descriptor: CInt

  struct Failure: Error, CustomStringConvertible {
    let call: String
    let errno: Errno
    var description: String { "client \(call): \(errno)" }
  }

  /// - Parameters:
  ///   - timeout: for every single call.
  ///   - receiveBuffer: SO_RCVBUF: a small one makes the server feel early that nobody reads.
  init(
    _ address: SocketAddress, timeout: Duration = .seconds(30), receiveBuffer: Int? = nil,
    from local: SocketAddress? = nil
  ) throws {
    descriptor = shim_socket(address.family, 0)
    try Self.check("socket", descriptor)
    if let receiveBuffer {
      try Self.check(
        "setsockopt",
        shim_set_option(descriptor, SOL_SOCKET, SO_RCVBUF, CInt(receiveBuffer)))
    }
    try setTimeout(timeout)
    if address.port != nil {
      try Self.check("setsockopt", shim_set_option(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, 1))
    }
    if let local {
      try Self.check("bind", local.withKernelForm { shim_bind(descriptor, $0, $1) })
    }
    try Self.check("connect", address.withKernelForm { shim_connect(descriptor, $0, $1) })
  }

  deinit { close() }

  func setTimeout(_ timeout: Duration) throws {
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      try Self.check(
        "setsockopt", shim_set_timeout(descriptor, option, timeout.nanoseconds))
    }
  }

  /// Sends all of it.
  func send(_ bytes: some ContiguousBytesOfTest) throws {
    try bytes.withRawBytes { buffer in
      var sent = 0
      while sent < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
        sent += try Self.check("send", shim_send(descriptor, rest.baseAddress, rest.count, 0))
      }
    }
  }

  /// Sends what the kernel takes at once; 0 when its buffers are full.
  func sendWithoutWaiting(_ bytes: [UInt8]) throws -> Int {
    let result = bytes.withUnsafeBytes {
      shim_send(descriptor, $0.baseAddress, $0.count, CInt(MSG_DONTWAIT))
    }
    return result == -Int(EAGAIN) ? 0 : try Self.check("send", result)
  }

  /// What has arrived; nothing at the server's FIN.
  func receive(atMost limit: Int = 65536) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = try Self.check("recv", shim_recv(descriptor, buffer.baseAddress, limit, 0))
    }
  }

  /// Whether a receive would not wait.
  var hasInput: Bool { shim_poll_readable(descriptor, -1, 0) > 0 }

  /// Exactly so many bytes.
  func receive(exactly count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let bytes = try receive(atMost: count - all.count)
      if bytes.isEmpty { throw Failure(call: "recv: FIN after \(all.count) bytes", errno: .noData) }
      all += bytes
    }
    return all
  }

  func receiveText(_ count: Int) throws -> String {
    String(decoding: try receive(exactly: count), as: UTF8.self)
  }

  /// Everything until the server's FIN.
  func receiveToEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try receive()
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// The same, and a reset is an end as well.
  func receiveToEndOrReset() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      do {
        let bytes = try receive()
        if bytes.isEmpty { return all }
        all += bytes
      } catch let failure as Failure where failure.errno == .connectionReset {
        return all
      }
    }
  }

  /// The same one by one: nil at a reset.
  func receiveUnlessReset() throws -> [UInt8]? {
    do {
      return try receive()
    } catch let failure as Failure where failure.errno == .connectionReset {
      return nil
    }
  }

  /// Wakes the thread that sends, which then fails.
  func finishEverything() { _ = shim_shutdown(descriptor, CInt(SHUT_RDWR)) }

  /// Whether the next thing that arrives is a reset.
  func isReset() throws -> Bool {
    do {
      while try !receive().isEmpty {}
      return false
    } catch let failure as Failure where [.connectionReset, .brokenPipe].contains(failure.errno) {
      return true
    }
  }

  /// FIN: nothing more will be sent.
  func finishSending() throws {
    try Self.check("shutdown", shim_shutdown(descriptor, CInt(SHUT_WR)))
  }

  func close() {
    guard descriptor >= 0 else { return }
    _ = shim_close(descriptor)
    descriptor = -1
  }

  /// RST, with all that it drops.
  func reset() {
    _ = shim_set_reset_on_close(descriptor)
    close()
  }

  @discardableResult
  private static func check<Result: SignedInteger & FixedWidthInteger>(
    _ call: String, _ result: Result
  ) throws -> Result {
    if result < 0 { throw Failure(call: call, errno: Errno(rawValue: CInt(-result))) }
    return result
  }
}

/// What a client can send: text and bytes.
protocol ContiguousBytesOfTest {
  func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension Array: ContiguousBytesOfTest where Element == UInt8 {
  func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}

extension ArraySlice: ContiguousBytesOfTest where Element == UInt8 {
  func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}

extension String: ContiguousBytesOfTest {
  func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try Array(utf8).withUnsafeBytes(body)
  }
}
