// One client of a chat, from the door to its leaving. Belongs to the task of its handler; what other
// clients may touch is in `ChatHall` and `Room`. Nothing here waits: answers are written, and a client
// that reads none of them is dropped at its outbox limit.
//
// What the handler calls is not inlined there: its frame is what an idle member mostly costs.

import Throng

final class ChatSession {
  enum Phase {
    /// Asked for a nickname.
    case door
    case inRoom(ChatName, ChatRoom)
    case over
  }

  let connection: Connection
  let hall: ChatHall
  private(set) var phase = Phase.door
  private var lines = ChatLines()
  private var gate = FloodGate()
  /// What was said to the room and not yet passed on: all that comes in one receive goes out as one.
  private var speech: [Bytes] = []

  @inline(never)
  init(_ connection: Connection, _ hall: ChatHall) {
    self.connection = connection
    self.hall = hall
  }

  var isOver: Bool { if case .over = phase { true } else { false } }

  var isPaused: Bool {
    @inline(never) get { pausedUntil != nil }
  }

  /// Until then, what the client sends is dropped; nil: it is not.
  var pausedUntil: FloodGate.Instant? { isOver ? nil : gate.pausedUntil }

  @inline(never)
  func ask() { answer(ChatSentences.prompt) }

  /// The client has sent something.
  @inline(never)
  func receive(_ bytes: Bytes, now: FloodGate.Instant) {
    endPause(now: now)
    lines.receive(bytes, maximumLength: hall.limits.lineLength) { take($0, now) }
    passOn()
  }

  func endPause(now: FloodGate.Instant) {
    guard let dropped = gate.endPause(at: now) else { return }
    answer(ChatSentences.unpaused(dropped))
    if case .door = phase { ask() }
  }

  /// The client will send nothing more: by its own FIN, or because the server drains, which cuts off
  /// what is being typed.
  @inline(never)
  func inputEnded(now: FloodGate.Instant) {
    let isDraining = connection.isDraining
    if !isDraining { lines.finish { take($0, now) } }
    guard !isOver else { return }
    if case .door = phase { answer("\n") }
    leave("", answering: isDraining ? ChatSentences.shutdown : ChatSentences.goodbye)
  }

  /// The connection is lost, or was dropped because its client did not read. A client that was silent
  /// for longer than the server allows can still be told.
  @inline(never)
  func failed(_ error: any Error) throws {
    switch error as? ConnectionError {
    case .timedOut(.receive):
      return leave("silent for too long", answering: ChatSentences.silentTooLong)
    case .timedOut: leave("timed out")
    case .lost: leave("connection lost")
    case .tooSlow: leave("too slow")
    default: leave("dropped")
    }
    throw error
  }

  // MARK: Lines

  private func take(_ line: ChatLines.Line, _ now: FloodGate.Instant) {
    guard !isOver else { return }
    if case .timingMark = line { return answer(Bytes(TelnetFilter.timingMark)) }
    // An empty line reaches nobody and costs nothing.
    if case .text(let text) = line, text.isEmpty { return takeEmptyLine() }
    // Leaving is no flood.
    if case .text(let text) = line, case .quit(let words)? = Self.command(text) {
      return quit(saying: gate.pausedUntil == nil ? words : "")
    }
    switch gate.judge(at: now, hall.pace) {
    case .pass: break
    case .passWithWarning: answer(ChatSentences.slowDown)
    case .pause(let duration): return answer(ChatSentences.paused(duration))
    case .drop: return
    }
    switch line {
    case .text(let text): take(ChatText.clean(text))
    case .tooLong:
      answer(ChatSentences.tooLong(hall.limits.lineLength))
      if case .door = phase { ask() }
    case .timingMark: break
    }
  }

  /// What a line with a slash asks for; nil for one that, as can be told without reading it, begins with
  /// something else.
  private static func command(_ line: UnsafeRawBufferPointer) -> ChatCommand? {
    let slash = UInt8(ascii: "/")
    guard let first = line.first, first == slash || !(0x21...0x7e).contains(first),
      line.contains(slash)
    else { return nil }
    return ChatCommand(ChatText.clean(line))
  }

  private func takeEmptyLine() {
    if case .door = phase, gate.pausedUntil == nil { ask() }
  }

  private func take(_ text: String) {
    switch phase {
    case .door: takeAtTheDoor(text)
    case .inRoom(let name, let room): perform(ChatCommand(text), name, room)
    case .over: break
    }
  }

  private func takeAtTheDoor(_ text: String) {
    switch ChatCommand(text) {
    case .quit(let words): return quit(saying: words)
    case .help: answer(ChatSentences.helpAtTheDoor)
    // Who has used other servers may answer with /nick.
    case .nick(let text), .say(let text):
      if let name = claim(text) { return enterFirstRoom(name) }
    case .nothing: break
    default: answer(ChatSentences.nicknameFirst)
    }
    ask()
  }

  /// Takes a name, or says why not.
  private func claim(_ text: String) -> ChatName? {
    guard let name = nickname(text) else { return nil }
    if let owner = hall.claim(name, for: connection) {
      answer(ChatSentences.taken(name.text, by: owner))
      return nil
    }
    return name
  }

  private func enterFirstRoom(_ name: ChatName) {
    answer(ChatSentences.welcome(name.text))
    enter(hall.enterFirstRoom(name), name)
  }

  // MARK: Moving

  /// Makes the client hear the room, of whose members it is one already.
  func enter(_ room: ChatRoom, _ name: ChatName) {
    let announced = hall.limits.announcedMembers
    phase = .inRoom(name, room)
    // In this order: who reads about the company is known to it, and hears what it says. Who enters at
    // the same time is announced to this client, or was in the hall before it looks who is there.
    if hall.count(in: room) <= announced {
      room.members.broadcast(ChatSentences.arrived(name.text))
    }
    answer(ChatSentences.entered(room.name.text))
    room.members.join(connection)
    let present = hall.present(in: room)
    answer(ChatSentences.company(present, besides: name.text, silentBeyond: announced))
  }

  func rename(_ name: ChatName, in room: ChatRoom) { phase = .inRoom(name, room) }

  /// Stops hearing a room, and says so in it.
  func depart(_ room: ChatRoom, _ name: ChatName, saying farewell: Bytes) {
    room.members.leave(connection)
    let count = hall.leave(room, name)
    // At a drain everybody leaves at once, and hears of that anyway.
    guard count < hall.limits.announcedMembers, !connection.isDraining else { return }
    room.members.broadcast(farewell)
  }

  /// Says something to the room.
  func say(_ message: Bytes) { speech.append(message) }

  /// Before anything else that others notice, so that they hear everything in its order.
  func passOn() {
    guard !speech.isEmpty, case .inRoom(_, let room) = phase else { return }
    room.members.broadcast(speech, except: connection, remembering: true)
    speech = []
  }

  /// Gives everything back. The connection is closed by who runs the session.
  /// - Parameter farewell: for the client, after all that it hears of the others.
  func leave(_ reason: String, answering farewell: String? = nil) {
    passOn()
    if case .inRoom(let name, let room) = phase {
      depart(room, name, saying: ChatSentences.left(name.text, reason))
      hall.release(name)
    }
    phase = .over
    guard let farewell else { return }
    if gate.pausedUntil != nil { answer(ChatSentences.dropped(gate.droppedCount)) }
    answer(farewell)
  }

  // MARK: Answers

  /// A valid nickname, or nil after saying why it is none.
  func nickname(_ text: String) -> ChatName? {
    do throws(NameFlaw) {
      return try ChatName(trimmed(text), maximumLength: hall.limits.nameLength)
    } catch {
      answer(ChatSentences.refused(nickname: error))
      return nil
    }
  }

  /// A valid name of a room, or nil after saying why it is none. A `#` before it is a habit.
  func roomName(_ text: String) -> ChatName? {
    do throws(NameFlaw) {
      let name = trimmed(text)
      return try ChatName(
        name.hasPrefix("#") ? String(name.dropFirst()) : name,
        maximumLength: hall.limits.nameLength)
    } catch {
      answer(ChatSentences.refused(room: error))
      return nil
    }
  }

  func answer(_ text: String) { answer(Bytes(text)) }

  /// Sent with what else is answered in this turn. A failure shows at the next receive.
  func answer(_ bytes: Bytes) { try? connection.write(bytes, flush: .endOfTurn) }

  private func trimmed(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
