// Which of the sockets that a process was started with a server takes.

import Glibc
import LinuxSystem
import Testing

@testable import Throng

@Suite struct PassedSocketsTests {
  /// Both listened on a port that the kernel had chosen, and were told apart by their order.
  @Test func aServerDoesNotTakeTheSocketOfTheOneBesideIt() throws {
    var environment = StartEnvironment(process: 100, parent: 99) { _ in nil }
    environment.passed = [
      .init(descriptor: try listeningDescriptor(), name: "", isCompanions: true),
      .init(descriptor: try listeningDescriptor(), name: ""),
    ]
    let descriptors = environment.passed.map(\.descriptor)
    let sockets = PassedSockets(environment)
    let main = sockets.take(boundTo: Self.anyPort, isCompanion: false)
    #expect(main.map { $0.socket.descriptor } == [descriptors[1]])
    let companion = sockets.take(boundTo: Self.anyPort, isCompanion: true)
    #expect(companion.map { $0.socket.descriptor } == [descriptors[0]])
    #expect(sockets.takeRest().isEmpty)
  }

  /// On a free port.
  private func listeningDescriptor() throws -> CInt {
    let socket = try Socket(family: AF_INET, nonBlocking: false)
    try socket.bind(to: Self.anyPort.kernelForm)
    try socket.listen(backlog: 1)
    return try Descriptor.duplicate(socket.descriptor)
  }

  private static let anyPort = SocketAddress(.ipv4(address: 0x7f00_0001, port: 0))
}
