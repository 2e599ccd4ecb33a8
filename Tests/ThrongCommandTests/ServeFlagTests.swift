// Each flag of `throng serve` changes what it names, and flags without meaning are refused.

import Testing
import ThrongChat
import ThrongHandlers

@testable import Throng
@testable import ThrongCommand

@Suite struct ServeFlagTests {
  private func configuration(_ flags: String...) throws -> Configuration {
    try Serve.parse(flags).serverConfiguration
  }

  @Test func withoutFlagsTheLibrarysDefaultsHold() throws {
    var configured = try configuration()
    // A server on the internet has clients that vanish.
    #expect(configured.connection.keepAlive == .seconds(60))
    #expect(configured.connection.userTimeout == .seconds(60))
    configured.connection.keepAlive = nil
    configured.connection.userTimeout = nil
    // What SIGUSR1 prints is the command's own.
    configured.metricsSignalled = nil
    // A library leaves the process's service manager alone unless it is told.
    #expect(configured.notifiesServiceManager)
    configured.notifiesServiceManager = false
    #expect("\(configured)" == "\(Configuration())")
    #expect(try Serve.parse([]).serviceFlags.model == .reactor)
  }

  @Test func limitsAreSet() throws {
    #expect(try configuration("--backlog", "7").backlog == 7)
    #expect(try configuration("--max-connections", "7").maximumConnections == 7)
    #expect(
      try configuration("--max-connections-per-address", "7").maximumConnectionsPerAddress == 7)
    #expect(try configuration().maximumConnectionsPerAddress == 256)
    #expect(
      try configuration("--max-connections-per-address", "off").maximumConnectionsPerAddress == nil)
    #expect(try configuration("--accept-rate", "7").acceptRate == 7)
    #expect(try configuration("--accept-rate-per-address", "7").acceptRatePerAddress == 7)
    #expect(try configuration("--shed-delay", "20ms").shedDelay == .milliseconds(20))
    #expect(try configuration("--when-full", "reset").whenFull == .reset)
    #expect(try configuration("--accept-batch", "7").acceptBatch == 7)
    #expect(try configuration("--high-water-mark", "1m").connection.highWaterMark == 1 << 20)
    #expect(try configuration("--low-water-mark", "1k").connection.lowWaterMark == 1024)
    #expect(
      try configuration("--soft-outbox-limit", "64k").connection.slowReaders.softLimit == 65536)
    #expect(
      try configuration("--outbox-grace", "3s").connection.slowReaders.gracePeriod == .seconds(3))
    #expect(try configuration("--outbox-limit", "2m").connection.slowReaders.outboxLimit == 2 << 20)
    #expect(
      try configuration("--on-overflow", "drop-message").connection.slowReaders.overflow
        == .dropMessage)
  }

  @Test func timesAreSet() throws {
    #expect(try configuration("--idle-timeout", "off").connection.idleTimeout == nil)
    #expect(
      try configuration("--first-byte-timeout", "1s").connection.firstByteTimeout == .seconds(1))
    #expect(try configuration("--receive-timeout", "1s").connection.receiveTimeout == .seconds(1))
    #expect(try configuration("--send-timeout", "1s").connection.sendTimeout == .seconds(1))
    #expect(try configuration("--busy-poll", "50us").busyPoll == .microseconds(50))
    #expect(try configuration("--flush-timeout", "2s").connection.flushTimeout == .seconds(2))
    #expect(try configuration("--linger-timeout", "2s").connection.lingerTimeout == .seconds(2))
    #expect(try configuration("--drain-timeout", "2s").drainTimeout == .seconds(2))
    #expect(try configuration("--upgrade-timeout", "2s").upgradeTimeout == .seconds(2))
  }

  @Test(arguments: HandlerChoice.allCases)
  func aClientThatSpeaksFirstHasATimeLimitForIt(_ handler: HandlerChoice) throws {
    let speaksFirst = [HandlerChoice.echo, .eventEcho, .lineEcho, .discard].contains(handler)
    let options = try configuration("--handler", handler.rawValue).connection
    #expect(options.firstByteTimeout == (speaksFirst ? .seconds(30) : nil))
    let off = try configuration("--handler", handler.rawValue, "--first-byte-timeout", "off")
    #expect(off.connection.firstByteTimeout == nil)
  }

  /// A user of the command has no `Configuration`.
  @Test func errorsAndLogLinesNameFlags() {
    let failures: [ListenFailure] = [
      .portInUse(7), .unixSocketInUse, .notASocket, .unixSocketWithLoops, .portProtected,
      .notPassed, .noCertificate, .noTrustedProxy,
      .directoryProtected, .noSuchDirectory, .addressNotAvailable, .system(.tooManyOpenFiles),
    ]
    let events: [AdmissionEvent] = [
      .connectionLimit(7, resets: false),
      .addressLimit(SocketAddress(.ipv4(address: 1, port: 0)), 7),
      .addressRate(SocketAddress(.ipv4(address: 1, port: 0)), 7),
      .overloaded(waited: .milliseconds(90), limit: .milliseconds(20)),
      .exhausted(.descriptors, .tooManyOpenFiles),
      .acceptFails(.invalidArgument, retryAfter: .seconds(1)),
    ]
    for text in failures.map({ "\($0)" }) + events.map({ "\($0)" }) {
      #expect(!FlagNames.inserted(in: text).contains("Configuration"), "\(text)")
    }
    #expect(FlagNames.inserted(in: "\(events[0])").contains("--max-connections)"))
    #expect(FlagNames.inserted(in: "\(events[1])").contains("--max-connections-per-address)"))
    #expect(FlagNames.inserted(in: "\(failures[0])").contains("another port with --port"))
  }

  @Test func socketOptionsAreSet() throws {
    #expect(try configuration("--delay").connection.noDelay == false)
    #expect(try configuration("--no-delay").connection.noDelay == true)
    #expect(try configuration("--keep-alive", "1m").connection.keepAlive == .seconds(60))
    #expect(try configuration("--user-timeout", "1m").connection.userTimeout == .seconds(60))
    #expect(try configuration("--send-buffer", "8k").connection.sendBufferSize == 8192)
    #expect(try configuration("--receive-buffer", "8k").connection.receiveBufferSize == 8192)
  }

  @Test func chatLimitsAreSet() throws {
    func limits(_ flags: String...) throws -> ChatLimits {
      try Serve.parse(["--handler", "chat"] + flags).chatFlags.limits
    }
    #expect(try limits() == ChatLimits())
    #expect(try limits("--chat-name-length", "7").nameLength == 7)
    #expect(try limits("--chat-line-length", "2k").lineLength == 2048)
    #expect(try limits("--chat-history", "0").historyLines == 0)
    #expect(try limits("--chat-rooms", "7").rooms == 7)
    #expect(try limits("--chat-rate", "7").rate == 7)
    #expect(try limits("--chat-rate", "off").rate == nil)
    #expect(try limits("--chat-burst", "7").burst == 7)
    #expect(try limits("--chat-byte-rate", "2k").byteRate == 2048)
    #expect(try limits("--chat-byte-rate", "off").byteRate == nil)
    #expect(try limits("--chat-byte-burst", "2k").byteBurst == 2048)
    #expect(try limits("--chat-login-timeout", "5s").loginTimeout == .seconds(5))
    #expect(try limits("--chat-login-timeout", "off").loginTimeout == nil)
    #expect(try limits("--chat-announce-limit", "0").announcedMembers == 0)
  }

  /// Who listens in a chat may be silent for hours.
  @Test func aChatHasNoIdleTimeoutButProbes() throws {
    let chat = try configuration("--handler", "chat").connection
    #expect(chat.idleTimeout == nil && chat.keepAlive == .seconds(60))
    let given = try configuration(
      "--handler", "chat", "--idle-timeout", "1m", "--keep-alive", "off"
    ).connection
    #expect(given.idleTimeout == .seconds(60) && given.keepAlive == nil)
    #expect(try configuration("--user-timeout", "off").connection.userTimeout == nil)
  }

  @Test(arguments: [
    ("7", Endpoint.anyAddress(port: 7)), (":7", .anyAddress(port: 7)),
    ("*:0", .anyAddress(port: 0)),
    ("localhost:7", .host("localhost", port: 7)), ("[::1]:7", .host("::1", port: 7)),
    ("/run/x", .unix(path: "/run/x")), ("@x", .unix(path: "@x")), ("unix:x", .unix(path: "x")),
    ("fd:web", .passed(name: "web")),
  ])
  func anAddressToListenOnIsRead(_ text: String, _ endpoint: Endpoint) throws {
    #expect(try configuration("--listen", text).listen == [ListenerConfiguration(endpoint)])
  }

  @Test func listenersHaveOptionsOfTheirOwn() throws {
    let flags = ["--listen", "1,tls,proxy", "--listen", "2", "--port", "3"]
    let listeners = try Serve.parse(flags).serverConfiguration.listen
    #expect(listeners.map(\.options.isSecure) == [true, false, false])
    #expect(listeners.map(\.options.expectsProxyHeader) == [true, false, false])
    #expect(try configuration("--listen", "1").listen[0].options.isSecure == nil)
    #expect(listeners.map(\.endpoint) == [1, 2, 3].map { .anyAddress(port: $0) })
  }

  @Test(arguments: ["", "x", "::1:7", "h:65536", "h:", "1,ssl", "1,"])
  func anAddressThatIsNoneIsBadUsage(_ text: String) {
    #expect(throws: (any Error).self) { try configuration("--listen", text) }
  }

  @Test func addressesAreCombined() throws {
    #expect(try configuration("--port", "1").listen == [.anyAddress(port: 1)])
    #expect(
      try configuration("--host", "a", "--host", "b", "--port", "1").listen
        == [.host("a", port: 1), .host("b", port: 1)])
    #expect(try configuration("--unix", "/s").listen == [.unix(path: "/s")])
    #expect(
      try configuration("--unix", "/s", "--unix-mode", "600", "--port", "1").listen
        == [.anyAddress(port: 1), .unix(path: "/s", mode: 0o600)])
  }

  @Test(
    arguments: [
      (["--loops", "2"], .reactor(loops: 2)),
      (["--mode", "thread-pool", "--threads", "3"], .threadPool(threads: 3)),
      (["--mode", "thread-pool"], .threadPool),
      (["--mode", "thread-per-client"], .threadPerClient),
      (
        ["--mode", "thread-per-client", "--stack-size", "1m"],
        .threadPerClient(stackSize: 1 << 20)
      ),
    ] as [([String], Model)])
  func modelsAreChosen(flags: [String], model: Model) throws {
    #expect(try Serve.parse(flags).serviceFlags.model == model)
  }

  @Test func aWorkloadIsSetForTheHandlersThatHaveOne() throws {
    func isEmpty(_ flags: String...) throws -> Bool {
      try Serve.parse(flags).serviceFlags.workload.isEmpty
    }
    #expect(try isEmpty("--handler", "echo"))
    #expect(try isEmpty("--handler", "echo", "--work", "0us", "--block", "0ms"))
    #expect(try !isEmpty("--handler", "echo", "--work", "20us"))
    #expect(try !isEmpty("--handler", "event-echo", "--block", "1ms"))
  }

  @Test func quietLogsErrorsAlone() throws {
    #expect(try Serve.parse(["--quiet"]).logFlags.level == .error)
    #expect(try Serve.parse(["--log-level", "debug"]).logFlags.level == .debug)
  }

  @Test(arguments: [
    ["--loops", "2", "--mode", "thread-pool"],
    ["--threads", "2"],
    ["--stack-size", "64k"],
    ["--stack-size", "1k", "--mode", "thread-per-client"],
    ["--unix-mode", "600"],
    ["--unix", "@name", "--unix-mode", "600"],
    ["--low-water-mark", "1m"],
    ["--quiet", "--log-level", "info"],
    ["--chat-history", "5"],
    ["--handler", "echo", "--chat-rate", "off"],
    ["--handler", "chat", "--chat-rate", "off", "--chat-burst", "5"],
    ["--handler", "chat", "--chat-rate", "0"],
    ["--handler", "chat", "--chat-byte-rate", "off", "--chat-byte-burst", "5k"],
    ["--handler", "echo", "--chat-login-timeout", "5s"],
    ["--handler", "chat", "--chat-history", "-1"],
    ["--port", "65536"],
    ["--max-connections", "0"],
    ["--work", "20us"],
    ["--block", "1ms", "--handler", "discard"],
    ["--block", "1", "--handler", "echo"],
  ])
  func flagsWithoutMeaningAreRefused(flags: [String]) {
    #expect(throws: (any Error).self) { try Serve.parse(flags) }
  }

  @Test(arguments: [
    ("9100", Endpoint.host("127.0.0.1", port: 9100)), ("0", .host("127.0.0.1", port: 0)),
    ("[::1]:9100", .host("::1", port: 9100)), ("localhost:1", .host("localhost", port: 1)),
    ("/run/metrics", .unix(path: "/run/metrics", mode: 0o600)),
    ("@metrics", .unix(path: "@metrics", mode: 0o600)),
  ])
  func metricsListenOnLoopbackUnlessToldOtherwise(_ text: String, _ endpoint: Endpoint) throws {
    #expect(try Serve.parse(["--metrics", text]).metricsFlags.metrics == endpoint)
  }

  @Test(arguments: ["", "x", ":9100", "::1:9100", "host:", "host:70000", "[::1]"])
  func whatIsNoAddressForMetricsIsRefused(_ text: String) {
    #expect(throws: (any Error).self) { try Serve.parse(["--metrics", text]) }
  }

  @Test func proxiesAreNamedByTheirBlocks() throws {
    let blocks = try configuration("--proxy-protocol-from", "10.0.0.0/8,::1,unix").proxyProtocolFrom
    #expect(try blocks == [AddressRange("10.0.0.0/8"), AddressRange("::1"), .unix])
    let limited = try configuration(
      "--proxy-protocol-from", "::/0", "--proxy-protocol-timeout", "1s")
    #expect(limited.proxyProtocolTimeout == .seconds(1))
    for flags in [["--proxy-protocol-from", "10.0.0.1/8"], ["--proxy-protocol-timeout", "1s"]] {
      #expect(throws: (any Error).self) { try Serve.parse(flags) }
    }
  }

  /// A program's traffic is not seen, so silence says nothing.
  @Test func programsHaveNoLimitsOnSilence() throws {
    let configured = try configuration("--exec", "cat")
    #expect(configured.connection.idleTimeout == nil)
    #expect(configured.connection.firstByteTimeout == nil)
    #expect(configured.maximumConnections == 64)
    #expect(try configuration("--exec", "cat", "--max-children", "7").maximumConnections == 7)
    #expect(throws: (any Error).self) {
      try Serve.parse(["--exec", "cat", "--idle-timeout", "1s"])
    }
  }
}
