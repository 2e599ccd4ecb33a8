// Faulty peers: each becomes a failed row and does not affect the others.

import Foundation
import LinuxSystem
import TestSupport
import Testing
import ThrongLoad
import ThrongReport

@testable import ThrongCompare

@Suite(.opensResources, .blocking, .serialized) struct PeerTests {
  @Test(arguments: [
    (FaultyPeer.exitsAtOnce, "server command exited with status 3 before it listened"),
    (.neverListens, "server command does not listen on 127.0.0.1:"),
    (.exitsMidway, "connection "),
    (.isSilent, "connection "),
    (.garbles, "connection "),
  ])
  func aFaultyPeerBecomesAFailedRow(_ peer: FaultyPeer, _ reason: String) throws {
    let options = ShortRun.options {
      $0.models = [.reactor]
      $0.peers = [peer.choice()]
      // Long enough for the other one on a busy machine.
      if peer == .neverListens { $0.startTimeout = .seconds(5) }
      if peer == .isSilent { $0.timeout = .seconds(3) }
    }
    let results = try ShortRun.run(options)
    let failed = try #require(
      results.cells.first { $0.contender == CompareOptions.identifier(peer.rawValue) })
    let failure = try #require(failed.failure)
    #expect(failure.hasPrefix(reason), "\(failure)")
    let words = [FaultyPeer.garbles: "wrong byte", .isSilent: "no reply"]
    if let word = words[peer] { #expect(failure.contains(word), "\(failure)") }
    #expect(failed.samples.isEmpty)
    // It was measured again once, and both failures are reported.
    #expect(failure.hasSuffix("(twice)") || failure.contains("; measured again: "), "\(failure)")
    let sound = try #require(results.cells.first { $0.contender == "reactor" })
    #expect(sound.failure == nil && sound.samples.count == 1, "\(sound.failure ?? "")")
  }

  @Test func aPeerThatNeverListensIsSkipped() throws {
    let options = ShortRun.options {
      $0.models = []
      $0.peers = [FaultyPeer.exitsAtOnce.choice()]
      $0.connections = [1, 2, 3, 4]
      $0.repeats = 3
    }
    var observer: Stopper?
    let results = try ShortRun.run(options) { stop in
      let stopper = Stopper(stop, after: 100)
      observer = stopper
      return stopper
    }
    // A row for each number of connections, in the first round alone.
    #expect(observer?.measured.count == 4)
    #expect(results.cells.count == 4 && results.cells.allSatisfy { $0.failure != nil })
  }

  @Test func orphanedProcessesAreEnded() throws {
    let tag = "600.\(UInt32.random(in: 100_000...999_999))"
    let options = ShortRun.options {
      $0.models = []
      $0.peers = [FaultyPeer.leavesChild.choice(tag: tag)]
    }
    let results = try ShortRun.run(options)
    #expect(results.cells.first?.samples.count == 1, "\(results.cells)")
    #expect(Self.isRunning(tag) == false)
  }

  @Test func aHungGeneratorIsEndedWithItsServer() throws {
    let stop = try StopRequest(watchingSignals: false)
    let plan = try ShortRun.plan(
      ShortRun.options {
        $0.startTimeout = .milliseconds(100)
        $0.timeout = .milliseconds(100)
      })
    var method = plan.method
    method.grace = .milliseconds(100)
    let task = try #require(plan.tasks.first)
    let tag = "600.\(UInt32.random(in: 100_000...999_999))"
    let script = try Self.script("trap '' TERM; setsid sleep \(tag) & exec sleep \(tag)")
    defer { try? FileManager.default.removeItem(atPath: script) }
    // Generator and child ignore SIGTERM, so only SIGKILL ends them.
    let outcome = CellRunner(method, stop, program: script).measure(task)
    guard case .failed(let reason, _) = outcome else {
      Issue.record("\(outcome)")
      return
    }
    #expect(reason.hasPrefix("hung: no result within "))
    #expect(Self.isRunning(tag) == false)
  }

  private static func script(_ body: String) throws -> String {
    let path = NSTemporaryDirectory() + "throng-\(UUID().uuidString)"
    try "#!/bin/sh\n\(body)\n".write(toFile: path, atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  private static func isRunning(_ tag: String) -> Bool {
    let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return processes.contains { pid in
      Int(pid) != nil && TextFile.read("/proc/\(pid)/cmdline")?.hasPrefix("sleep\0\(tag)") == true
    }
  }
}
