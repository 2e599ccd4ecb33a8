// Where a server listens: free ports, both IP versions, Unix sockets, and the errors of each.

import CEpollShim
import Glibc
import LinuxSystem
import TestSupport
import Testing
import ThrongHandlers

@testable import Throng

extension AllTests {
  @Suite struct Addresses {
    @Test(arguments: Setup.all)
    func everyAddressMeansBothVersionsOfIP(_ setup: Setup) async throws {
      let peers = Shared<Set<String>>([])
      let handler = Serve { connection in
        peers.change { _ = $0.insert(connection.remoteAddress.host) }
        try await connection.send("x")
      }
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.listen = [.anyAddress(port: 0)]
      }
      try await withServer(handler, setup, configure: configure) { running in
        let port = running.address.port!
        #expect(port > 0)
        for host in ["127.0.0.1", "::1"] {
          let address = try SocketAddress.resolve(host: host, port: port)[0]
          #expect(try TestClient(address).receiveText(1) == "x")
        }
        #expect(peers.value == ["127.0.0.1", "::1"])
      }
    }

    @Test(arguments: Setup.all)
    func aUnixSocketServesAndIsRemoved(_ setup: Setup) async throws {
      guard setup.loops == 1 else { return }
      let path = Self.path("serve")
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.listen = [.unix(path: path, mode: 0o600)]
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        #expect(running.address.description == path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o600)
        let clients = try (0..<10).map { _ in try running.connect() }
        for client in clients {
          try client.send("hello")
          #expect(try client.receiveText(5) == "hello")
          try client.finishSending()
          #expect(try client.receiveToEnd().isEmpty)
        }
      }
      #expect(access(path, F_OK) != 0)
    }

    @Test func aStaleSocketFileIsReplacedAndALiveOneIsNot() async throws {
      let path = Self.path("stale")
      defer { unlink(path) }
      try await withTaskExecutorPreference(TestThread.shared) {
        // Bound and closed without removing the file, as a server does that is killed.
        let address = try SocketAddress.unix(path: path)
        let fd = shim_socket(AF_UNIX, 0)
        #expect(address.withKernelForm { shim_bind(fd, $0, $1) } == 0)
        _ = shim_close(fd)
        #expect(access(path, F_OK) == 0)
      }
      let configure: @Sendable (inout Configuration) -> Void = { $0.listen = [.unix(path: path)] }
      try await withServer(Echo(), Setup.all[0], configure: configure) { running in
        var configuration = Configuration()
        configuration.listen = [.unix(path: path)]
        let second = Server(Echo(), configuration: configuration, log: .quiet)
        #expect {
          try second.listen()
        } throws: {
          $0 as? ServerError == .cannotListen(on: path, .unixSocketInUse)
        }
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
      }
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() async throws {
      let path = Self.path("file")
      let fd = creat(path, 0o600)
      close(fd)
      defer { unlink(path) }
      var configuration = Configuration()
      configuration.listen = [.unix(path: path)]
      let server = Server(Echo(), configuration: configuration, log: .quiet)
      #expect(throws: ServerError.cannotListen(on: path, .notASocket)) { try server.listen() }
      #expect(access(path, F_OK) == 0)
    }

    @Test(arguments: [true, false])
    func aFileThatHasReplacedTheSocketIsLeftAlone(_ isSocket: Bool) async throws {
      let path = Self.path("replaced")
      defer { unlink(path) }
      try await withServer(
        Echo(), Setup.all[0], configure: { $0.listen = [.unix(path: path)] }
      ) { _ in
        #expect(unlink(path) == 0)
        if isSocket {
          let other = shim_socket(AF_UNIX, 0)
          let address = try SocketAddress.unix(path: path)
          #expect(address.withKernelForm { shim_bind(other, $0, $1) } == 0)
          _ = shim_close(other)
        } else {
          close(creat(path, 0o600))
        }
      }
      #expect(access(path, F_OK) == 0)
    }

    @Test(arguments: Setup.all.filter { $0.loops == 1 })
    func anAbstractSocketServes(_ setup: Setup) async throws {
      let name = "@throng-test-\(getpid())"
      let configure: @Sendable (inout Configuration) -> Void = { $0.listen = [.unix(path: name)] }
      try await withEcho(setup, .handler, configure: configure) { running in
        #expect(running.address.description == name)
        let client = try running.connect()
        try client.send("hello")
        #expect(try client.receiveText(5) == "hello")
      }
    }

    @Test(arguments: Setup.all)
    func severalPlacesAreServedByOneServer(_ setup: Setup) async throws {
      let configure: @Sendable (inout Configuration) -> Void = {
        $0.listen = [
          .host("127.0.0.1", port: 0), .host("::1", port: 0), .host("127.0.0.2", port: 0),
        ]
      }
      try await withEcho(setup, .handler, configure: configure) { running in
        #expect(running.server.addresses.count == 3)
        for address in running.server.addresses {
          let client = try TestClient(address)
          try client.send("x")
          #expect(try client.receiveText(1) == "x")
        }
      }
    }

    @Test(
      arguments: Setup.withFourLoops, Setup.withFourLoops.filter { $0.model != .threadPerClient })
    func aPortInUseIsSaidWithTheRemedyAndLeavesNothingOpen(
      _ setup: Setup, _ running: Setup
    ) async throws {
      try await withEcho(running, .handler) { running in
        // Running, it opens nothing more that would be counted as the other one's.
        let client = try running.connect()
        try client.send("x")
        #expect(try client.receiveText(1) == "x")
        let before = Footprint.now
        let port = running.address.port!
        let second = Server(
          Echo(), model: setup.model, configuration: Configuration(host: testHost, port: port),
          log: .quiet)
        #expect {
          try second.listen()
        } throws: {
          $0 as? ServerError == .cannotListen(on: "\(testHost):\(port)", .portInUse(port))
        }
        try before.expectNothingLeftBehind(of: second.addresses)
      }
    }

    @Test func aPortThatAnOutgoingConnectionHasIsExplained() async throws {
      try await withEcho(Setup.all[0], .handler) { running in
        let client = try running.connect()
        let local = try #require(
          SocketAddress.from { shim_getsockname(client.descriptor, $0, $1) })
        let port = try #require(local.port)
        let second = Server(
          Echo(), configuration: Configuration(host: local.host, port: port), log: .quiet)
        #expect {
          try second.listen()
        } throws: { error in
          ["outgoing connection", "ss -tanp 'sport = :\(port)'", "ip_local_reserved_ports=\(port)"]
            .allSatisfy("\(error)".contains)
        }
      }
    }

    @Test(arguments: [
      ([Endpoint.host("127.0.0.1", port: 1), .host("127.0.0.1", port: 1)], ["127.0.0.1:1"]),
      (
        [.host("127.0.0.1", port: 1), .host("127.0.0.1", port: 2)], ["127.0.0.1:1", "127.0.0.1:2"]
      ),
      ([.host("::", port: 1), .host("127.0.0.1", port: 1), .host("::1", port: 1)], ["[::]:1"]),
      ([.host("0.0.0.0", port: 1), .host("127.0.0.1", port: 1)], ["0.0.0.0:1"]),
      ([.host("0.0.0.0", port: 1), .host("::", port: 1)], ["0.0.0.0:1", "[::]:1"]),
      ([.host("0.0.0.0", port: 1), .host("127.0.0.1", port: 2)], ["0.0.0.0:1", "127.0.0.1:2"]),
      (
        [.host("127.0.0.1", port: 0), .host("127.0.0.1", port: 0)], ["127.0.0.1:0", "127.0.0.1:0"]
      ),
    ])
    func anAddressThatIsGivenTwiceIsListenedOnOnce(
      _ endpoints: [Endpoint], _ addresses: [String]
    ) throws {
      let listeners = endpoints.map { ListenerConfiguration($0) }
      let plans = try ListenPlan.plans(for: listeners, sharing: .none)
      #expect(plans.map { "\($0.address)" } == addresses)
    }

    @Test func aPortCanBeUsedAgainAtOnce() async throws {
      let port = Shared(0)
      for _ in 0..<3 {
        let again = port.value
        try await withServer(
          TestGreeter(), Setup.all[0],
          configure: { $0.listen = [.host(testHost, port: again)] }
        ) { running in
          port.change { $0 = running.address.port! }
          // The server closes first, so its end is the one in TIME_WAIT.
          let client = try running.connect()
          _ = try client.receive(exactly: 16)
          running.server.stop()
          #expect(try client.receiveToEnd().isEmpty)
        }
      }
    }

    @Test(arguments: [
      (Endpoint.host("no-such-host.invalid", port: 1), "cannot resolve host"),
      (.host("127.0.0.1", port: 70000), "port 70000 is out of range"),
      (.anyAddress(port: -1), "port -1 is out of range"),
      (.unix(path: ""), "the path of a Unix socket is empty"),
      (.unix(path: String(repeating: "x", count: 108)), "at most 107 bytes"),
      (.unix(path: "/no/such/directory/socket"), "its directory does not exist"),
      (.host("192.0.2.1", port: 0), "does not have that address"),
    ])
    func whatCannotBeListenedOnIsExplained(_ endpoint: Endpoint, _ reason: String) throws {
      var configuration = Configuration()
      configuration.listen = [ListenerConfiguration(endpoint)]
      #expect {
        try Server(Echo(), configuration: configuration, log: .quiet).listen()
      } throws: {
        "\($0)".contains(reason)
      }
    }

    private static func path(_ name: String) -> String { "/tmp/throng-\(getpid())-\(name)" }
  }
}
