// Thread-per-client in a limited address space (`ulimit -v`).

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct AddressSpaceTests {
  private static let threadPerClient = [
    "--handler", "echo", "--mode", "thread-per-client", "--max-connections-per-address", "off",
  ]

  /// The arenas of malloc(3) took it all for 60 clients, and the process ended.
  @Test func itServesHundredsOfClientsAtOnce() throws {
    try ServeProgram.run(Self.threadPerClient, prefix: "ulimit -v 300000;") { server in
      let client = try PythonClient.start(
        server,
        """
        clients = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(300)]
        for c in clients: c.sendall(b"x")
        print(sum(len(c.recv(1)) for c in clients), "served")
        """)
      defer { client.kill() }
      try client.output.wait(for: "300 served")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
      #expect(!server.program.errors.text.contains("cannot start a thread"))
    }
  }

  /// More clients than there is room for wait, and are served when others leave.
  @Test func aFullAddressSpacePausesAcceptingAndEndsNothing() throws {
    try ServeProgram.run(Self.threadPerClient, prefix: "ulimit -v 300000;") { server in
      let client = try PythonClient.start(
        server,
        """
        import select
        clients = [socket.create_connection(("127.0.0.1", port), 20) for _ in range(1200)]
        for c in clients: c.sendall(b"x")
        print("connected")
        sys.stdin.readline()
        poll = select.poll()
        waiting = {c.fileno(): c for c in clients}
        for c in clients: poll.register(c, select.POLLIN)
        while waiting and (ready := poll.poll(20000)):
            for number, _ in ready:
                c = waiting.pop(number)
                poll.unregister(c)
                assert c.recv(1) == b"x"
                c.close()
        print(len(waiting), "left")
        """)
      defer { client.kill() }
      try client.output.wait(for: "connected")
      try server.program.errors.wait(for: "cannot start a thread for a client")
      client.write("go on\n")
      try client.output.wait(for: "0 left")
      server.program.send(SIGTERM)
      #expect(try server.program.waitForEnd() == .status(0))
    }
  }
}
