// Servers started through a shell: the whole process group ends with the benchmark. Signals that
// interrupt a benchmark.

import Glibc
import LinuxSystem
import TestSupport
import Testing

@testable import Throng
@testable import ThrongLoad

@Suite(.opensResources, .blocking, .serialized) struct ServerGroupTests {
  private static let server = "python3 -m http.server {port} --bind 127.0.0.1"

  private func start(_ command: String) throws -> ServerProcess {
    var command = ServerCommand(command)
    command.startTimeout = .seconds(60)
    return try ServerProcess(command, stopRequest: StopRequest(watchingSignals: false))
  }

  @Test func theServerOfAShellIsStopped() throws {
    let process = try start("sh -c '\(Self.server) & wait'")
    process.stop()
    #expect(!process.address.answers && !ProcessGroup.isAlive(process.pid))
  }

  @Test func aServerThatOutlivesItsShellIsStopped() throws {
    let process = try start("sh -c '\(Self.server) & wait'")
    kill(pid_t(process.pid), SIGKILL)
    process.stop()
    #expect(!process.address.answers && !ProcessGroup.isAlive(process.pid))
  }

  @Test func aServerThatIgnoresSIGTERMIsKilled() throws {
    let process = try start("sh -c \"trap '' TERM; \(Self.server) & wait\"")
    process.stopTime = 0
    process.stop()
    #expect(!process.address.answers && !ProcessGroup.isAlive(process.pid))
  }

  @Test func childrenOfAFailedCommandAreStopped() throws {
    let tag = "600.\(UInt32.random(in: 100_000...999_999))"
    let error = #expect(throws: LoadError.self) {
      try start("sh -c 'sleep \(tag) & exit 3' {port}")
    }
    #expect(try #require(error).description.hasPrefix("server command exited with status 3 "))
    let isLeft = TextFile.list("/proc").contains {
      TextFile.read("/proc/\($0)/cmdline") == "sleep\0\(tag)\0"
    }
    #expect(!isLeft)
  }

  @Test func aHangupStopsTheBenchmark() throws {
    let before = signal(SIGHUP, SIG_DFL)
    defer { signal(SIGHUP, before) }
    let stopRequest = try StopRequest(watchingSignals: true)
    pthread_kill(pthread_self(), SIGHUP)
    #expect(stopRequest.wait(until: .max))
  }

  @Test func anIgnoredHangupStaysIgnored() {
    let before = signal(SIGHUP, SIG_IGN)
    defer { signal(SIGHUP, before) }
    #expect(SignalDescriptor.wishesToEnd == [SIGINT, SIGTERM])
  }
}
