// A process that was forked off, and has not called exec(2), has the same open files: closing a socket
// here does not close them there, and epoll goes on reporting them (epoll(7)).

import Glibc
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Forks {
    /// A second descriptor keeps the open file as a forked process would.
    @Test(arguments: Setup.all.filter { !$0.isThreadPerClient })
    func aClosedSocketThatLivesOnElsewhereWakesNoLoop(_ setup: Setup) async throws {
      let served = Shared<Connection?>(nil)
      let handler = Serve { connection in
        served.change { if $0 == nil { $0 = connection } }
        try await Echo().handle(connection)
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        let copy = try #require(served.change { $0.take() }).duplicatedDescriptor
        try #require(copy >= 0)
        defer { Glibc.close(copy) }
        client.close()
        try eventually("it is closed") { running.metrics.open == 0 }
        let other = try running.connect()
        let before = running.metrics.loops.reduce(0) { $0 + $1.turns }
        let messages = 200
        for _ in 0..<messages {
          try other.send("x")
          #expect(try other.receiveText(1) == "x")
        }
        let turns = running.metrics.loops.reduce(0) { $0 + $1.turns } - before
        #expect(turns < 4 * messages, "\(turns) turns")
        served.change { $0 = nil }
      }
    }
  }
}

extension Connection {
  fileprivate var duplicatedDescriptor: CInt {
    (self as? NonBlockingConnection)?.state.withLock { dup($0.transport.descriptor) } ?? -1
  }
}
