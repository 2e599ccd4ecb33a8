// What a client's TLS is made from. Values; files are read when a context is made or reloaded.

import Throng

/// What a client trusts and shows. By default it verifies that the server's certificate is signed by an
/// authority that the system trusts, and that it is for the name or address that the client asked for.
public struct TLSClientConfiguration: Sendable {
  /// How the server's certificate is verified.
  public enum Verification: Sendable {
    /// By the authorities in the system's store; on Debian, the package ca-certificates.
    case systemAuthorities
    /// By these authorities only.
    case authorities(TLSAuthorities)
    /// Not at all: an attacker on the way can read and change everything. For experiments.
    case insecure
  }

  /// How the server's certificate is verified.
  public var verification: Verification = .systemAuthorities
  /// The name or IP address that the server's certificate must have; a name is sent to the server (SNI).
  /// Nil: the one that the connection is made to.
  public var serverName: String?
  /// The client's own certificate, for servers that ask for one.
  public var identity: TLSIdentity?
  /// TLS 1.2 or 1.3.
  public var minimumVersion: SecurityInfo.ProtocolVersion = .tls12
  /// TLS 1.2 or 1.3.
  public var maximumVersion: SecurityInfo.ProtocolVersion = .tls13
  /// Application protocols (ALPN) by preference, of 1 to 255 bytes.
  public var applicationProtocols: [String] = []
  /// Whether a connection resumes the session of an earlier one to the same name, which saves both sides
  /// the costly part of the handshake. In TLS 1.2 an observer of the network can tell that both
  /// connections are from one client.
  public var resumesSessions = true

  /// Creates the default configuration.
  public init() {}
}
