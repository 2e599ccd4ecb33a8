// A server that takes part: one of Throng's models, or a peer.

public struct Contender: Sendable, Codable, Equatable, Identifiable {
  /// Short, unique among the contenders: `reactor`, `c-epoll`.
  public var id: String
  /// As tables and charts name it; a peer's comes from the user and may hold anything.
  public var label: String
  public var kind: Kind
  /// What starts it, with `{port}` for the port.
  public var command: String
  /// What its model adds to the command: `["--mode", "reactor", "--loops", "2"]`.
  public var flags: [String]
  /// Why it could not take part, in a sentence; nil when it could.
  public var omitted: String?

  public enum Kind: String, Sendable, Codable, Equatable {
    /// One of Throng's: the verdict recommends among these.
    case model
    case peer
  }

  public init(
    id: String, label: String, kind: Kind, command: String, flags: [String] = [],
    omitted: String? = nil
  ) {
    self.id = id
    self.label = label
    self.kind = kind
    self.command = command
    self.flags = flags
    self.omitted = omitted
  }
}
