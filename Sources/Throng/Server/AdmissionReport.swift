// What the log says about clients that are not accepted. Events are values, made under a lock; they are
// logged after it is released, because a log may block.

import LinuxSystem
import Logging
import SystemPackage

/// Something about accepting that the log should say.
enum AdmissionEvent: Equatable, Sendable {
  /// The limit of open connections is reached; further clients wait, or are reset.
  case connectionLimit(Int, resets: Bool)
  /// A client of this address was refused, because the address has reached this limit.
  case addressLimit(SocketAddress, Int)
  /// A client of this address was refused, because the address connects faster than this rate a second.
  case addressRate(SocketAddress, Int)
  /// A client was refused because it had waited so long, like all clients before it.
  case overloaded(waited: Duration, limit: Duration)
  /// Something the process or the system has run out of.
  case exhausted(Exhaustion, Errno)
  /// accept(2) fails for another reason.
  case acceptFails(Errno, retryAfter: Duration)
  /// A proxy has not sent a PROXY protocol header as it must.
  case badProxyHeader(SocketAddress, ProxyProtocolError)
}

extension AdmissionEvent {
  /// As what the refusal of a client is counted.
  var refusal: Refusal {
    switch self {
    case .addressLimit: .addressLimit
    case .addressRate: .addressRate
    case .overloaded: .overload
    default: .connectionLimit
    }
  }
}

extension AdmissionEvent: CustomStringConvertible {
  /// The sentence, in terms of the library's API.
  var description: String {
    switch self {
    case .connectionLimit(let limit, let resets):
      """
      connection limit (\(limit)) reached; \
      \(resets ? "new clients are reset" : "accepting paused") until a connection closes \
      (raise Configuration.maximumConnections)
      """
    case .addressLimit(let address, let limit):
      """
      refused a client from \(Self.name(address)): \(limit) connections from there are open, the limit; \
      further ones are reset (raise Configuration.maximumConnectionsPerAddress)
      """
    case .addressRate(let address, let rate):
      """
      refused a client from \(Self.name(address)): more than \(rate) a second connect from there; \
      further ones are reset (raise Configuration.acceptRatePerAddress)
      """
    case .overloaded(let waited, let limit):
      """
      overloaded: a client waited \(waited) to be accepted, and every one for \(LoadShedder.interval) longer \
      than \(limit); clients that have waited longer are reset until none has for \(LoadShedder.interval) \
      (Configuration.shedDelay)
      """
    case .exhausted(let shortage, let error): shortage.explanation(error)
    case .acceptFails(let error, let delay):
      """
      cannot accept: accept4 fails with errno \(error.rawValue), \(error.sentence); trying again in \
      \(delay), and less often while it fails
      """
    case .badProxyHeader(let proxy, let error):
      """
      reset a connection from \(proxy.host): \(error) (have the proxy send it, or take its address out of \
      Configuration.proxyProtocolFrom)
      """
    }
  }

  private static func name(_ address: SocketAddress) -> String {
    if case .ipv6(_, 0, _, _) = address.storage { "\(address.host)/64" } else { address.host }
  }
}

/// The lines about accepting, at most one of each kind in ten seconds.
struct AdmissionLog: Sendable {
  /// After this time without a pause accepting counts as normal. Not shorter than the interval between
  /// lines: then the first pause after "accepting normally" is always logged.
  static let interval = Duration.seconds(10)

  private let connectionLimit = LogLimiter(limit: 1, interval: interval)
  private let addressLimit = LogLimiter(limit: 1, interval: interval)
  private let addressRate = LogLimiter(limit: 1, interval: interval)
  private let overload = LogLimiter(limit: 1, interval: interval)
  private let exhaustion = LogLimiter(limit: 1, interval: interval)
  private let failure = LogLimiter(limit: 1, interval: interval)
  private let proxyHeader = LogLimiter(limit: 1, interval: interval)

  /// Without a lock held.
  func write(_ event: AdmissionEvent, to log: Logger) {
    let limiter =
      switch event {
      case .connectionLimit: connectionLimit
      case .addressLimit: addressLimit
      case .addressRate: addressRate
      case .overloaded: overload
      case .exhausted: exhaustion
      case .acceptFails: failure
      case .badProxyHeader: proxyHeader
      }
    limiter.log(.warning, log, "\(event)")
  }
}
