// A person with a line client: types lines, reads lines, and waits for none longer than its patience.

import TestSupport
import ThrongChat
import ThrongHandlers

@testable import Throng

final class ChatClient: @unchecked Sendable {
  // Invariant behind @unchecked: one thread reads; see `TestClient` for the rest.
  let client: TestClient
  private var unread: [UInt8] = []

  static let prompt = "What is your nickname? "

  /// Connects and stays at the door.
  init(_ running: RunningServer, receiveBuffer: Int? = nil) throws {
    client = try running.connect(receiveBuffer: receiveBuffer)
    try expectPrompt()
  }

  /// Connects and enters the lobby.
  convenience init(_ running: RunningServer, as name: String, receiveBuffer: Int? = nil) throws {
    try self.init(running, receiveBuffer: receiveBuffer)
    try type(name)
    try hear("-- You are in the room lobby.")
    try hearCompany()
  }

  /// Reads up to the line that says who else is in the room: after it, the room is heard.
  /// - Returns: the lines up to it.
  @discardableResult
  func hearCompany() throws -> String {
    var heard = ""
    while true {
      let line = try line()
      heard += line + "\n"
      if line.hasPrefix("-- Here with you") || line == "-- You are alone in this room." {
        return heard
      }
    }
  }

  func type(_ line: String) throws { try client.send(line + "\n") }

  /// The next line.
  func line() throws -> String {
    while true {
      if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread.removeFirst(end + 1)
        return line
      }
      let bytes = try client.receive()
      if bytes.isEmpty {
        throw TestFailure("FIN after: \(String(decoding: unread, as: UTF8.self))")
      }
      unread += bytes
    }
  }

  /// Reads up to a line with this in it.
  /// - Returns: the lines before it.
  @discardableResult
  func hear(_ part: String) throws -> [String] {
    var before: [String] = []
    do {
      while true {
        let line = try line()
        if line.contains(part) { return before }
        before.append(line)
      }
    } catch {
      throw TestFailure("'\(part)' did not come (\(error)); this did: \(before)")
    }
  }

  /// Exactly these lines come next.
  func expect(_ lines: String...) throws {
    for expected in lines {
      let line = try line()
      try check(line == expected, "'\(line)' came instead of '\(expected)'")
    }
  }

  func expectPrompt() throws {
    while unread.count < Self.prompt.utf8.count {
      let bytes = try client.receive()
      if bytes.isEmpty { break }
      unread += bytes
    }
    try check(
      unread.starts(with: Self.prompt.utf8),
      "no prompt but '\(String(decoding: unread, as: UTF8.self))'")
    unread.removeFirst(Self.prompt.utf8.count)
  }

  /// Everything up to the server's FIN or reset.
  func rest() throws -> String {
    defer { unread = [] }
    return String(decoding: unread + (try client.receiveToEndOrReset()), as: UTF8.self)
  }

  /// Answers like the server's clock: returns when all that was typed before has been dealt with.
  func settle() throws {
    try type("/msg absent-\(client.descriptor) x")
    try hear("There is no absent-\(client.descriptor) here")
  }
}

extension Chat {
  /// Without flood control, which would slow the tests down.
  static func unhurried(_ change: (inout ChatLimits) -> Void = { _ in }) -> Chat {
    var limits = ChatLimits()
    limits.rate = nil
    limits.byteRate = nil
    change(&limits)
    return Chat(limits: limits)
  }
}
