// The flags of `--handler chat`: how much of everything a chat allows. The defaults are the handler's.

import ArgumentParser
import ThrongHandlers

private let defaults = ChatLimits()

struct ChatFlags: ParsableArguments {
  @Option(
    help: .value(
      "n", "Characters of a nickname, and of a room's name.", default: defaults.nameLength),
    transform: NumberArgument.positive)
  var chatNameLength: Int?

  @Option(
    help: .value(
      "bytes", "Length of a line; a longer one is refused, and its author stays.",
      default: SizeArgument(defaults.lineLength)),
    transform: SizeArgument.init(parsing:))
  var chatLineLength: SizeArgument?

  @Option(
    help: .value(
      "n", "Lines of a room that are shown to who joins, or 0.", default: defaults.historyLines),
    transform: NumberArgument.count)
  var chatHistory: Int?

  @Option(
    help: .value(
      "n", "Rooms; a new one may take the place of an empty one.", default: defaults.rooms),
    transform: NumberArgument.positive)
  var chatRooms: Int?

  @Option(
    help: .value(
      "n", "Lines a second that a client may send for long, or off.",
      default: NumberLimitArgument(defaults.rate)),
    transform: NumberLimitArgument.init(parsing:))
  var chatRate: NumberLimitArgument?

  @Option(
    help: .value(
      "n", "Lines that it may send at once; at half as many beyond it is paused.",
      default: defaults.burst),
    transform: NumberArgument.positive)
  var chatBurst: Int?

  @Option(
    help: .value(
      "bytes",
      "Bytes a second that are received from a client and answered to it for long, or off.",
      default: SizeLimitArgument(defaults.byteRate)),
    transform: SizeLimitArgument.init(parsing:))
  var chatByteRate: SizeLimitArgument?

  @Option(
    help: .value(
      "bytes", "Bytes that may be received and answered at once; beyond that the client waits.",
      default: SizeArgument(defaults.byteBurst)),
    transform: SizeArgument.init(parsing:))
  var chatByteBurst: SizeArgument?

  @Option(
    help: .value(
      "duration", "Closes a connection that has given no nickname for so long, or off.",
      default: TimeLimitArgument(defaults.loginTimeout)),
    transform: TimeLimitArgument.init(parsing:))
  var chatLoginTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "n", "Who comes and goes is announced in rooms of up to so many, or 0.",
      default: defaults.announcedMembers),
    transform: NumberArgument.count)
  var chatAnnounceLimit: Int?

  func validate() throws {
    if chatRate?.number == nil, chatRate != nil, chatBurst != nil {
      throw ValidationError("--chat-burst has no meaning with --chat-rate off (leave one out)")
    }
    if let chatByteRate, chatByteRate.bytes == nil, chatByteBurst != nil {
      throw ValidationError(
        "--chat-byte-burst has no meaning with --chat-byte-rate off (leave one out)")
    }
  }

  /// The flags that were given, none of which has a meaning for another handler.
  var given: [String] {
    let all: [(String, Bool)] = [
      ("--chat-name-length", chatNameLength != nil), ("--chat-line-length", chatLineLength != nil),
      ("--chat-history", chatHistory != nil), ("--chat-rooms", chatRooms != nil),
      ("--chat-rate", chatRate != nil), ("--chat-burst", chatBurst != nil),
      ("--chat-byte-rate", chatByteRate != nil), ("--chat-byte-burst", chatByteBurst != nil),
      ("--chat-login-timeout", chatLoginTimeout != nil),
      ("--chat-announce-limit", chatAnnounceLimit != nil),
    ]
    return all.filter(\.1).map(\.0)
  }

  var limits: ChatLimits {
    var limits = defaults
    if let chatNameLength { limits.nameLength = chatNameLength }
    if let chatLineLength { limits.lineLength = chatLineLength.bytes }
    if let chatHistory { limits.historyLines = chatHistory }
    if let chatRooms { limits.rooms = chatRooms }
    if let chatRate { limits.rate = chatRate.number }
    if let chatBurst { limits.burst = chatBurst }
    if let chatByteRate { limits.byteRate = chatByteRate.bytes }
    if let chatByteBurst { limits.byteBurst = chatByteBurst.bytes }
    if let chatLoginTimeout { limits.loginTimeout = chatLoginTimeout.duration }
    if let chatAnnounceLimit { limits.announcedMembers = chatAnnounceLimit }
    return limits
  }
}
