// A server's TLS: the settings for new sessions, swapped as a whole by a reload. Any thread.

import COpenSSL
import Synchronization
import Throng

/// The TLS of a server, made from a configuration whose files are read and validated here.
///
/// ```swift
/// let context = try TLSServerContext(
///   TLSServerConfiguration(certificatePath: "server.pem", keyPath: "server.key"))
/// configuration.security = .tls(context)
/// ```
public final class TLSServerContext: Sendable {
  private let state: Mutex<(configuration: TLSServerConfiguration, settings: ServerSettings)>
  /// Tickets stay good across reloads.
  private let ticketKeys: TicketKeys

  /// - Throws: ``TLSConfigurationError`` for the first file or setting that is not usable.
  public convenience init(_ configuration: TLSServerConfiguration) throws(TLSConfigurationError) {
    try self.init(configuration, TicketKeys())
  }

  init(
    _ configuration: TLSServerConfiguration, _ ticketKeys: TicketKeys
  ) throws(TLSConfigurationError) {
    self.ticketKeys = ticketKeys
    state = Mutex((configuration, try ServerSettings(configuration, ticketKeys)))
  }

  /// Reads the files of another configuration, validates them, and uses it for connections made from now
  /// on. Established connections keep theirs. Any thread; blocks on the file system.
  /// - Throws: ``TLSConfigurationError``; the configuration before it stays in use then.
  public func reload(with configuration: TLSServerConfiguration) throws(TLSConfigurationError) {
    let settings = try ServerSettings(configuration, ticketKeys)
    state.withLock { $0 = (configuration, settings) }
  }

  /// What should be changed about the files in use.
  public var configurationWarnings: [TLSConfigurationWarning] {
    state.withLock { $0.settings.warnings }
  }
}

extension TLSServerContext: SecureContext {
  package func makeSession(serverName: String?) throws(SecurityFailure) -> any SecureSession {
    try TLSSession(.server(state.withLock { $0.settings }))
  }

  /// Reads the files of the same configuration again.
  package func reload() throws { try reload(with: state.withLock { $0.configuration }) }

  package var warnings: [String] { configurationWarnings.map(\.description) }
}

extension TransportSecurity {
  /// Secures a server's connections with TLS.
  public static func tls(_ context: TLSServerContext) -> TransportSecurity {
    TransportSecurity(context)
  }

  /// Secures a server's connections with TLS.
  /// - Throws: ``TLSConfigurationError`` for the first file or setting that is not usable.
  public static func tls(
    _ configuration: TLSServerConfiguration
  ) throws(TLSConfigurationError) -> TransportSecurity {
    TransportSecurity(try TLSServerContext(configuration))
  }
}
