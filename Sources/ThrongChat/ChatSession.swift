// One client of a chat, from login to leaving. Belongs to the task of its handler; what clients share is
// in `ChatDirectory` and `Room`. Nothing here waits: replies are written, and a client that does not read
// is dropped at its outbox limit.
//
// Functions that the handler calls are not inlined, because the handler's frame is most of the memory
// of an idle member.

import Throng

final class ChatSession {
  enum Phase {
    /// Asked for a nickname, which must come before the deadline.
    case login(until: LineRateLimiter.Instant?)
    case inRoom(ChatName, ChatRoom)
    case over
  }

  let connection: Connection
  let directory: ChatDirectory
  private(set) var phase: Phase
  private var lines = ChatLines()
  private var lineLimiter = LineRateLimiter()
  private var byteLimiter = ByteRateLimiter()
  /// Nothing is to be received before `excess` says so.
  private(set) var isOverByteRate = false
  /// A timing mark was asked for in a pause: telnet(1) shows nothing until it comes.
  private var owesTimingMark = false
  /// Bytes that were answered and are not charged yet.
  private var answeredCount = 0
  /// What was said to the room and not yet passed on: all that comes in one receive goes out as one.
  private var pendingMessages: [Bytes] = []

  @inline(never)
  init(_ connection: Connection, _ directory: ChatDirectory, now: LineRateLimiter.Instant) {
    self.connection = connection
    self.directory = directory
    phase = .login(until: directory.limits.loginTimeout.map { now + $0 })
  }

  var isOver: Bool { if case .over = phase { true } else { false } }

  @inline(never)
  func ask() { answer(ChatReplies.prompt) }

  /// The client has sent something.
  @inline(never)
  func receive(_ bytes: Bytes, now: LineRateLimiter.Instant) {
    applyDeadlines(now: now)
    lines.receive(bytes, maximumLength: directory.limits.lineLength) { take($0, now) }
    broadcastPending()
    byteLimiter.charge(
      max(bytes.count, ByteRateLimiter.leastReceive) + answeredCount, at: now, directory.byteRate)
    answeredCount = 0
    isOverByteRate = byteLimiter.wait(at: now, directory.byteRate) != nil
  }

  // MARK: Time

  /// A client beyond its bytes is looked at this often, in case it is lost or the server drains.
  private static let longestSleep = Duration.milliseconds(500)

  /// The earliest moment at which time changes something for the client, whatever it sends.
  private var end: LineRateLimiter.Instant? {
    guard case .login(let deadline?) = phase else { return lineLimiter.pausedUntil }
    return lineLimiter.pausedUntil.map { min($0, deadline) } ?? deadline
  }

  /// How long a receive may wait; nil: for as long as it takes.
  var receiveTimeout: Duration? {
    @inline(never) get { end.map { $0 - .now } }
  }

  /// Whether time has come for `applyDeadlines`.
  @inline(never)
  func isDue(now: LineRateLimiter.Instant) -> Bool { end.map { $0 <= now } ?? false }

  /// Ends what is over by now: the time for the login, or a pause.
  @inline(never)
  func applyDeadlines(now: LineRateLimiter.Instant) {
    if case .login(let deadline?) = phase, deadline <= now { return giveUpWaitingForNickname() }
    endPause(now: now)
  }

  /// How long to wait before the next receive, and before this is asked again; nil: not at all.
  @inline(never)
  func excess(now: LineRateLimiter.Instant) -> Duration? {
    applyDeadlines(now: now)
    guard !isOver, let wait = byteLimiter.wait(at: now, directory.byteRate) else {
      isOverByteRate = false
      return nil
    }
    if connection.isDraining {
      inputEnded(now: now)
      return nil
    }
    return min(wait, end.map { $0 - now } ?? wait, Self.longestSleep)
  }

  private func giveUpWaitingForNickname() {
    let limit = directory.limits.loginTimeout ?? .zero
    leave(answering: ChatReplies.noNickname(within: limit))
  }

  private func endPause(now: LineRateLimiter.Instant) {
    guard let dropped = lineLimiter.endPause(at: now) else { return }
    answer(ChatReplies.unpaused(dropped))
    if owesTimingMark { answerTimingMark() }
    if case .login = phase { ask() }
  }

  // MARK: The end

  /// The client will send nothing more: by its own FIN, or because the server drains, which cuts off
  /// what is being typed.
  @inline(never)
  func inputEnded(now: LineRateLimiter.Instant) {
    guard !isOver else { return }
    let isDraining = connection.isDraining
    if !isDraining { lines.finish { take($0, now) } }
    guard !isOver else { return }
    if case .login = phase { answer("\n") }
    leave(answering: isDraining ? ChatReplies.shutdown : ChatReplies.goodbye)
  }

  /// The connection is lost, or was dropped because its client did not read. A client that was silent
  /// for longer than the server allows can still be told.
  @inline(never)
  func failed(_ error: any Error) throws {
    switch error as? ConnectionError {
    case .timedOut(.receive): return leave(.idle, answering: ChatReplies.idle)
    case .timedOut: leave(.timedOut)
    case .lost: leave(.connectionLost)
    case .tooSlow: leave(.tooSlow)
    default: leave(.dropped)
    }
    throw error
  }

  // MARK: Lines

  private func take(_ line: ChatLines.Line, _ now: LineRateLimiter.Instant) {
    guard !isOver else { return }
    switch line {
    case .timingMark:
      if isAdmitted(now, isLine: false) { answerTimingMark() } else { owesTimingMark = true }
    case .text(let text):
      if text.isEmpty { return takeEmptyLine(now) }
      if ChatCommand.isQuit(text), quit(text) { return }
      if isAdmitted(now) { take(TextSanitizer.clean(text)) }
    case .tooLong:
      guard isAdmitted(now) else { return }
      answer(ChatReplies.tooLong(directory.limits.lineLength))
      if case .login = phase { ask() }
    }
  }

  /// Applies the line rate before the line is parsed, and tells the client when it is dropped.
  private func isAdmitted(_ now: LineRateLimiter.Instant, isLine: Bool = true) -> Bool {
    switch lineLimiter.admit(at: now, directory.lineRate, isLine: isLine) {
    case .pass: return true
    case .passWithWarning:
      answer(ChatReplies.slowDown)
      return true
    case .pause(let duration):
      answer(ChatReplies.paused(duration))
      return false
    case .drop: return false
    }
  }

  /// Leaving is no flood: it costs nothing and works in a pause, in which last words are not parsed.
  /// - Returns: false when the line, once parsed, turns out to be another.
  private func quit(_ line: UnsafeRawBufferPointer) -> Bool {
    var words = ""
    if lineLimiter.pausedUntil == nil {
      guard case .quit(let text) = ChatCommand(TextSanitizer.clean(line)) else { return false }
      words = text
    }
    quit(saying: words)
    return true
  }

  /// An empty line in a room is ignored.
  private func takeEmptyLine(_ now: LineRateLimiter.Instant) {
    if case .login = phase, isAdmitted(now, isLine: false) { ask() }
  }

  private func take(_ text: String) {
    switch phase {
    case .login: takeDuringLogin(text)
    case .inRoom(let name, let room): perform(ChatCommand(text), name, room)
    case .over: break
    }
  }

  private func takeDuringLogin(_ text: String) {
    switch ChatCommand(text) {
    case .quit(let words): return quit(saying: words)
    case .help: answer(ChatReplies.loginHelp)
    // Users of other servers may type /nick.
    case .nick(let text), .say(let text):
      if let name = claim(text) { return enterFirstRoom(name) }
    case .nothing: break
    default: answer(ChatReplies.nicknameFirst)
    }
    ask()
  }

  /// Takes a name, or says why not.
  private func claim(_ text: String) -> ChatName? {
    guard let name = nickname(text) else { return nil }
    if let owner = directory.claim(name, for: connection) {
      answer(ChatReplies.taken(name.text, by: owner))
      return nil
    }
    return name
  }

  private func enterFirstRoom(_ name: ChatName) {
    answer(ChatReplies.welcome(name.text))
    enter(directory.enterFirstRoom(name), name)
  }

  // MARK: Moving

  /// Makes the client hear the room, of whose members it is one already.
  func enter(_ room: ChatRoom, _ name: ChatName) {
    let announced = directory.limits.announcedMembers
    phase = .inRoom(name, room)
    // In this order, so that each client that enters at the same time is either announced to this one or
    // listed for it, and no message of a listed member is missed.
    if directory.count(in: room) <= announced {
      room.members.broadcast(ChatReplies.arrived(name.text))
    }
    answer(ChatReplies.entered(room.name.text))
    room.members.join(connection)
    let present = directory.present(in: room)
    answer(ChatReplies.company(present, besides: name.text, silentBeyond: announced))
  }

  func rename(_ name: ChatName, in room: ChatRoom) { phase = .inRoom(name, room) }

  /// Stops hearing a room, and says so in it.
  func depart(_ room: ChatRoom, _ name: ChatName, saying farewell: Bytes) {
    room.members.leave(connection)
    let count = directory.leave(room, name)
    // At a drain all clients leave, and each is told.
    guard count < directory.limits.announcedMembers, !connection.isDraining else { return }
    room.members.broadcast(farewell)
  }

  /// Says something to the room.
  func say(_ message: Bytes) { pendingMessages.append(message) }

  /// Called before anything else that other clients notice, to keep the order.
  func broadcastPending() {
    guard !pendingMessages.isEmpty, case .inRoom(_, let room) = phase else { return }
    room.members.broadcast(pendingMessages, except: connection, remembering: true)
    pendingMessages = []
  }

  /// Leaves the room and frees the name. The handler closes the connection.
  /// - Parameter farewell: for the client, after all that it hears of the others.
  func leave(_ reason: LeaveReason = .ownWish, answering farewell: String? = nil) {
    broadcastPending()
    if case .inRoom(let name, let room) = phase {
      depart(room, name, saying: ChatReplies.left(name.text, reason))
      directory.release(name)
    }
    phase = .over
    guard let farewell else { return }
    if lineLimiter.pausedUntil != nil { answer(ChatReplies.dropped(lineLimiter.droppedCount)) }
    answer(farewell)
  }

  // MARK: Answers

  private func answerTimingMark() {
    owesTimingMark = false
    answer(Bytes(TelnetFilter.timingMark))
  }

  /// A valid nickname, or nil after saying why it is none.
  func nickname(_ text: String) -> ChatName? {
    name(text.drop { $0.isWhitespace }, orAnswer: ChatReplies.refused(nickname:))
  }

  /// A valid name of a room, or nil after saying why it is none. A `#` before it is ignored, as on IRC.
  func roomName(_ text: String) -> ChatName? {
    name(text.hasPrefix("#") ? text.dropFirst() : text[...], orAnswer: ChatReplies.refused(room:))
  }

  private func name(_ text: Substring, orAnswer reply: (NameError) -> String) -> ChatName? {
    do throws(NameError) {
      return try ChatName(String(text), maximumLength: directory.limits.nameLength)
    } catch {
      answer(reply(error))
      return nil
    }
  }

  func answer(_ text: String) { answer(Bytes(text)) }

  /// Sent with what else is answered in this turn. A failure shows at the next receive.
  func answer(_ bytes: Bytes) {
    answeredCount += bytes.count
    try? connection.write(bytes, flush: .endOfTurn)
  }
}
