// The command with calls of the C library that fail: see faults.c, which is compiled once a test run.

import Foundation
import TestSupport
import Testing

/// The page that a test shares with the program: a switch, and the counts of each fault.
final class FaultBoard: @unchecked Sendable {
  // Invariant behind @unchecked: constants; the words are the program's too, which counts atomically.
  let path = NSTemporaryDirectory() + "throng-faults-\(UUID().uuidString)"
  private let words: UnsafeMutablePointer<UInt64>
  private static let size = 4096

  init(isOn: Bool) throws {
    try Data(count: Self.size).write(to: URL(fileURLWithPath: path))
    let file = open(path, O_RDWR | O_CLOEXEC)
    defer { close(file) }
    let memory = mmap(nil, Self.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    guard file >= 0, let memory, memory != MAP_FAILED else { throw TestFailure("no page: \(path)") }
    words = memory.bindMemory(to: UInt64.self, capacity: Self.size / 8)
    self.isOn = isOn
  }

  deinit {
    munmap(words, Self.size)
    unlink(path)
  }

  /// Whether calls fail, and are counted.
  var isOn: Bool {
    get { words[0] == 1 }
    set { words[0] = newValue ? 1 : 0 }
  }

  func calls(of rule: Int = 0) -> Int { Int(words[1 + 2 * rule]) }
  func faults(of rule: Int = 0) -> Int { Int(words[2 + 2 * rule]) }
}

/// The command under faults.
struct FaultyProgram {
  let board: FaultBoard
  /// Comes before the command: `env LD_PRELOAD=...`.
  let wrapper: [String]
  private let ruleCount: Int

  /// - Parameter faults: as faults.c reads them, such as `recv=EIO/every:3`.
  /// - Parameter fromStart: whether they happen before the test asks for them.
  init(_ faults: String, fromStart: Bool = false, seed: UInt64 = 0) throws {
    board = try FaultBoard(isOn: fromStart)
    ruleCount = faults.split(separator: ",").count
    wrapper = [
      "env", "LD_PRELOAD=\(try Self.library.get())", "THRONG_FAULTS=\(faults)",
      "THRONG_FAULT_BOARD=\(board.path)", "THRONG_FAULT_SEED=\(seed)",
    ]
  }

  /// Whether each of the faults has happened at least once.
  var haveAllHappened: Bool { (0..<ruleCount).allSatisfy { board.faults(of: $0) > 0 } }

  /// Serves while the body runs; it turns the faults on.
  func serve(_ flags: [String], _ body: (ServeProgram) throws -> Void) throws {
    try ServeProgram.run(flags, wrapper: wrapper.joined(separator: " "), body)
  }

  /// Runs the command to its end.
  func run(_ arguments: [String]) throws -> (end: Program.End, output: String, errors: String) {
    let program = try Program(
      "/usr/bin/env", wrapper.dropFirst() + [ThrongProgram.path] + arguments)
    defer { program.kill() }
    let end = try program.waitForEnd()
    return (end, program.output.text, program.errors.text)
  }

  private static let library = Result<String, any Error>(catching: {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appending(path: "faults.c").path
    let directory = NSTemporaryDirectory() + "throng-faults-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let library = directory + "/faults.so"
    _ = try Program.run("cc", ["-Wall", "-Werror", "-shared", "-fPIC", "-o", library, source])
    return library
  })
}

/// What the system says of a process (proc(5)).
struct ProcessState {
  let identifier: pid_t

  var descriptors: Int { count("fd") }
  var threads: Int { count("task") }
  /// Bytes of memory that are resident.
  var memory: Int { (status("VmRSS:") ?? 0) * 1024 }

  private func count(_ directory: String) -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(identifier)/\(directory)").count)
      ?? 0
  }

  private func status(_ key: String) -> Int? {
    let text = try? String(contentsOfFile: "/proc/\(identifier)/status", encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix(key) }
    return line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
  }
}
