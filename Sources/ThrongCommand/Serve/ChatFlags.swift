// Flags of `--handler chat`. The defaults are the handler's.

import ArgumentParser
import LinuxSystem
import ThrongChat
import ThrongHandlers

private let defaults = ChatLimits()

struct ChatFlags: ParsableArguments {
  @Option(
    help: .value(
      "n", "Maximum characters of a nickname or a room name.", default: defaults.nameLength),
    transform: NumberArgument.positive)
  var chatNameLength: Int?

  @Option(
    help: .value(
      "bytes", "Maximum length of a line; longer lines are refused.",
      default: SizeArgument(defaults.lineLength)),
    transform: SizeArgument.init(parsing:))
  var chatLineLength: SizeArgument?

  @Option(
    help: .value(
      "n", "Recent lines of a room shown to a client that joins it; 0 for none.",
      default: defaults.historyLines),
    transform: NumberArgument.count)
  var chatHistory: Int?

  @Option(
    help: .value(
      "n", "Maximum rooms; a new room replaces an empty one.", default: defaults.rooms),
    transform: NumberArgument.positive)
  var chatRooms: Int?

  @Option(
    help: .value(
      "n", "Lines per second that a client may send on average, or off.",
      default: NumberLimitArgument(defaults.rate)),
    transform: NumberLimitArgument.init(parsing:))
  var chatRate: NumberLimitArgument?

  @Option(
    help: .value(
      "n", "Lines that a client may send at once; half as many more pause it.",
      default: defaults.burst),
    transform: NumberArgument.positive)
  var chatBurst: Int?

  @Option(
    help: .value(
      "bytes",
      "Bytes per second received from and sent in reply to a client on average, or off.",
      default: SizeLimitArgument(defaults.byteRate)),
    transform: SizeLimitArgument.init(parsing:))
  var chatByteRate: SizeLimitArgument?

  @Option(
    help: .value(
      "bytes", "Bytes received and replied at once; beyond that the client waits.",
      default: SizeArgument(defaults.byteBurst)),
    transform: SizeArgument.init(parsing:))
  var chatByteBurst: SizeArgument?

  @Option(
    help: .value(
      "duration", "Close connections that have chosen no nickname within this time, or off.",
      default: TimeLimitArgument(defaults.loginTimeout)),
    transform: TimeLimitArgument.init(parsing:))
  var chatLoginTimeout: TimeLimitArgument?

  @Option(
    help: .value(
      "n", "Announce joins and leaves in rooms of at most this many members; 0 for none.",
      default: defaults.announcedMembers),
    transform: NumberArgument.count)
  var chatAnnounceLimit: Int?

  func validate() throws {
    if chatRate?.number == nil, chatRate != nil, chatBurst != nil {
      throw ValidationError("--chat-burst cannot be combined with --chat-rate off (leave one out)")
    }
    if let chatByteRate, chatByteRate.bytes == nil, chatByteBurst != nil {
      throw ValidationError(
        "--chat-byte-burst cannot be combined with --chat-byte-rate off (leave one out)")
    }
  }

  /// The flags that were given; other handlers have no use for them.
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
