// Why an outbound connection was not made.

import LinuxSystem
import SystemPackage

/// Why a ``Connector``, a ``Client`` or ``Connection/open(to:options:)`` could not connect.
public struct ConnectFailure: Error, Equatable, Sendable {
  /// What stood in the way.
  public enum Reason: Equatable, Sendable {
    /// The system's answer: ECONNREFUSED, ENETUNREACH, EMFILE ... (connect(2)).
    case system(Errno)
    /// No answer within the connect timeout.
    case timedOut(after: Duration)
    /// TLS could not be agreed on, or the server's certificate is not accepted.
    case security(SecurityFailure)
    /// The connector or the server was stopped meanwhile.
    case stopped
  }

  /// The id that ``Connector/connect(to:serverName:)`` has returned.
  public let id: Int
  /// The address that was to be connected to.
  public let address: SocketAddress
  /// Why there is no connection.
  public let reason: Reason
}

extension ConnectFailure.Reason {
  /// Why a connection has failed before it was established.
  init(_ error: ConnectionError) {
    self =
      switch error {
      case .security(let failure): .security(failure)
      case .lost(let errno): .system(errno)
      case .timedOut: .security(SecurityFailure(.timedOut))
      default: .stopped
      }
  }
}

extension ConnectFailure: CustomStringConvertible {
  /// A description for log lines and error messages.
  public var description: String { "cannot connect to \(address): \(why)" }

  private var why: String {
    switch reason {
    case .stopped: return "it was stopped"
    case .security(let failure): return "TLS failed: \(failure)"
    case .timedOut(let limit):
      return "no answer within \(limit) (is a firewall in between? check the address)"
    case .system(let errno):
      let text = "\(errno)"
      let remedy = remedy(errno)
      return text.prefix(1).lowercased() + text.dropFirst() + (remedy.isEmpty ? "" : " (\(remedy))")
    }
  }

  private func remedy(_ errno: Errno) -> String {
    switch errno {
    case .connectionRefused: "is the server running? check its address and port"
    case .noSuchFileOrDirectory: "is the server running? check the path"
    case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "raise the limit with ulimit -n"
    case .addressNotAvailable:
      "all local ports are in use: fewer connections, or wait until closed ones have expired"
    case .resourceTemporarilyUnavailable: "the server's backlog is full"
    default: ""
    }
  }
}
