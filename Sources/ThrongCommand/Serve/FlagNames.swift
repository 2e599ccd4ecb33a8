// The library's errors and log lines name settings of its API. The command has flags for
// them: this replaces the settings by the flags.

import Logging

enum FlagNames {
  /// What the library says, and what the command says instead; a longer name before its own beginning.
  private static let phrases = [
    ("Configuration.maximumConnectionsPerAddress", "--max-connections-per-address"),
    ("Configuration.maximumConnections", "--max-connections"),
    ("Configuration.proxyProtocolFrom", "--proxy-protocol-from"),
    ("another port in Configuration.listen", "another port with --port"),
    ("a higher port in Configuration.listen", "a higher port with --port"),
    ("another path in Configuration.listen", "another path with --unix"),
    ("the host in Configuration.listen", "the host that --host names"),
    ("Configuration.acceptRatePerAddress", "--accept-rate-per-address"),
    ("Configuration.shedDelay", "--shed-delay"),
    ("set Configuration.security", "give --tls-certificate"),
    ("Configuration.upgradeTimeout", "--upgrade-timeout"),
    ("set Configuration.security", "give --tls-certificate and --tls-key"),
    ("trust the authority that signed it", "name the authority that signed it with --tls-ca"),
    ("expect a name that is in it", "give a name that is in it with --tls-name"),
    ("choose one loop, or the thread pool", "leave --loops out, or choose --mode thread-pool"),
  ]

  /// The text with the command's flags.
  static func inserted(in text: String) -> String {
    phrases.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }
}

/// Logs with the command's flags in place of the library's settings.
struct FlagNamingLog<Base: LogHandler>: LogHandler {
  private var base: Base

  init(_ base: Base) { self.base = base }

  var logLevel: Logger.Level {
    get { base.logLevel }
    set { base.logLevel = newValue }
  }

  var metadata: Logger.Metadata {
    get { base.metadata }
    set { base.metadata = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { base[metadataKey: key] }
    set { base[metadataKey: key] = newValue }
  }

  func log(event: LogEvent) {
    var event = event
    event.message = "\(FlagNames.inserted(in: event.message.description))"
    base.log(event: event)
  }
}
