// Why the client cannot go on, as a value, and the sentence for it.

import LinuxSystem
import SystemPackage
import Throng

package enum TerminalClientError: Error, Equatable {
  /// None of the server's addresses answered; the error is that of the last.
  case cannotConnect(to: String, Errno)
  case connectionLost(Errno)
  /// TLS has failed; `detail` is what the library says, or empty.
  case security(SecurityFailure, detail: String)
  /// The server has sent FIN without TLS's close_notify.
  case truncated
  case cannotWatchSignals(Errno)
  case cannotPoll(Errno)
  case cannotRead(Stream, Errno)
  case cannotWrite(Stream, Errno)
  case cannotConfigureTerminal(Errno)

  package enum Stream: String, Equatable {
    case standardInput = "standard input"
    case standardOutput = "standard output"
    case terminal = "the terminal"
  }
}

extension TerminalClientError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cannotConnect(let server, let error):
      "cannot connect to \(server): \(error.sentence)\(Self.remedy(for: error))"
    case .connectionLost(let error): "lost the connection: \(error.sentence)"
    case .security(let failure, let detail):
      "TLS failed: \(failure)\(detail.isEmpty ? "" : ": " + detail)\(Self.remedy(for: failure.reason))"
    case .truncated:
      "the server has ended without TLS's close_notify: its data may be incomplete"
    case .cannotWatchSignals(let error):
      "cannot watch for signals: \(error.sentence) (raise ulimit -n)"
    case .cannotPoll(let error): "cannot wait for the connection: poll fails: \(error.sentence)"
    case .cannotRead(let stream, let error): "cannot read \(stream.rawValue): \(error.sentence)"
    case .cannotWrite(let stream, let error):
      "cannot write to \(stream.rawValue): \(error.sentence)"
    case .cannotConfigureTerminal(let error): "cannot set the terminal: \(error.sentence)"
    }
  }

  private static func remedy(for reason: SecurityFailure.Reason) -> String {
    switch reason {
    case .notTLS: " (does the server expect TLS on this port?)"
    case .certificateUntrusted: " (trust the authority that signed it)"
    case .certificateNameMismatch: " (expect a name that is in it)"
    case .timedOut: " (check the port, or allow more time)"
    default: ""
    }
  }

  private static func remedy(for error: Errno) -> String {
    switch error {
    case .connectionRefused: " (is the server running? check the host and the port)"
    case .noSuchFileOrDirectory: " (is the server running? check the path)"
    case .permissionDenied: " (write permission on the socket is required)"
    case .timedOut: " (check the host and firewalls, or allow more time)"
    case .networkUnreachable, .noRouteToHost: " (check the host and this machine's network)"
    default: ""
    }
  }
}
