// What a server does, and says, when it can have no more threads.

import Glibc
import LinuxSystem
import Logging
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Exhausted {
    private static let stackSize = 1 << 30

    /// While the body runs, the process has address space for so many stacks, and for much else.
    private func withRoom<Result>(forStacks count: Int, _ body: () throws -> Result) throws
      -> Result
    {
      try eventually("the stacks of the last test are gone") {
        try Self.largestMapping() < Self.stackSize
      }
      var before = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &before)
      var limited = before
      limited.rlim_cur = rlim_t(
        Self.addressSpaceInUse + Self.stackSize * count + Self.stackSize / 2)
      setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limited)
      defer { setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &before) }
      return try body()
    }

    /// Each line of /proc/self/maps begins with a range of hexadecimal addresses (proc(5)).
    private static func largestMapping() throws -> Int {
      let file = try #require(fopen("/proc/self/maps", "r"))
      defer { fclose(file) }
      var largest = 0
      var text = [CChar](repeating: 0, count: 4096)
      while fgets(&text, 4096, file) != nil {
        var end: UnsafeMutablePointer<CChar>?
        let start = strtoul(text, &end, 16)
        let limit = strtoul(try #require(end) + 1, nil, 16)
        largest = max(largest, Int(limit - start))
      }
      return largest
    }

    /// The first figure of /proc/self/statm is in pages (proc(5)).
    private static var addressSpaceInUse: Int {
      guard let file = fopen("/proc/self/statm", "r") else { return 0 }
      defer { fclose(file) }
      var text = [CChar](repeating: 0, count: 128)
      fgets(&text, 128, file)
      return strtol(text, nil, 10) * sysconf(Int32(_SC_PAGESIZE))
    }

    @Test(arguments: API.allCases)
    func aClientWithoutAThreadIsServedWhenAnotherHasLeft(_ api: API) async throws {
      let said = Shared<[String]>([])
      try await withServer(
        { configuration, _ in
          let log = Logger.recording(.warning, said)
          let model = Model.threadPerClient(stackSize: Self.stackSize)
          return api == .handler
            ? Server(Echo(), model: model, configuration: configuration, log: log)
            : Server(events: EventEcho(), model: model, configuration: configuration, log: log)
        }
      ) { running in
        try withRoom(forStacks: 2) {
          let clients = try (1...4).map { number in
            let client = try running.connect()
            try client.send("\(number)")
            if number <= 2 { #expect(try client.receiveText(1) == "\(number)") }
            return client
          }
          try eventually("the shortage is reported") { !said.value.isEmpty }
          #expect(said.value[0].contains("raise ulimit -u"))
          #expect(!said.value[0].contains("ulimit -n"))
          clients[0].close()
          #expect(try clients[2].receiveText(1) == "3")
          clients[1].close()
          #expect(try clients[3].receiveText(1) == "4")
          #expect(running.metrics.accepted == 4)
        }
      }
    }

    /// What has arrived from an accepted client is answered at a stop, also without a thread so far.
    @Test func aClientWithoutAThreadIsServedAtAStop() async throws {
      let isStopped = Gate()
      let handler = Serve { connection in
        for try await bytes in connection.inbound {
          if bytes.text == "wait" { await isStopped.pass() }
          try await connection.send(bytes)
        }
      }
      let said = Shared<[String]>([])
      try await withServer(
        { configuration, _ in
          Server(
            handler, model: .threadPerClient(stackSize: Self.stackSize),
            configuration: configuration, log: .recording(.warning, said))
        }
      ) { running in
        try withRoom(forStacks: 2) {
          let others = try (0..<2).map { _ in try running.connect() }
          for client in others { try client.send("wait") }
          let last = try running.connect()
          try last.send("last")
          try eventually("the shortage is reported") { !said.value.isEmpty }
          #expect(running.metrics.accepted == 3)
          running.server.stop()
          isStopped.open()
          for client in others { #expect(try client.receiveText(4) == "wait") }
          for client in others { client.close() }
          #expect(try last.receiveToEnd() == Array("last".utf8))
        }
      }
    }
  }
}
