// A chat for plain line clients: nc, telnet, `throng connect`. The handler; each client's state is in a
// `ChatSession`; what clients share is in a `ChatDirectory`.

import Throng

/// A chat server for line clients such as `nc` and `telnet`: nicknames, rooms, private messages.
///
/// Clients begin in the room `lobby`. A line is sent to the other members of the client's room, not back
/// to the client itself. One value is one chat: all servers that are given it serve the same chat.
public struct Chat: Handler, Sendable {
  private let directory: ChatDirectory

  /// Creates a chat without members.
  public init(limits: ChatLimits = ChatLimits()) {
    guard let lobby = try? ChatName("lobby", maximumLength: .max) else {
      preconditionFailure("lobby is a valid name")
    }
    directory = ChatDirectory(limits, firstRoom: lobby)
  }

  /// Bytes per receive: bounds the work of one turn for a client, and the excess over its byte rate.
  static let receiveLimit = 16 * 1024

  // The memory of an idle member is mostly this function's frame: it has one receive, and rare work is
  // in functions of its own.
  /// Serves one client, from the question for its nickname until it leaves.
  public func handle(_ connection: Connection) async throws {
    let session = ChatSession(connection, directory, now: .now)
    session.ask()
    do {
      while !session.isOver {
        do {
          let bytes = try await connection.receive(
            atMost: Self.receiveLimit, within: session.receiveTimeout)
          guard let bytes else { break }
          session.receive(bytes, now: .now)
        } catch ConnectionError.timedOut(.receive) where session.isDue(now: .now) {
          session.applyDeadlines(now: .now)
        }
        if session.isOverByteRate { try await Self.waitForRate(of: session) }
      }
      session.inputEnded(now: .now)
    } catch {
      try session.failed(error)
    }
  }

  /// Suspends receiving until the client is within its byte rate again.
  @inline(never)
  private static func waitForRate(of session: ChatSession) async throws {
    while let duration = session.excess(now: .now) {
      try await Task.sleep(for: duration)
      // Sends nothing, and throws when the connection was lost meanwhile.
      try session.connection.write(Bytes(), flush: .endOfTurn)
    }
  }
}
