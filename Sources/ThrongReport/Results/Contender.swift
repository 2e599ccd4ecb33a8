// A server in the comparison: one of Throng's models, or a peer. Values; any thread.

/// A server in the comparison.
public struct Contender: Sendable, Codable, Equatable, Identifiable {
  /// Short identifier, unique among the contenders: `reactor`, `c-epoll`.
  public var id: String
  /// Name in tables and charts. A peer's name comes from the user and may contain any character.
  public var label: String
  /// Model or peer.
  public var kind: Kind
  /// Command that starts the server, with `{port}` for the port.
  public var command: String
  /// Command that starts a peer with TLS, with `{port}`, `{certificate}` and `{key}`; nil: it takes no part
  /// in workloads over TLS. Models take flags.
  public var tlsCommand: String?
  /// Flags of the model: `["--mode", "reactor", "--loops", "2"]`.
  public var flags: [String]
  /// Why the contender did not take part, in a sentence; nil if it did.
  public var omitted: String?

  /// Kinds of contenders.
  public enum Kind: String, Sendable, Codable, Equatable {
    /// One of Throng's models; recommendations choose among these.
    case model
    /// Another server.
    case peer
  }

  /// Creates a contender.
  public init(
    id: String, label: String, kind: Kind, command: String, tlsCommand: String? = nil,
    flags: [String] = [], omitted: String? = nil
  ) {
    self.id = id
    self.label = label
    self.kind = kind
    self.command = command
    self.tlsCommand = tlsCommand
    self.flags = flags
    self.omitted = omitted
  }
}
