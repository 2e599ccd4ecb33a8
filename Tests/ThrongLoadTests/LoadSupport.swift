// A run against a faulty server, short enough for a test.

import Throng

@testable import ThrongLoad

enum Load {
  /// Runs a load of a few hundred milliseconds.
  static func run(
    against fault: Fault, _ change: (inout LoadOptions) -> Void = { _ in }
  ) throws -> LoadResult {
    let server = FaultyServer(fault)
    defer { server.stop() }
    var options = options(port: server.port)
    change(&options)
    return try LoadRunner(options).run()
  }

  static func options(port: Int) -> LoadOptions {
    var options = LoadOptions()
    options.target = .tcp(host: "127.0.0.1", port: port)
    options.connections = 1
    options.duration = .milliseconds(200)
    options.warmup = .milliseconds(20)
    options.timeout = .milliseconds(300)
    return options
  }

  /// The byte that a connection sends at an offset.
  static func byte(_ offset: Int, connection: Int = 1, seed: UInt64 = 1) -> UInt8 {
    let start = Pattern.start(seed: seed, connection: connection)
    return Pattern(seed: seed).piece(at: Pattern.advance(start, by: offset), count: 1)[0]
  }

  static func hex(_ byte: UInt8) -> String {
    (byte < 16 ? "0x0" : "0x") + String(byte, radix: 16)
  }
}
