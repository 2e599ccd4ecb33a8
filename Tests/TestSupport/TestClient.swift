// A blocking client over a raw socket, which shares no code with the library's connections. Every call
// has a deadline, after which it throws instead of hanging the suite. One thread may send while another
// receives; closing is for when both are done.

import Glibc
import SystemPackage
import Throng

package final class TestClient: @unchecked Sendable {
  // Invariant behind @unchecked: `descriptor` changes only in `close` and `reset`, see above.
  package private(set) var descriptor: CInt
  private var tls: TestClientTLS?

  package struct Failure: Error, CustomStringConvertible {
    package let call: String
    package let errno: Errno
    package var description: String { "client \(call): \(errno)" }
  }

  /// - Parameters:
  ///   - timeout: for every single call.
  ///   - receiveBuffer: SO_RCVBUF: a small one fills early when the client does not read.
  ///   - isSecure: whether it speaks TLS: the handshake is complete when this returns.
  package init(
    _ address: SocketAddress, timeout: Duration = .seconds(30), receiveBuffer: Int? = nil,
    from local: SocketAddress? = nil, isSecure: Bool = false
  ) throws {
    descriptor = socket(
      Self.family(of: address), CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    try Self.check("socket", descriptor)
    if let receiveBuffer { try setOption(SOL_SOCKET, SO_RCVBUF, CInt(receiveBuffer)) }
    try setTimeout(timeout)
    if address.port != nil { try setOption(CInt(IPPROTO_TCP), TCP_NODELAY, 1) }
    if let local {
      try Self.check("bind", Self.withKernelForm(of: local) { bind(descriptor, $0, $1) })
    }
    try Self.check("connect", Self.withKernelForm(of: address) { connect(descriptor, $0, $1) })
    if isSecure {
      let tls = try TestClientTLS()
      try tls.handshake(send: sendRaw, receive: { try receiveRaw() })
      self.tls = tls
    }
  }

  deinit { close() }

  package func setTimeout(_ timeout: Duration) throws {
    let (seconds, attoseconds) = timeout.components
    let time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
    try setOption(SOL_SOCKET, SO_RCVTIMEO, time)
    try setOption(SOL_SOCKET, SO_SNDTIMEO, time)
  }

  /// Sends all of it.
  package func send(_ bytes: some ContiguousBytesOfTest) throws {
    if let tls { return try sendRaw(try bytes.withRawBytes { try tls.encrypt($0) }) }
    try sendRaw(bytes)
  }

  /// Sends bytes as they are, whether the client speaks TLS or not.
  package func sendRaw(_ bytes: some ContiguousBytesOfTest) throws {
    try bytes.withRawBytes { buffer in
      var sent = 0
      while sent < buffer.count {
        let rest = UnsafeRawBufferPointer(rebasing: buffer[sent...])
        sent += try Self.check(
          "send", Glibc.send(descriptor, rest.baseAddress, rest.count, CInt(MSG_NOSIGNAL)))
      }
    }
  }

  /// Sends what the kernel takes at once; 0 when its buffers are full.
  package func sendWithoutWaiting(_ bytes: [UInt8]) throws -> Int {
    if tls != nil {
      // A record of which a part was sent must be completed.
      let part = Array(bytes.prefix(16384))
      try send(part)
      return part.count
    }
    do {
      return try bytes.withUnsafeBytes {
        let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
        return try Self.check("send", Glibc.send(descriptor, $0.baseAddress, $0.count, flags))
      }
    } catch let failure as Failure where failure.errno == .resourceTemporarilyUnavailable {
      return 0
    }
  }

  /// What has arrived; nothing at the server's FIN.
  package func receive(atMost limit: Int = 65536) throws -> [UInt8] {
    if let tls { return try tls.receive(atMost: limit, receive: { try receiveRaw() }) }
    return try receiveRaw(atMost: limit)
  }

  /// What has arrived, as it is; nothing at the server's FIN.
  package func receiveRaw(atMost limit: Int = 65536) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      count = try Self.check("recv", recv(descriptor, buffer.baseAddress, limit, 0))
    }
  }

  /// Whether a receive would not wait.
  package var hasInput: Bool {
    if let tls, tls.hasDecrypted { return true }
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&entry, 1, 0) > 0
  }

  /// Exactly so many bytes.
  package func receive(exactly count: Int) throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count {
      let bytes = try receive(atMost: count - all.count)
      if bytes.isEmpty { throw Failure(call: "recv: FIN after \(all.count) bytes", errno: .noData) }
      all += bytes
    }
    return all
  }

  package func receiveText(_ count: Int) throws -> String {
    String(decoding: try receive(exactly: count), as: UTF8.self)
  }

  /// Everything until the server's FIN.
  package func receiveToEnd() throws -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let bytes = try receive()
      if bytes.isEmpty { return all }
      all += bytes
    }
  }

  /// The same, and a reset is an end as well.
  package func receiveToEndOrReset() throws -> [UInt8] {
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
  package func receiveUnlessReset() throws -> [UInt8]? {
    do {
      return try receive()
    } catch let failure as Failure where failure.errno == .connectionReset {
      return nil
    }
  }

  /// Wakes the thread that sends, which then fails.
  package func finishEverything() { _ = shutdown(descriptor, CInt(SHUT_RDWR)) }

  /// Whether the next thing that arrives is a reset.
  package func isReset() throws -> Bool {
    do {
      while try !receive().isEmpty {}
      return false
    } catch let failure as Failure where [.connectionReset, .brokenPipe].contains(failure.errno) {
      return true
    }
  }

  /// FIN: nothing more will be sent.
  package func finishSending() throws {
    if let tls { try sendRaw(tls.closeNotify()) }
    try Self.check("shutdown", shutdown(descriptor, CInt(SHUT_WR)))
  }

  package func close() {
    guard descriptor >= 0 else { return }
    _ = Glibc.close(descriptor)
    descriptor = -1
  }

  /// RST, with all that it drops.
  package func reset() {
    try? setOption(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
    close()
  }

  private func setOption<Value: BitwiseCopyable>(_ level: CInt, _ option: CInt, _ value: Value)
    throws
  {
    var value = value
    try Self.check(
      "setsockopt",
      setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Value>.size)))
  }

  private static func family(of address: SocketAddress) -> CInt {
    withKernelForm(of: address) { pointer, _ in CInt(pointer.pointee.sa_family) }
  }

  private static func withKernelForm<Result>(
    of address: SocketAddress, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
  ) -> Result {
    address.withKernelForm { pointer, length in
      body(UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self), length)
    }
  }

  @discardableResult
  private static func check<Result: SignedInteger>(
    _ call: String, _ result: @autoclosure () -> Result
  ) throws -> Result {
    let result = result()
    let error = errno
    if result < 0 { throw Failure(call: call, errno: Errno(rawValue: error)) }
    return result
  }
}

/// What a client can send: text and bytes.
package protocol ContiguousBytesOfTest {
  func withRawBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension Array: ContiguousBytesOfTest where Element == UInt8 {
  package func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}

extension ArraySlice: ContiguousBytesOfTest where Element == UInt8 {
  package func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try withUnsafeBytes(body)
  }
}

extension String: ContiguousBytesOfTest {
  package func withRawBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws -> Result
  ) rethrows -> Result {
    try Array(utf8).withUnsafeBytes(body)
  }
}
