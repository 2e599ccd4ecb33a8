// How much of everything a chat allows. A value.

/// The limits of a ``Chat``, with defaults for people who type.
public struct ChatLimits: Sendable, Equatable {
  /// Characters of a nickname, and of a room's name.
  public var nameLength = 20
  /// Bytes of a line without its terminator; a longer one is refused, and its author stays.
  public var lineLength = 1000
  /// How many lines of a room are kept, and shown to who joins; 0: none.
  public var historyLines = 20
  /// Rooms, the first one included. A new one beyond takes the place of one that is empty.
  public var rooms = 100
  /// Lines a second that a client may send for long; nil: as many as it likes.
  public var rate: Int? = 2
  /// Lines that a client who was silent may send at once. At half as many beyond it is paused.
  public var burst = 10
  /// Bytes a second that the server handles for a client for long, received and answered; beyond that
  /// it receives nothing from the client for a while. Nil: as many as the client sends.
  public var byteRate: Int? = 16 * 1024
  /// Bytes that the server handles for a client at once.
  public var byteBurst = 64 * 1024
  /// How long a client may take to give a nickname, in total; nil: as long as it likes.
  public var loginTimeout: Duration? = .seconds(30)
  /// Up to so many members of a room hear who comes and goes: in a crowd that would be most of what
  /// they hear, because it grows with the square of their number.
  public var announcedMembers = 100
  /// How many names an answer lists before it says how many more there are.
  static let listedNames = 50

  public init() {}
}
