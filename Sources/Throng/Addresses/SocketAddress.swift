// Where a socket is bound or connected: IPv4, IPv6 or a Unix path (ip(7), ipv6(7), unix(7)).

import Glibc
import LinuxSystem
import SystemPackage

/// An address of one end of a connection.
public struct SocketAddress: Hashable, Sendable {
  package enum Storage: Hashable, Sendable {
    case ipv4(address: UInt32, port: UInt16)
    /// In this order it takes 24 bytes; a connection keeps one.
    case ipv6(high: UInt64, low: UInt64, scope: UInt32, port: UInt16)
    case unix(String)
  }
  package let storage: Storage

  package init(_ storage: Storage) { self.storage = storage }

  /// The TCP port; nil for a Unix address.
  public var port: Int? {
    switch storage {
    case .ipv4(_, let port), .ipv6(_, _, _, let port): Int(port)
    case .unix: nil
    }
  }

  /// The numeric host or the Unix path. An IPv4 client of an IPv6 socket is shown as IPv4.
  public var host: String {
    switch storage {
    case .unix(let path): return path
    case .ipv4(let address, _): return Self.dotted(address)
    case .ipv6(let high, let low, let scope, _):
      if high == 0, low >> 32 == 0xffff { return Self.dotted(UInt32(truncatingIfNeeded: low)) }
      var address = in6_addr()
      withUnsafeMutableBytes(of: &address) {
        $0.storeBytes(of: high.bigEndian, as: UInt64.self)
        $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      let numeric = KernelAddress.text(of: &address)
      return scope == 0 ? numeric : "\(numeric)%\(scope)"
    }
  }

  private static func dotted(_ address: UInt32) -> String {
    "\(address >> 24).\(address >> 16 & 255).\(address >> 8 & 255).\(address & 255)"
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:52000`, `[::1]:52000` or `/run/throng.sock`.
  public var description: String {
    guard let port else { return host.isEmpty ? "unix socket without a name" : host }
    let name = host
    return name.contains(":") ? "[\(name)]:\(port)" : "\(name):\(port)"
  }
}

extension SocketAddress {
  package var family: CInt {
    switch storage {
    case .ipv4: AF_INET
    case .ipv6: AF_INET6
    case .unix: AF_UNIX
    }
  }

  /// The any-address of both IP versions, `::`.
  var isWildcardIPv6: Bool {
    if case .ipv6(0, 0, _, _) = storage { return true }
    return false
  }

  /// Whether this stands for every address of the machine, `::` or `0.0.0.0`.
  package var isWildcard: Bool {
    if case .ipv4(0, _) = storage { return true }
    return isWildcardIPv6
  }

  func with(port: Int) -> SocketAddress {
    switch storage {
    case .ipv4(let address, _): .init(.ipv4(address: address, port: UInt16(port)))
    case .ipv6(let high, let low, let scope, _):
      .init(.ipv6(high: high, low: low, scope: scope, port: UInt16(port)))
    case .unix: self
    }
  }

  /// The kernel's form of the address.
  package var kernelForm: KernelAddress {
    var address = KernelAddress()
    address.length = withUnsafeMutableBytes(of: &address.storage) { encode(into: $0) }
    return address
  }

  private func encode(into bytes: UnsafeMutableRawBufferPointer) -> socklen_t {
    let start = bytes.baseAddress.unsafelyUnwrapped
    switch storage {
    case .ipv4(let address, let port):
      let target = start.assumingMemoryBound(to: sockaddr_in.self)
      target.pointee.sin_family = sa_family_t(AF_INET)
      target.pointee.sin_port = port.bigEndian
      target.pointee.sin_addr.s_addr = address.bigEndian
      return socklen_t(MemoryLayout<sockaddr_in>.size)
    case .ipv6(let high, let low, let scope, let port):
      let target = start.assumingMemoryBound(to: sockaddr_in6.self)
      target.pointee.sin6_family = sa_family_t(AF_INET6)
      target.pointee.sin6_port = port.bigEndian
      target.pointee.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &target.pointee.sin6_addr) {
        $0.storeBytes(of: high.bigEndian, as: UInt64.self)
        $0.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    case .unix(let path):
      start.assumingMemoryBound(to: sockaddr_un.self).pointee.sun_family = sa_family_t(AF_UNIX)
      let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
      var name = Array(path.utf8)
      // A leading `@` names an abstract socket: no file, a zero byte in front.
      let isAbstract = name.first == UInt8(ascii: "@")
      if isAbstract { name[0] = 0 }
      precondition(name.count <= Self.maximumUnixPathLength, "checked when the address was made")
      (start + header).copyMemory(from: name, byteCount: name.count)
      return socklen_t(header + name.count + (isAbstract ? 0 : 1))
    }
  }

  /// What sockaddr_un holds, less the terminator.
  static let maximumUnixPathLength = 107

  /// Nil for a family other than IPv4, IPv6 and Unix.
  package init?(_ address: borrowing KernelAddress) {
    let length = address.length
    guard
      let decoded = withUnsafeBytes(
        of: address.storage,
        {
          SocketAddress(decoding: $0.baseAddress.unsafelyUnwrapped, length: length)
        })
    else { return nil }
    self = decoded
  }

  /// The structures are read from wherever they lie, aligned or not.
  init?(decoding start: UnsafeRawPointer, length: socklen_t) {
    switch CInt(start.loadUnaligned(as: sa_family_t.self)) {
    case AF_INET:
      let source = start.loadUnaligned(as: sockaddr_in.self)
      self.init(
        .ipv4(
          address: UInt32(bigEndian: source.sin_addr.s_addr),
          port: UInt16(bigEndian: source.sin_port)))
    case AF_INET6:
      let source = start.loadUnaligned(as: sockaddr_in6.self)
      // The address has the alignment of 32 bits.
      let (high, low) = withUnsafeBytes(of: source.sin6_addr) {
        (
          UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)),
          UInt64(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
      }
      self.init(
        .ipv6(
          high: high, low: low, scope: source.sin6_scope_id,
          port: UInt16(bigEndian: source.sin6_port)))
    case AF_UNIX:
      let header = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
      let name = UnsafeRawBufferPointer(start: start + header, count: max(0, Int(length) - header))
      if name.first == 0, name.count > 1 {
        self.init(.unix("@" + String(decoding: name.dropFirst(), as: UTF8.self)))
      } else {
        self.init(.unix(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)))
      }
    default: return nil
    }
  }
}

extension Socket {
  /// Where the socket is bound, with the port that the system has chosen (getsockname(2)).
  var localAddress: SocketAddress? { reference.localAddress }
}

extension SocketReference {
  /// Where the socket is bound, with the port that the system has chosen (getsockname(2)).
  var localAddress: SocketAddress? { (try? boundAddress()).flatMap { SocketAddress($0) } }
}
