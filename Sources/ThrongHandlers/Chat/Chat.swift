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

  public func handle(_ connection: Connection) async throws {
    let session = ChatSession(connection, hall, now: .now)
    session.ask()
    do {
      while !session.isOver {
        guard let bytes = try await receive(session) else {
          session.inputEnded(now: .now)
          break
        }
        session.receive(bytes, now: .now)
      }
    } catch ConnectionError.timedOut(.receive) {
      session.silentTooLong()
    } catch {
      session.failed(error)
      throw error
    }
  }

  /// What comes next: nothing at the end, no bytes when the session's deadline has passed.
  private func receive(_ session: ChatSession) async throws -> Bytes? {
    guard let deadline = session.deadline else {
      return try await session.connection.receive()
    }
    do {
      return try await session.connection.receive(within: deadline - .now)
    } catch ConnectionError.timedOut(.receive) where deadline <= .now {
      return Bytes()
    }
  }
}
