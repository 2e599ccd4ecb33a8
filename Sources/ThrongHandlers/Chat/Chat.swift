// A chat for plain line clients: nc, telnet, `throng connect`. The handler; each client's state is in a
// `ChatSession`, what they share in a `ChatHall`.

import Throng

/// A chat server for people with `nc` or `telnet`: nicknames, rooms, private messages.
///
/// Everybody begins in the room `lobby`. What a client says is sent to the others of its room and not
/// back to itself, whose terminal shows it already. One value is one chat: every server that is given it
/// serves the same one.
public struct Chat: Handler {
  private let hall: ChatHall

  /// A chat with nobody in it.
  public init(limits: ChatLimits = ChatLimits()) {
    guard let lobby = try? ChatName("lobby", maximumLength: .max) else {
      preconditionFailure("lobby is a valid name")
    }
    hall = ChatHall(limits, firstRoom: lobby)
  }

  // What an idle member costs is mostly this function's frame: what is rare, such as a pause, is in
  // functions of its own.
  public func handle(_ connection: Connection) async throws {
    let session = ChatSession(connection, hall)
    session.ask()
    do {
      while !session.isOver, let bytes = try await connection.receive() {
        session.receive(bytes, now: .now)
        if session.isPaused { try await Self.waitOutPause(of: session) }
      }
      session.inputEnded(now: .now)
    } catch {
      try session.failed(error)
    }
  }

  /// What comes meanwhile is counted and dropped; the client is told when the pause is over.
  @inline(never)
  private static func waitOutPause(of session: ChatSession) async throws {
    while let end = session.pausedUntil {
      do {
        let bytes = try await session.connection.receive(within: end - .now)
        // At the end of the input the pause ends as well.
        guard let bytes else { return session.inputEnded(now: .now) }
        session.receive(bytes, now: .now)
      } catch ConnectionError.timedOut(.receive) where end <= .now {
        session.endPause(now: .now)
      }
    }
  }
}
