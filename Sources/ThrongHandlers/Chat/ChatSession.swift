// One client of a chat, from the door to its leaving. Belongs to the task of its handler; what other
// clients may touch is in `ChatHall` and `Room`. Nothing here waits: answers are written, and a client
// that reads none of them is dropped at its outbox limit.
//
// What the handler calls is not inlined there: its frame is what an idle member mostly costs.

import Throng

final class ChatSession {
  enum Phase {
    /// Asked for a nickname, which must come before the deadline.
    case door(until: FloodGate.Instant?)
    case inRoom(ChatName, ChatRoom)
    case over
  }

  let connection: Connection
  let hall: ChatHall
  private(set) var phase: Phase
  private var lines = ChatLines()
  private var gate = FloodGate()
  private var budget = ByteBudget()
  /// Nothing is to be received before `excess` says so.
  private(set) var isOverBudget = false
  /// A timing mark was asked for in a pause: telnet(1) shows nothing until it comes.
  private var owesTimingMark = false
  /// Bytes that were answered and are not charged yet.
  private var answeredCount = 0
  /// What was said to the room and not yet passed on: all that comes in one receive goes out as one.
  private var speech: [Bytes] = []

  @inline(never)
  init(_ connection: Connection, _ hall: ChatHall, now: FloodGate.Instant) {
    self.connection = connection
    self.hall = hall
    phase = .door(until: hall.limits.loginTimeout.map { now + $0 })
  }

  var isOver: Bool { if case .over = phase { true } else { false } }

  @inline(never)
  func ask() { answer(ChatSentences.prompt) }

  /// The client has sent something.
  @inline(never)
  func receive(_ bytes: Bytes, now: FloodGate.Instant) {
    timePasses(now: now)
    lines.receive(bytes, maximumLength: hall.limits.lineLength) { take($0, now) }
    passOn()
    budget.charge(
      max(bytes.count, ByteBudget.leastReceive) + answeredCount, at: now, hall.bytePace)
    answeredCount = 0
    isOverBudget = budget.wait(at: now, hall.bytePace) != nil
  }

  // MARK: Time

  /// A client beyond its bytes is looked at this often, in case it is lost or the server drains.
  private static let longestSleep = Duration.milliseconds(500)

  /// The earliest moment at which time changes something for the client, whatever it sends.
  private var end: FloodGate.Instant? {
    guard case .door(let deadline?) = phase else { return gate.pausedUntil }
    return gate.pausedUntil.map { min($0, deadline) } ?? deadline
  }

  /// How long a receive may wait; nil: for as long as it takes.
  var patience: Duration? {
    @inline(never) get { end.map { $0 - .now } }
  }

  /// Whether time has come for `timePasses`.
  @inline(never)
  func isUp(now: FloodGate.Instant) -> Bool { end.map { $0 <= now } ?? false }

  /// Ends what is over by now: the time for the login, or a pause.
  @inline(never)
  func timePasses(now: FloodGate.Instant) {
    if case .door(let deadline?) = phase, deadline <= now { return giveUpWaitingForNickname() }
    endPause(now: now)
  }

  /// How long to wait before the next receive, and before this is asked again; nil: not at all.
  @inline(never)
  func excess(now: FloodGate.Instant) -> Duration? {
    timePasses(now: now)
    guard !isOver, let wait = budget.wait(at: now, hall.bytePace) else {
      isOverBudget = false
      return nil
    }
    if connection.isDraining {
      inputEnded(now: now)
      return nil
    }
    return min(wait, end.map { $0 - now } ?? wait, Self.longestSleep)
  }

  private func giveUpWaitingForNickname() {
    let limit = hall.limits.loginTimeout ?? .zero
    leave("", answering: ChatSentences.noNickname(within: limit))
  }

  private func endPause(now: FloodGate.Instant) {
    guard let dropped = gate.endPause(at: now) else { return }
    answer(ChatSentences.unpaused(dropped))
    if owesTimingMark { answerTimingMark() }
    if case .door = phase { ask() }
  }

  // MARK: The end

  /// The client will send nothing more: by its own FIN, or because the server drains, which cuts off
  /// what is being typed.
  @inline(never)
  func inputEnded(now: FloodGate.Instant) {
    guard !isOver else { return }
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
    switch line {
    case .timingMark:
      if isAdmitted(now, isLine: false) { answerTimingMark() } else { owesTimingMark = true }
    case .text(let text):
      if text.isEmpty { return takeEmptyLine(now) }
      if ChatCommand.isQuit(text), quit(text) { return }
      if isAdmitted(now) { take(ChatText.clean(text)) }
    case .tooLong:
      guard isAdmitted(now) else { return }
      answer(ChatSentences.tooLong(hall.limits.lineLength))
      if case .door = phase { ask() }
    }
  }

  /// Asks the gate, before the line is parsed, and tells the client what becomes of it.
  private func isAdmitted(_ now: FloodGate.Instant, isLine: Bool = true) -> Bool {
    switch gate.judge(at: now, hall.pace, isLine: isLine) {
    case .pass: return true
    case .passWithWarning:
      answer(ChatSentences.slowDown)
      return true
    case .pause(let duration):
      answer(ChatSentences.paused(duration))
      return false
    case .drop: return false
    }
  }

  /// Leaving is no flood: it costs nothing and works in a pause, in which last words are not parsed.
  /// - Returns: false when the line, once parsed, turns out to be another.
  private func quit(_ line: UnsafeRawBufferPointer) -> Bool {
    var words = ""
    if gate.pausedUntil == nil {
      guard case .quit(let text) = ChatCommand(ChatText.clean(line)) else { return false }
      words = text
    }
    quit(saying: words)
    return true
  }

  /// An empty line in a room reaches nobody and costs nothing.
  private func takeEmptyLine(_ now: FloodGate.Instant) {
    if case .door = phase, isAdmitted(now, isLine: false) { ask() }
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

  private func answerTimingMark() {
    owesTimingMark = false
    answer(Bytes(TelnetFilter.timingMark))
  }

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
  func answer(_ bytes: Bytes) {
    answeredCount += bytes.count
    try? connection.write(bytes, flush: .endOfTurn)
  }

  private func trimmed(_ text: String) -> String {
    let start = text.drop { $0.isWhitespace }
    return String(start.reversed().drop { $0.isWhitespace }.reversed())
  }
}
