// Where a connection comes from: from the other end of its socket, or from behind a proxy there. A direct
// connection keeps no more than its address.

import LinuxSystem

enum ConnectionOrigin: Sendable {
  case direct(SocketAddress)
  case proxied(ProxiedClient)

  /// The client, as far as it is known.
  var client: SocketAddress {
    switch self {
    case .direct(let address): address
    case .proxied(let client): client.header.source ?? client.proxy
    }
  }

  /// The other end of the socket.
  var peer: SocketAddress {
    switch self {
    case .direct(let address): address
    case .proxied(let client): client.proxy
    }
  }

  /// Whose connections the limit of an address counts; nil for a client that its proxy does not name.
  var counted: SocketAddress? {
    switch self {
    case .direct(let address): address
    case .proxied(let client): client.header.source
    }
  }
}

/// What a proxy has said about the client.
final class ProxiedClient: Sendable {
  let proxy: SocketAddress
  let header: ProxyHeader

  init(_ header: ProxyHeader, from proxy: SocketAddress) {
    self.header = header
    self.proxy = proxy
  }
}

/// A moment in milliseconds, in six bytes: a connection has as many to spare beside its flags.
struct CompactTime: Sendable {
  private let low: UInt16
  private let middle: UInt16
  private let high: UInt16

  init(_ time: MonotonicTime) {
    let milliseconds = time.nanoseconds / 1_000_000
    low = UInt16(truncatingIfNeeded: milliseconds)
    middle = UInt16(truncatingIfNeeded: milliseconds >> 16)
    high = UInt16(truncatingIfNeeded: milliseconds >> 32)
  }

  var time: MonotonicTime {
    MonotonicTime(
      nanoseconds: (UInt64(high) << 32 | UInt64(middle) << 16 | UInt64(low)) * 1_000_000)
  }
}
