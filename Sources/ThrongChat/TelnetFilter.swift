// Takes telnet's negotiation out of what a client sends (RFC 854, 855). A value of two machine words.

/// Drops telnet's commands, also when they are cut in two on the way. An option's number may be that of
/// a newline, so this comes before the bytes are made lines.
struct TelnetFilter: Equatable {
  private enum State: Equatable {
    case text, command, option(isDo: Bool), subnegotiation, commandInSubnegotiation
  }

  private enum Code {
    static let subnegotiationEnd: UInt8 = 240
    static let subnegotiation: UInt8 = 250
    static let will: UInt8 = 251
    static let wont: UInt8 = 252
    static let `do`: UInt8 = 253
    static let dont: UInt8 = 254
    static let command: UInt8 = 255
    static let timingMark: UInt8 = 6
  }

  /// What begins a command. It occurs in no UTF-8.
  static let commandByte = Code.command
  /// The answer to a request for a timing mark (RFC 860), for which a client waits that was
  /// interrupted with Ctrl-C: until it comes, telnet(1) shows nothing.
  static let timingMark: [UInt8] = [Code.command, Code.will, Code.timingMark]
  /// A subnegotiation that does not end would swallow all that follows.
  static let longestSubnegotiation: UInt16 = 512

  private var state = State.text
  private var subnegotiated: UInt16 = 0

  var isWithinText: Bool { state == .text }

  /// - Returns: the text, and how many timing marks are asked for.
  mutating func strip(_ bytes: some Sequence<UInt8>) -> (text: [UInt8], timingMarks: Int) {
    var text: [UInt8] = []
    var marks = 0
    for byte in bytes {
      switch state {
      case .text:
        if byte == Code.command { state = .command } else { text.append(byte) }
      case .command:
        if byte == Code.command { text.append(byte) }
        state = Self.state(after: byte)
        subnegotiated = 0
      case .option(let isDo):
        if isDo, byte == Code.timingMark { marks += 1 }
        state = .text
      case .subnegotiation, .commandInSubnegotiation:
        advanceSubnegotiation(byte)
      }
    }
    return (text, marks)
  }

  private static func state(after command: UInt8) -> State {
    switch command {
    case Code.will, Code.wont, Code.dont: .option(isDo: false)
    case Code.do: .option(isDo: true)
    case Code.subnegotiation: .subnegotiation
    default: .text
    }
  }

  private mutating func advanceSubnegotiation(_ byte: UInt8) {
    subnegotiated += 1
    if state == .commandInSubnegotiation,
      byte == Code.subnegotiationEnd
        || subnegotiated >= Self.longestSubnegotiation
    {
      state = .text
    } else if state == .subnegotiation, byte == Code.command {
      state = .commandInSubnegotiation
    } else {
      state = subnegotiated >= Self.longestSubnegotiation ? .text : .subnegotiation
    }
  }
}
