// A group of connections that hear each other. Nothing here waits or sends: a broadcast queues a
// reference to one stored message in every member's outbox, and each member's own loop sends what has
// queued up. The lock guards the list of members and the history, and is not held while members are
// written to: that may resume tasks, which can wait for a canceller, which can wait for the room. What is
// broadcast while a newcomer gets the history is kept for it.

/// A group of connections: what one says, all hear. May be used from any thread and under any model.
///
/// ```swift
/// struct Chat: Handler {
///   let room = Room()
///
///   func handle(_ connection: Connection) async throws {
///     room.join(connection)
///     defer { room.leave(connection) }
///     for try await line in connection.lines() {
///       room.broadcast(Bytes("\(connection.id): \(line.text)\n"), except: connection)
///     }
///   }
/// }
/// ```
///
/// Members get what one task broadcasts in the order of its calls. Under one reactor all members get
/// everything in the same order; elsewhere two tasks may broadcast at once, and members may see those
/// two messages in different orders.
public final class Room: Sendable {
  /// What a room has done so far.
  public struct Counters: Sendable, Hashable {
    /// Messages that were broadcast.
    public var messages = 0
    /// Messages that were queued for a member, over all members.
    public var deliveries = 0
    /// Messages that a slow member did not get.
    public var missed = 0
  }

  private struct State {
    var members = Members()
    /// Connections that are given the history, and what they are to get after it.
    var newcomers: [ObjectIdentifier: [Bytes]] = [:]
    /// The last messages: once it is full, each takes the place of the oldest, which is `oldest`.
    var history: [Bytes] = []
    var oldest = 0
    var counters = Counters()
  }

  private let state = Locked(State())
  private let historyLimit: Int
  private let policy: SlowReaderPolicy?

  /// - Parameters:
  ///   - historyLimit: how many remembered messages a newcomer gets.
  ///   - policy: what becomes of members that do not read; nil: what their connections say.
  public init(historyLimit: Int = 0, policy: SlowReaderPolicy? = nil) {
    precondition(historyLimit >= 0, "a history cannot be shorter than nothing")
    self.historyLimit = historyLimit
    self.policy = policy
  }

  /// How many members there are.
  public var count: Int { state.withLock { $0.members.count + $0.newcomers.count } }

  /// The counters of the room.
  public var counters: Counters { state.withLock { $0.counters } }

  /// Makes the connection a member, after it was given the history: it gets every message that is
  /// broadcast from then on, and none of them twice. Does nothing for a member.
  /// - Parameters:
  ///   - connection: the new member. It must ``leave(_:)`` when its handler ends.
  ///   - greeting: what it gets before anything else, the history included; nil: nothing.
  public func join(_ connection: Connection, greeting: Bytes? = nil) {
    let id = ObjectIdentifier(connection)
    var due = state.withLock { s -> [Bytes]? in
      guard !s.members.contains(connection), s.newcomers[id] == nil else { return nil }
      let history = s.history[s.oldest...] + s.history[..<s.oldest]
      return next((greeting.map { [$0] } ?? []) + history, for: connection, &s)
    }
    // Without a limit, as there was no time to read; and so nothing but a lost client can fail here.
    let unlimited = SlowReaderPolicy(outboxLimit: .max / 4)
    while let messages = due {
      for message in messages {
        try? connection.write(message, flush: .endOfTurn, policy: unlimited)
      }
      due = state.withLock { s in
        // It may have left meanwhile.
        guard let missed = s.newcomers[id] else { return nil }
        return next(missed, for: connection, &s)
      }
    }
  }

  /// What a newcomer gets next; when there is nothing, it is a member.
  private func next(
    _ messages: [Bytes], for connection: Connection, _ s: inout State
  ) -> [Bytes]? {
    guard messages.isEmpty else {
      s.newcomers[ObjectIdentifier(connection)] = []
      return messages
    }
    s.newcomers[ObjectIdentifier(connection)] = nil
    s.members.insert(connection)
    return nil
  }

  /// Ends the membership. A message that another thread is just broadcasting may still arrive. Does
  /// nothing for a connection that is not a member.
  public func leave(_ connection: Connection) {
    state.withLock { s in
      if !s.members.remove(connection) { s.newcomers[ObjectIdentifier(connection)] = nil }
    }
  }

  /// Queues a message for every member and returns without waiting. Members whose connection has
  /// ended are removed.
  /// - Parameters:
  ///   - message: the bytes that each member receives.
  ///   - excluded: a member that does not get it, such as its author.
  ///   - remembering: whether newcomers get it as well, see ``init(historyLimit:policy:)``.
  /// - Returns: how many members it was queued for. Their clients may still be lost before they get it.
  @discardableResult
  public func broadcast(
    _ message: Bytes, except excluded: Connection? = nil, remembering: Bool = false
  ) -> Int {
    broadcast([message], except: excluded, remembering: remembering)
  }

  /// The same for several messages: every member gets all of them, in their order, at the cost of one.
  /// For callers that have several messages at once.
  /// - Returns: how many members they were queued for.
  @discardableResult
  public func broadcast(
    _ messages: [Bytes], except excluded: Connection? = nil, remembering: Bool = false
  ) -> Int {
    guard let first = messages.first else { return 0 }
    let whole = messages.count == 1 ? first.compacted() : Bytes(joining: messages)
    let (members, newcomers) = state.withLock { s in
      s.counters.messages += messages.count
      if remembering { remember(messages.count == 1 ? [whole] : messages, &s) }
      let newcomers =
        s.newcomers.isEmpty ? 0 : keepForNewcomers(whole, messages.count, except: excluded, &s)
      return (s.members.all, newcomers)
    }
    let outcome = deliver(whole, to: members, except: excluded)
    state.withLock { s in
      s.counters.deliveries += outcome.deliveries * messages.count
      s.counters.missed += outcome.missed * messages.count
      for member in outcome.gone { _ = s.members.remove(member) }
    }
    return outcome.deliveries + newcomers
  }

  /// - Returns: how many newcomers there are.
  private func keepForNewcomers(
    _ message: Bytes, _ count: Int, except excluded: Connection?, _ s: inout State
  ) -> Int {
    var reached = 0
    for id in s.newcomers.keys where excluded.map(ObjectIdentifier.init) != id {
      s.newcomers[id]?.append(message)
      s.counters.deliveries += count
      reached += 1
    }
    return reached
  }

  private func remember(_ messages: [Bytes], _ s: inout State) {
    for message in messages.suffix(historyLimit) {
      if s.history.count < historyLimit {
        s.history.append(message.compacted())
      } else {
        s.history[s.oldest] = message.compacted()
        s.oldest = (s.oldest + 1) % historyLimit
      }
    }
  }

  private func deliver(
    _ message: Bytes, to members: ContiguousArray<Connection>, except excluded: Connection?
  ) -> (deliveries: Int, missed: Int, gone: [Connection]) {
    var deliveries = 0
    var missed = 0
    var gone: [Connection] = []
    for (index, member) in members.enumerated() where member !== excluded {
      if index + 1 < members.count { members[index + 1].prefetch() }
      do throws(ConnectionError) {
        try member.write(message, flush: .endOfTurn, policy: policy)
        deliveries += 1
      } catch .outboxFull {
        missed += 1
      } catch {
        gone.append(member)
      }
    }
    return (deliveries, missed, gone)
  }
}
