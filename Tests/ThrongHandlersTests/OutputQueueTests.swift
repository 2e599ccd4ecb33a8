// The queue before standard output and error, on a pipe that is as small as it can be.

import CEpollShim
import Glibc
import LinuxSystem
import Synchronization
import SystemPackage
import TestSupport
import Testing
import Throng

@testable import ThrongHandlers

/// A pipe whose reading end is read when a test says so.
private struct SmallPipe {
  let reader: CInt
  let writer: CInt

  init() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [CInt] = [0, 0]
    try #require(shim_pipe(&ends) == 0)
    (reader, writer) = (ends[0], ends[1])
    _ = fcntl(writer, 1031, 1)  // F_SETPIPE_SZ, which rounds up to a page
  }

  /// Reads until a line contains the text; returns the lines.
  func read(until end: String) throws -> [String] {
    try read { $0.contains { $0.contains(end) } }
  }

  /// Reads until the lines are as wanted; returns them.
  func read(until isEnough: ([String]) -> Bool) throws -> [String] {
    var text: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      var entry = pollfd(fd: reader, events: Int16(POLLIN), revents: 0)
      try #require(poll(&entry, 1, 30_000) == 1, "no more than \(text.count) bytes came")
      let count = shim_read(reader, &buffer, buffer.count)
      try #require(count > 0)
      text += buffer.prefix(count)
      let lines = String(decoding: text, as: UTF8.self)
        .split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
      if isEnough(lines) { return lines }
    }
  }

  func closeReader() { _ = shim_close(reader) }
  func closeWriter() { _ = shim_close(writer) }
}

/// A pipe is opened again; one that cannot be opened again may block.
private enum Way: CaseIterable {
  case reopened, blocking

  func output(_ pipe: SmallPipe) -> OutputDescriptor {
    self == .reopened ? OutputDescriptor(pipe.writer) : OutputDescriptor(blocking: pipe.writer)
  }
}

private func line(_ number: Int) -> [UInt8] { Array("line \(number)\n".utf8) }

private let note: @Sendable (OutputQueue.Dropped) -> [UInt8] = {
  Array("dropped \($0.pieces) of \($0.bytes) bytes\n".utf8)
}

@Suite(.opensResources, .blocking) struct OutputQueueTests {
  @Test(arguments: Way.allCases)
  fileprivate func linesThatDoNotFitAreDroppedAndCountedInTheirPlace(_ way: Way) throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    var limits = OutputQueue.Limits.standard
    limits.pieces = 10
    let queue = OutputQueue(way.output(pipe), limits: limits, note: note)
    var firstDropped: Int?
    for number in 0..<5000 {
      if queue.write(line(number)) == .dropped(isFirst: true) {
        #expect(firstDropped == nil)
        firstDropped = number
      }
    }
    let first = try #require(firstDropped)
    #expect(first >= 10)
    let dropped = 5000 - first
    let bytes = (first..<5000).reduce(0) { $0 + line($1).count }
    // Written although nothing more is said.
    let lines = try pipe.read(until: "dropped")
    #expect(lines == (0..<first).map { "line \($0)" } + ["dropped \(dropped) of \(bytes) bytes"])
    #expect(queue.write(line(5000)) == .accepted(after: nil))
    #expect(try pipe.read(until: "line") == ["line 5000"])
    pipe.closeReader()
  }

  @Test func theBytesThatWaitAreBoundedToo() throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    var limits = OutputQueue.Limits.standard
    limits.bytes = 10_000
    let queue = OutputQueue(OutputDescriptor(pipe.writer), limits: limits)
    let piece = [UInt8](repeating: 0x61, count: 1000)
    let outcomes = (0..<100).map { _ in queue.write(piece) }
    let accepted = outcomes.count { $0 == .accepted(after: nil) }
    // The pipe holds a page, the queue ten pieces.
    #expect((10...15).contains(accepted))
    #expect(outcomes[accepted] == .dropped(isFirst: true))
    #expect(outcomes.dropFirst(accepted + 1).allSatisfy { $0 == .dropped(isFirst: false) })
    pipe.closeReader()
  }

  @Test func aWriterIsToldWhatWasDroppedBeforeIt() throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    var limits = OutputQueue.Limits.standard
    limits.pieces = 4
    let queue = OutputQueue(OutputDescriptor(pipe.writer), limits: limits)
    let piece = [UInt8](repeating: 0x61, count: 4095) + [0x0a]
    let dropped = (0..<50).count { _ in
      if case .dropped = queue.write(piece) { true } else { false }
    }
    #expect(dropped > 0)
    _ = try pipe.read { $0.count == 50 - dropped }
    #expect(
      queue.write(line(1))
        == .accepted(after: .init(pieces: dropped, bytes: 4096 * dropped)))
    #expect(try pipe.read(until: "line 1").last == "line 1")
    pipe.closeReader()
  }

  @Test(arguments: Way.allCases)
  fileprivate func linesOfSeveralThreadsStayWholeAndInOrder(_ way: Way) throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    let queue = OutputQueue(way.output(pipe))
    let accepted = Mutex<Set<String>>([])
    let left = Atomic(3)
    for thread in 0..<3 {
      try Thread.startDetached(stackSize: 512 * 1024) {
        for number in 0..<2000 {
          let text = "\(thread) \(number)"
          guard case .accepted = queue.write(Array("\(text)\n".utf8)) else { continue }
          accepted.withLock { _ = $0.insert(text) }
        }
        guard left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        while case .dropped = queue.write(Array("end\n".utf8)) { _ = shim_poll_readable(-1, -1, 1) }
      }
    }
    let lines = try pipe.read(until: "end").dropLast()
    accepted.withLock { #expect(Set(lines) == $0 && lines.count == $0.count) }
    for thread in 0..<3 {
      let numbers = lines.filter { $0.hasPrefix("\(thread) ") }.compactMap { Int($0.dropFirst(2)) }
      #expect(numbers == numbers.sorted())
    }
    pipe.closeReader()
  }

  @Test func aReaderThatHasGoneIsAnError() throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    let queue = OutputQueue(OutputDescriptor(pipe.writer), note: note)
    pipe.closeReader()
    for _ in 0..<3 { #expect(queue.write(line(1)) == .failed(.brokenPipe)) }
    #expect(queue.flush(until: .never).pieces == 3)
  }

  @Test(arguments: Way.allCases)
  fileprivate func flushingEndsAtItsDeadline(_ way: Way) throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    let queue = OutputQueue(way.output(pipe))
    for number in 0..<900 { queue.write(line(number)) }
    let lost = queue.flush(until: .now + .milliseconds(20))
    #expect((1...900).contains(lost.pieces))
    #expect(try pipe.read(until: "line 899").count == 900)
    #expect(queue.flush(until: .never) == .init())
    pipe.closeReader()
  }

  @Test func theDescriptorOfOthersStaysBlocking() throws {
    let pipe = try SmallPipe()
    defer { pipe.closeWriter() }
    let output = OutputDescriptor(pipe.writer)
    #expect(output.descriptor != pipe.writer && !output.mayBlock)
    #expect(fcntl(pipe.writer, F_GETFL) & O_NONBLOCK == 0)
    #expect(fcntl(output.descriptor, F_GETFL) & O_NONBLOCK != 0)
    #expect(fcntl(output.descriptor, F_GETFD) & FD_CLOEXEC != 0)
    _ = shim_close(output.descriptor)
    pipe.closeReader()
  }

  @Test func aSocketIsWrittenWithoutBlocking() throws {
    var ends: [CInt] = [0, 0]
    try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0, &ends) == 0)
    defer { for end in ends { _ = shim_close(end) } }
    let output = OutputDescriptor(ends[0])
    #expect(output.descriptor == ends[0] && !output.mayBlock)
    let piece = [UInt8](repeating: 0x61, count: 65536)[...]
    while try output.write(piece) != nil {}
    #expect(fcntl(ends[0], F_GETFL) & O_NONBLOCK == 0)
  }
}
