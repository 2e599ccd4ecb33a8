// A reader gives out what was sent, in the units that the handler asks for, however it is cut up on the way.

import TestSupport
import Testing
import Throng

/// A protocol of everything: a line with a count, that many bytes, text up to `--`, a number of two bytes,
/// three bytes that are skipped, and a frame. Answers what it has read, in brackets.
private struct Everything: Handler {
  func handle(_ connection: Connection) async throws {
    let input = connection.reader(maximumLength: 1000)
    do {
      while try await !input.isAtEnd() {
        guard let line = try await input.line(), let count = line.integer() else {
          throw InputError(.malformed("no count"), offset: input.offset)
        }
        let first = try await input.prefix(min(1, count))
        let body = try await input.exactly(count)
        let text = try await input.until("--")
        let number = try await input.unsignedInteger(of: UInt16.self)
        try await input.skip(3)
        let frame = try await input.frame(lengthPrefix: .oneByte)
        try await connection.send(
          "[\(body.hasPrefix(first)) \(body)|\(text ?? "")|\(number)|\(frame ?? "")]")
      }
      try await connection.send("end")
    } catch let error as InputError {
      try await connection.send("\(error)")
    }
  }
}

/// Words of one byte for their length and that many bytes, found by a parser of its own. A length of 255 is an
/// error. Answers the first message that has arrived together with all that arrived behind it.
private struct Words: Handler {
  func handle(_ connection: Connection) async throws {
    let input = connection.reader(maximumLength: 100)
    do {
      while var word = try await input.message(Self.parse) {
        repeat {
          try await connection.send("[\(word)]")
          guard let next = try input.bufferedMessage(Self.parse) else { break }
          word = next
        } while true
      }
      try await connection.send("end")
    } catch let error as InputError {
      try await connection.send("\(error)")
    }
  }

  static func parse(_ bytes: Bytes) throws -> (message: Bytes, length: Int)? {
    let length = Int(bytes[0])
    if length == 255 { throw InputError(.malformed("wrong length")) }
    return bytes.count > length ? (bytes[1..<1 + length], length + 1) : nil
  }
}

/// Reads from an actor, whose state the reader is.
private actor Session {
  private let input: Reader
  private var lines = 0

  init(_ connection: Connection) { input = connection.reader() }

  func count() async throws -> Int {
    while let line = try await input.line() {
      lines += try await line.isEmpty ? input.exactly(3).count : 1
    }
    return lines
  }
}

extension AllTests {
  @Suite struct Readers {
    @Test(arguments: Setup.all)
    func everyKindOfMessageSurvivesBeingCutAnywhere(_ setup: Setup) async throws {
      try await withServer(Everything(), setup) { running in
        let message = Array("5\r\nab\r\ncde--".utf8) + [1, 2, 0, 0, 0, 2] + Array("hi".utf8)
        let empty = Array("0\n--".utf8) + [0, 9, 1, 1, 1, 0]
        let sent = message + empty + message
        let first = "[true ab\r\nc|de|258|hi]"
        for piece in [1, 2, 3, 7, 100] {
          let client = try running.connect()
          for start in stride(from: 0, to: sent.count, by: piece) {
            try client.send(Array(sent[start..<min(start + piece, sent.count)]))
          }
          try client.finishSending()
          let received = String(decoding: try client.receiveToEnd(), as: UTF8.self)
          #expect(received == first + "[true ||9|]" + first + "end", "in pieces of \(piece)")
        }
      }
    }

    @Test(arguments: Setup.all)
    func aParsersMessagesSurviveBeingCutAnywhere(_ setup: Setup) async throws {
      try await withServer(Words(), setup) { running in
        let word: [UInt8] = [5] + Array("hello".utf8)
        let sent = word + [0] + word + word + [1, 65]
        for piece in [1, 2, 5, 6, 7, 100] {
          let client = try running.connect()
          for start in stride(from: 0, to: sent.count, by: piece) {
            try client.send(Array(sent[start..<min(start + piece, sent.count)]))
          }
          try client.finishSending()
          let received = String(decoding: try client.receiveToEnd(), as: UTF8.self)
          #expect(received == "[hello][][hello][hello][A]end", "in pieces of \(piece)")
        }
      }
    }

    @Test func aParsersMessagesAreAnsweredInOrderHoweverMany() async throws {
      for setup in Setup.all {
        try await withServer(Words(), setup) { running in
          let client = try running.connect()
          // More than one turn, and more than one receive.
          try client.send(Array(repeating: 0, count: 100_000))
          try client.finishSending()
          #expect(try client.receiveToEnd().count == 2 * 100_000 + 3)
        }
      }
    }

    @Test(arguments: [
      ([0, 255], "[]wrong length, after 1 bytes"),
      ([1, 65, 120], "[A]the client ended in the middle of a message, after 2 bytes"),
      (
        [0, 200] + Array(repeating: 0, count: 100),
        "[]the client sent more than the maximum of 100 bytes, after 1 bytes"
      ),
      (
        [100] + Array(repeating: 65, count: 100),
        "the client sent more than the maximum of 100 bytes, after 0 bytes"
      ),
    ])
    func aParsersErrorSaysWhere(_ sent: [UInt8], _ expected: String) async throws {
      try await withServer(Words(), Setup.all[0]) { running in
        let client = try running.connect()
        try client.send(sent)
        try client.finishSending()
        #expect(String(decoding: try client.receiveToEndOrReset(), as: UTF8.self) == expected)
      }
    }

    @Test(arguments: [
      ("1001\nx", "the client sent more than the maximum of 1000 bytes, after 5 bytes"),
      ("-1\n", "a length of -1 bytes, after 3 bytes"),
      ("x\n", "no count, after 2 bytes"),
      (
        String(repeating: "x", count: 1002),
        "the client sent more than the maximum of 1000 bytes, after 0 bytes"
      ),
      (
        "1\nx" + String(repeating: "x", count: 1003),
        "the client sent more than the maximum of 1000 bytes, after 3 bytes"
      ),
      ("1\n", "the client ended in the middle of a message, after 2 bytes"),
      ("1\nxabc-", "the client ended in the middle of a message, after 3 bytes"),
      ("1\nx--a", "the client ended in the middle of a message, after 5 bytes"),
      ("1\nx--abcd", "the client ended in the middle of a message, after 9 bytes"),
      ("1\nx--abcde\u{5}xyz", "the client ended in the middle of a message, after 10 bytes"),
    ])
    func anErrorSaysWhere(_ sent: String, _ expected: String) async throws {
      try await withServer(Everything(), Setup.all[0]) { running in
        let client = try running.connect()
        try client.send(sent)
        try client.finishSending()
        #expect(String(decoding: try client.receiveToEndOrReset(), as: UTF8.self) == expected)
      }
    }

    @Test(arguments: Setup.all)
    func anActorReadsAsTheHandlerDoes(_ setup: Setup) async throws {
      let handler = Serve { connection in
        try await connection.send("\(try await Session(connection).count())")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        for piece in ["a\nb", "b\n\nx", "yz", "c\n"] { try client.send(piece) }
        try client.finishSending()
        #expect(String(decoding: try client.receiveToEnd(), as: UTF8.self) == "6")
      }
    }

    @Test(arguments: Setup.all)
    func childTasksTakeTurns(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let input = connection.reader()
        async let first = input.line()
        let one = try await first
        let two = try await withThrowingTaskGroup(of: Bytes?.self) { group in
          group.addTask { try await input.exactly(2) }
          return try await group.next() ?? nil
        }
        try await connection.send("\(two ?? "")\(one ?? "")\(try await input.line() ?? "")")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        for piece in ["a", "\nb", "c", "d\n"] { try client.send(piece) }
        #expect(try client.receiveText(4) == "bcad")
      }
    }

    @Test(arguments: Setup.all)
    func twoTasksCannotReadAtOnce(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let input = connection.reader()
        await withTaskGroup(of: Void.self) { group in
          for _ in 0..<2 {
            group.addTask {
              do {
                let line = try await input.line()
                try? await connection.send("\(line ?? "")\n")
              } catch {
                try? await connection.send("\(error as? ConnectionError == .alreadyReceiving)\n")
              }
            }
          }
        }
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        #expect(try client.receiveText(5) == "true\n")
        try client.send("a\n")
        #expect(try client.receiveText(2) == "a\n")
      }
    }

    @Test(arguments: Setup.all)
    func aCancelledReadKeepsWhatHasArrived(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let input = connection.reader()
        _ = try await input.prefix(3)
        let read = Task { try await input.line() }
        read.cancel()
        let outcome = await read.result
        #expect(throws: CancellationError.self) { try outcome.get() }
        try await connection.send("\(input.buffered)\n")
        try await connection.send("\(try await input.line() ?? "")\n")
      }
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send("abc")
        #expect(try client.receiveText(4) == "abc\n")
        try client.send("d\n")
        #expect(try client.receiveText(5) == "abcd\n")
      }
    }

    /// As `lines` does: see `Floods`.
    @Test(arguments: Setup.all)
    func repliesToRequestsThatCameTogetherLeaveTogether(_ setup: Setup) async throws {
      let handler = Serve { connection in
        let input = connection.reader()
        while let line = try await input.line() {
          _ = try await input.exactly(line.integer() ?? 0)
          try await connection.send("\n")
        }
      }
      let count = 20_000
      try await withServer(handler, setup) { running in
        let client = try running.connect()
        try client.send(String(repeating: "1\nx", count: count))
        #expect(try client.receive(exactly: count).allSatisfy { $0 == 10 })
        if case .threadPool(let threads) = setup.model.kind, threads > 1 { return }
        #expect(running.metrics.sends < count / 16)
      }
    }
  }
}
