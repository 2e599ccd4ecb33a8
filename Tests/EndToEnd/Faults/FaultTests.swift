// Calls of the C library fail while clients of an echo server compare every byte. THRONG_FAULT_SEED
// repeats a run; THRONG_FAULT_ROUNDS=10 goes through the table ten times, with both handlers each.

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct FaultTests {
  @Test(arguments: FaultTable.runs)
  func aFaultCostsAtMostTheConnectionThatItHits(run: FaultRun) throws {
    try run.checkServing()
  }

  @Test(arguments: FaultTable.drains)
  func aFaultDuringTheDrainDoesNotKeepTheServerFromEnding(run: FaultRun) throws {
    try run.checkDraining()
  }
}

enum FaultTable {
  private static let reactor = [[], ["--loops", "2"]]
  private static let pool = [["--mode", "thread-pool"]]
  private static let perClient = [["--mode", "thread-per-client"]]
  private static let readiness = reactor + pool
  private static let bothHandlers = ["echo", "event-echo"]

  private struct Row {
    let fault: String
    let models: [[String]]
    let handlers: [String]
    let mayLoseClients: Bool
  }

  /// Calls that fail while clients are served.
  private static let serving: [Row] =
    rows("accept4", ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"], "every:3")
    + rows("accept4", ["ECONNABORTED", "EPROTO", "EPERM", "EINTR"], "every:2")
    + rows("recv", ["EINTR", "SHORT"], "chance:20")
    + rows("recv", ["EAGAIN"], "chance:20", readiness)
    + rows("recv", ["ECONNRESET", "ETIMEDOUT", "ENOMEM", "EIO"], "chance:5", losing: true)
    + rows("send", ["EINTR", "SHORT", "EAGAIN"], "chance:20")
    + rows("send", ["EPIPE", "ECONNRESET", "ENOBUFS", "ENOMEM"], "chance:5", losing: true)
    + rows("sendmsg", ["EINTR", "SHORT", "EAGAIN"], "chance:20", readiness)
    + rows("sendmsg", ["EPIPE", "ENOMEM"], "chance:20", readiness, losing: true)
    + rows("sendmsg", ["EINTR", "SHORT", "EAGAIN"], "chance:20", perClient, ["event-echo"])
    + rows("sendmsg=EPIPE/chance:20,setsockopt", ["ENOMEM"], "every:1", readiness, losing: true)
    + rows("send=EPIPE/chance:20,setsockopt", ["ENOMEM"], "every:1", perClient, losing: true)
    + rows("close", ["EINTR", "EIO"], "every:2")
    + rows("epoll_wait", ["EINTR"], "chance:20")
    + rows("epoll_ctl_add", ["ENOMEM", "ENOSPC"], "every:3", readiness, losing: true)
    + rows(
      "epoll_ctl_mod", ["ENOMEM", "EBADF", "EINVAL", "ENOENT", "EPERM"], "every:3", readiness,
      losing: true)
    + rows("epoll_ctl_del", ["ENOENT", "EBADF"], "every:2", readiness, losing: true)
    // Accepting pauses and goes on, which changes what the listener is watched for.
    + rows("accept4=EMFILE/every:3,epoll_ctl_mod", ["ENOMEM"], "chance:30", losing: true)
    + rows("eventfd_write", ["EAGAIN", "EINTR", "EIO"], "every:2", pool + perClient)
    + rows("eventfd_read", ["EAGAIN", "EINTR", "EIO"], "every:2", perClient)
    + rows("pthread_create", ["EAGAIN"], "every:2", perClient, losing: true)

  /// Calls that fail from SIGTERM on.
  private static let draining: [Row] =
    rows("shutdown", ["ENOTCONN", "ENOBUFS"], "every:1")
    + rows("ioctl", ["ENOTTY", "EINVAL"], "every:1")
    + rows("close", ["EIO"], "every:1")
    + rows("epoll_wait", ["EINTR"], "every:2")

  static let runs = runs(of: serving)
  static let drains = runs(of: draining)

  private static let environment = ProcessInfo.processInfo.environment

  static let seed: UInt64 = {
    let given = environment["THRONG_FAULT_SEED"].flatMap { UInt64($0) }
    let seed = given ?? UInt64.random(in: 0..<1 << 32)
    print("faults: THRONG_FAULT_SEED=\(seed)")
    return seed
  }()

  /// Once through the table with a handler drawn for each line, or so many times with both.
  private static func runs(of table: [Row]) -> [FaultRun] {
    let rounds = environment["THRONG_FAULT_ROUNDS"].flatMap { Int($0) }
    var generator = SeededGenerator(seed: seed)
    var runs: [FaultRun] = []
    for _ in 0..<(rounds ?? 1) {
      for row in table {
        for model in row.models {
          let drawn = row.handlers.randomElement(using: &generator)
          for handler in row.handlers where rounds != nil || handler == drawn {
            runs.append(
              FaultRun(
                model: model, handler: handler, fault: row.fault,
                mayLoseClients: row.mayLoseClients, seed: generator.next() >> 32))
          }
        }
      }
    }
    return runs
  }

  private static func rows(
    _ call: String, _ errors: [String], _ when: String, _ models: [[String]] = everyModel,
    _ handlers: [String] = bothHandlers, losing mayLoseClients: Bool = false
  ) -> [Row] {
    errors.map { error in
      Row(
        fault: "\(call)=\(error)/\(when)", models: models, handlers: handlers,
        mayLoseClients: mayLoseClients)
    }
  }
}
