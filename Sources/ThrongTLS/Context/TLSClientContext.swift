// A client's TLS: the settings for new sessions, swapped as a whole by a reload. Any thread.

import COpenSSL
import Synchronization
import Throng

/// The TLS of a client, made from a configuration whose files are read and validated here.
public final class TLSClientContext: Sendable {
  private let state: Mutex<(configuration: TLSClientConfiguration, settings: ClientSettings)>

  /// - Throws: ``TLSConfigurationError`` for the first file or setting that is not usable.
  public init(_ configuration: TLSClientConfiguration) throws(TLSConfigurationError) {
    state = Mutex((configuration, try ClientSettings(configuration)))
  }

  /// Reads the files of another configuration, validates them, and uses it for connections made from now
  /// on; these resume no session of before. Any thread; blocks on the file system.
  /// - Throws: ``TLSConfigurationError``; the configuration before it stays in use then.
  public func reload(with configuration: TLSClientConfiguration) throws(TLSConfigurationError) {
    let settings = try ClientSettings(configuration)
    state.withLock { $0 = (configuration, settings) }
  }

  /// What should be changed about the files in use.
  public var configurationWarnings: [TLSConfigurationWarning] {
    state.withLock { $0.settings.warnings }
  }
}

extension TLSClientContext: SecureContext {
  package func makeSession(serverName: String?) throws(SecurityFailure) -> any SecureSession {
    let settings = state.withLock { $0.settings }
    return try TLSSession(.client(settings, expectedName: settings.serverName ?? serverName))
  }

  /// Reads the files of the same configuration again.
  package func reload() throws { try reload(with: state.withLock { $0.configuration }) }

  package var warnings: [String] { configurationWarnings.map(\.description) }
}

extension ClientTransportSecurity {
  /// Secures a connector's connections with TLS.
  public static func tls(_ context: TLSClientContext) -> ClientTransportSecurity {
    ClientTransportSecurity(context)
  }

  /// Secures a connector's connections with TLS.
  /// - Throws: ``TLSConfigurationError`` for the first file or setting that is not usable.
  public static func tls(
    _ configuration: TLSClientConfiguration = TLSClientConfiguration()
  ) throws(TLSConfigurationError) -> ClientTransportSecurity {
    ClientTransportSecurity(try TLSClientContext(configuration))
  }
}
