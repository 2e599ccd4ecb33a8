// Whole numbers with a range, so that a mistyped limit is bad usage and not a strange server.

import ArgumentParser

enum NumberArgument {
  /// Parses a count of something, of which there must be at least one.
  @Sendable static func positive(_ text: String) throws -> Int {
    guard let number = Int(text), (1...Int(Int32.max)).contains(number) else {
      throw ValidationError("give a whole number from 1 on")
    }
    return number
  }

  /// Parses a count of something, of which there may be none.
  @Sendable static func count(_ text: String) throws -> Int {
    guard let number = Int(text), (0...Int(Int32.max)).contains(number) else {
      throw ValidationError("give a whole number from 0 on")
    }
    return number
  }

  /// Parses a TCP port to listen on or to connect to.
  @Sendable static func port(_ text: String) throws -> Int {
    guard let number = Int(text), (0...65535).contains(number) else {
      throw ValidationError("a port is a number from 0 to 65535")
    }
    return number
  }

  /// Parses permission bits, which are written in octal as chmod(1) does.
  @Sendable static func permissions(_ text: String) throws -> UInt32 {
    guard let mode = UInt32(text, radix: 8), mode <= 0o777 else {
      throw ValidationError("permissions are three octal digits, such as 666 or 600")
    }
    return mode
  }
}
