// Lines and frames come out as they went in, however they are cut up on the way, and what is too long
// is refused at its limit.

import TestSupport
import Testing
import Throng

extension InputError {
  fileprivate var inWords: String {
    switch reason {
    case .tooLong(let maximum): "over \(maximum)"
    case .truncated: "cut"
    case .malformed(let text): text
    }
  }
}

/// Answers each line in brackets, and what ends the iteration in words.
private struct Bracketer: Handler {
  func handle(_ connection: Connection) async throws {
    do {
      for try await line in connection.lines(maximumLength: 100) {
        try await connection.send("[\(line)]")
      }
      try await connection.send("end")
    } catch let error as InputError {
      try await connection.send(error.inWords)
    }
  }
}

/// Sends back each frame, and what ends the iteration as a frame.
private struct FrameEcho: Handler {
  let prefix: LengthPrefix

  func handle(_ connection: Connection) async throws {
    do {
      for try await frame in connection.frames(lengthPrefix: prefix, maximumLength: 200_000) {
        try await connection.send(frame: frame, lengthPrefix: prefix)
      }
    } catch let error as InputError {
      try await connection.send(error.inWords)
    }
  }
}

/// Answers all lines that have arrived together in one pair of brackets.
private struct Batcher: Handler {
  func handle(_ connection: Connection) async throws {
    var lines = connection.lines(maximumLength: 100).makeAsyncIterator()
    while let line = try await lines.next() {
      var batch = [line.text]
      while let another = try lines.nextArrived() { batch.append(another.text) }
      try await connection.send("[\(batch.joined(separator: ","))]")
    }
  }
}

extension AllTests {
  @Suite struct Framing {
    @Test(arguments: Setup.plainAndSecure)
    func linesThatHaveArrivedNeedNoWait(_ setup: Setup) async throws {
      try await withServer(Batcher(), setup) { running in
        let client = try running.connect()
        try client.send("a\nb\nc")
        #expect(try client.receiveText(5) == "[a,b]")
        try client.send("d\n")
        #expect(try client.receiveText(4) == "[cd]")
        try client.send("e\n\nf")
        #expect(try client.receiveText(4) == "[e,]")
        try client.finishSending()
        #expect(try client.receiveToEnd() == Array("[f]".utf8))
      }
    }

    @Test(arguments: [
      ("a\nb\n", "[a][b]end"), ("a\r\nb\r\n", "[a][b]end"), ("\n\r\n", "[][]end"),
      ("a\nno terminator", "[a][no terminator]end"), ("", "end"), ("a\rb\n", "[a\rb]end"),
      (String(repeating: "x", count: 100) + "\r\n", "[\(String(repeating: "x", count: 100))]end"),
      (String(repeating: "x", count: 101) + "\n", "over 100"),
      ("ok\n" + String(repeating: "x", count: 5000), "[ok]over 100"),
    ])
    func linesSurviveBeingCutAnywhere(_ sent: String, _ expected: String) async throws {
      try await withServer(Bracketer(), Setup.plainAndSecure[0]) { running in
        for piece in [1, 2, 3, 7, 100_000] {
          let client = try running.connect()
          let bytes = Array(sent.utf8)
          for start in stride(from: 0, to: bytes.count, by: piece) {
            // A line that is too long ends the connection while the rest is still being sent.
            guard
              (try? client.send(Array(bytes[start..<min(start + piece, bytes.count)]))) != nil
            else { break }
          }
          try? client.finishSending()
          let received = String(decoding: try client.receiveToEndOrReset(), as: UTF8.self)
          #expect(received == expected, "in pieces of \(piece)")
        }
      }
    }

    @Test(arguments: Setup.plainAndSecure, [1, 2, 4, 8])
    func framesSurviveEveryPrefix(_ setup: Setup, _ byteCount: Int) async throws {
      for endianness in [Endianness.big, .little] {
        let prefix = LengthPrefix(byteCount: byteCount, endianness: endianness)
        let lengths = [0, 1, 255, 256, 5000, 65535, 65536, 200_000].filter {
          UInt64($0) <= prefix.maximumLength
        }
        let sent = lengths.flatMap { length -> [UInt8] in
          Self.encode(length, prefix) + (0..<length).map { UInt8(truncatingIfNeeded: $0 * 7) }
        }
        try await withServer(FrameEcho(prefix: prefix), setup) { running in
          let client = try running.connect()
          try concurrently(2) { role in
            if role == 0 {
              var generator = SeededGenerator(seed: 8)
              var position = 0
              while position < sent.count {
                let end = min(sent.count, position + Int.random(in: 1...9000, using: &generator))
                try client.send(Array(sent[position..<end]))
                position = end
              }
              return try client.finishSending()
            }
            let received = try client.receiveToEnd()
            try check(received == sent, "\(received.count) bytes came back of \(sent.count)")
          }
        }
      }
    }

    @Test(arguments: Setup.plainAndSecure)
    func aFrameThatIsTooLongOrCutIsRefused(_ setup: Setup) async throws {
      try await withServer(FrameEcho(prefix: .fourBytes), setup) { running in
        let greedy = try running.connect()
        try greedy.send([0xff, 0xff, 0xff, 0xff])
        #expect(try greedy.receiveText(11) == "over 200000")
        let cut = try running.connect()
        try cut.send([0, 0, 0, 9, 1, 2])
        try cut.finishSending()
        #expect(String(decoding: try cut.receiveToEnd(), as: UTF8.self) == "cut")
      }
    }

    private static func encode(_ length: Int, _ prefix: LengthPrefix) -> [UInt8] {
      let bytes = (0..<prefix.byteCount).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) }
      return prefix.endianness == .big ? bytes.reversed() : bytes
    }
  }
}
