// Where a connection comes from: from the other end of its socket, or from behind a proxy there. Eight bytes of
// a connection: an IPv4 address fits, everything else has an object of its own.

import LinuxSystem

enum ConnectionOrigin: Sendable {
  case ipv4(address: UInt32, port: UInt16)
  /// An IPv4 client of an IPv6 socket (RFC 4291, 2.5.5.2).
  case mappedIPv4(address: UInt32, port: UInt16)
  case other(HeldAddress)
  case proxied(ProxiedClient)

  /// From the other end of the socket.
  init(_ address: SocketAddress) {
    switch address.storage {
    case .ipv4(let address, let port): self = .ipv4(address: address, port: port)
    case .ipv6(0, let low, 0, let port) where low >> 32 == 0xffff:
      self = .mappedIPv4(address: UInt32(truncatingIfNeeded: low), port: port)
    case .ipv6, .unix: self = .other(HeldAddress(address))
    }
  }

  /// The client, as far as it is known.
  var client: SocketAddress {
    if case .proxied(let client) = self { client.header.source ?? client.proxy } else { peer }
  }

  /// The other end of the socket.
  var peer: SocketAddress {
    switch self {
    case .ipv4(let address, let port): SocketAddress(.ipv4(address: address, port: port))
    case .mappedIPv4(let address, let port):
      SocketAddress(.ipv6(high: 0, low: 0xffff << 32 | UInt64(address), scope: 0, port: port))
    case .other(let held): held.address
    case .proxied(let client): client.proxy
    }
  }

  /// Whose connections the limit of an address counts; nil for a client that its proxy does not name.
  var counted: SocketAddress? {
    if case .proxied(let client) = self { client.header.source } else { peer }
  }
}

/// An address that is too large for its connection.
final class HeldAddress: Sendable {
  let address: SocketAddress
  init(_ address: SocketAddress) { self.address = address }
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
