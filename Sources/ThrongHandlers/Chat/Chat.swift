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

  /// Bytes of one receive: bounds what one client makes of a turn, and what goes beyond its budget.
  static let receiveLimit = 16 * 1024

  // What an idle member costs is mostly this function's frame: all of its receives are one, and what is
  // rare is in functions of its own.
  public func handle(_ connection: Connection) async throws {
    let session = ChatSession(connection, hall, now: .now)
    session.ask()
    do {
      while !session.isOver {
        do {
          let bytes = try await connection.receive(
            atMost: Self.receiveLimit, within: session.patience)
          guard let bytes else { break }
          session.receive(bytes, now: .now)
        } catch ConnectionError.timedOut(.receive) where session.isUp(now: .now) {
          session.timePasses(now: .now)
        }
        if session.isOverBudget { try await Self.waitForBudget(of: session) }
      }
      session.inputEnded(now: .now)
    } catch {
      try session.failed(error)
    }
  }

  /// Receives nothing until the client is within its bytes again.
  @inline(never)
  private static func waitForBudget(of session: ChatSession) async throws {
    while let duration = session.excess(now: .now) {
      try await Task.sleep(for: duration)
      // Sends nothing, and throws when the connection was lost meanwhile.
      try session.connection.write(Bytes(), flush: .endOfTurn)
    }
  }
}
