// Names to addresses (getaddrinfo(3)). Blocks the calling thread; called before a server starts, by
// clients, never from a loop.

import Glibc
import LinuxSystem
import SystemPackage

extension SocketAddress {
  /// The TCP addresses of a host name or a numeric address, in the order of preference.
  ///
  /// Blocks the calling thread while a name server is asked.
  /// - Throws: ``AddressError`` when the host does not resolve or the port is out of range.
  public static func resolve(host: String, port: Int) throws(AddressError) -> [SocketAddress] {
    guard (0...65535).contains(port) else { throw .portOutOfRange(port) }
    var hints = addrinfo()
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var head: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, nil, &hints, &head)
    guard result == 0 else {
      throw .unknownHost(host, reason: String(cString: gai_strerror(result)))
    }
    defer { freeaddrinfo(head) }
    var found: [SocketAddress] = []
    var next = head
    while let entry = next?.pointee {
      next = entry.ai_next
      guard let raw = entry.ai_addr else { continue }
      var storage = sockaddr_storage()
      withUnsafeMutableBytes(of: &storage) {
        $0.copyMemory(from: UnsafeRawBufferPointer(start: raw, count: Int(entry.ai_addrlen)))
      }
      guard let address = SocketAddress(decoding: &storage, length: entry.ai_addrlen) else {
        continue
      }
      if !found.contains(address.with(port: port)) { found.append(address.with(port: port)) }
    }
    guard !found.isEmpty else { throw .unknownHost(host, reason: "it has no IP address") }
    return found
  }

  /// The same without blocking: a thread of its own waits for the name server.
  static func resolveAsynchronously(host: String, port: Int) async throws -> [SocketAddress] {
    try await withCheckedThrowingContinuation { continuation in
      do throws(Errno) {
        try Thread.startDetached(stackSize: 1 << 20) {
          continuation.resume(
            with: Result { () throws(AddressError) in try resolve(host: host, port: port) })
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }

  /// The address of a Unix socket: a path, or `@name` for an abstract one (unix(7)).
  /// - Throws: ``AddressError/badUnixPath(_:)`` when it is empty or longer than 107 bytes.
  public static func unix(path: String) throws(AddressError) -> SocketAddress {
    guard !path.isEmpty, path.utf8.count <= maximumUnixPathLength, !path.utf8.contains(0) else {
      throw .badUnixPath(path)
    }
    return SocketAddress(.unix(path))
  }
}

/// Why an address could not be made.
public enum AddressError: Error, Equatable, CustomStringConvertible {
  case unknownHost(String, reason: String)
  case portOutOfRange(Int)
  case badUnixPath(String)
  /// Not a block of addresses, or not its first address.
  case badRange(String)

  /// A description for log lines and error messages.
  public var description: String {
    switch self {
    case .unknownHost(let host, let reason):
      "cannot resolve host '\(host)': \(reason) (check the spelling, or give a numeric address)"
    case .portOutOfRange(let port):
      "port \(port) is out of range (choose 0 to 65535; 0 takes a free port)"
    case .badUnixPath(let path):
      path.isEmpty
        ? "the path of a Unix socket is empty (give a path, or @name for an abstract socket)"
        : "the path of a Unix socket may have at most 107 bytes, this one has \(path.utf8.count)"
          + " (choose a shorter path, or change to its directory first)"
    case .badRange(let text):
      """
      '\(text)' is not a block of addresses (write one address, or the first address and the prefix \
      length, such as 10.0.0.0/8 or 2001:db8::/32)
      """
    }
  }
}
