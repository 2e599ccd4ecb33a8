// Limits of a chat. A value.

/// Limits of a ``Chat``. The defaults suit typed text.
public struct ChatLimits: Sendable, Equatable {
  /// Maximum characters of a nickname or a room name.
  public var nameLength = 20
  /// Maximum bytes of a line without its terminator. Longer lines are refused; the client stays.
  public var lineLength = 1000
  /// Recent lines of a room that a joining client receives; 0 for none.
  public var historyLines = 20
  /// Maximum rooms, including the first. Beyond it a new room replaces an empty one.
  public var rooms = 100
  /// Lines per second that a client may send on average; nil for no limit.
  public var rate: Int? = 2
  /// Lines that an idle client may send at once. Half as many more pause it.
  public var burst = 10
  /// Bytes per second, received and sent in reply, for a client on average. Beyond that the server
  /// suspends receiving from it. Nil for no limit.
  public var byteRate: Int? = 16 * 1024
  /// Bytes, received and sent in reply, that an idle client may use at once.
  public var byteBurst = 64 * 1024
  /// Total time within which a client must choose a nickname; nil for no limit.
  public var loginTimeout: Duration? = .seconds(30)
  /// Joins and leaves are announced in rooms of at most this many members, because the number of such
  /// messages grows with its square.
  public var announcedMembers = 100
  /// Names that a reply lists; the rest is given as a number.
  static let listedNames = 50

  /// Creates the default limits.
  public init() {}
}
