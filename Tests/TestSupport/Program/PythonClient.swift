// Clients that behave in ways that nc and socat do not, in a few lines of Python.

import Foundation

package enum PythonClient {
  /// A running script; `port` is defined in it, and it holds on for as long as its input is open.
  package static func start(_ server: ServeProgram, _ script: String) throws -> Program {
    let prelude = "import socket, sys\nport = int(sys.argv[1])\n"
    return try Program("/usr/bin/env", ["python3", "-u", "-c", prelude + script, server.port])
  }

  /// Connects `count` clients, one after the other; each sends a line of 1,000 bytes with its number and FIN, and
  /// reads until the server has closed: all of it is served then.
  package static func visitors(_ count: Int) -> String {
    """
    for number in range(\(count)):
        with socket.create_connection(("127.0.0.1", port)) as s:
            s.sendall(b"%-999d\\n" % number)
            s.shutdown(socket.SHUT_WR)
            while s.recv(1000): pass
    print("all were answered")
    sys.stdin.read()
    """
  }

  /// Once it is served, sends more to an echo than its kernel takes in reply, and reads no more.
  package static let neverReads = """
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect(("127.0.0.1", port))
    s.sendall(b"x")
    assert s.recv(1) == b"x"
    s.sendall(bytes(65536))
    print("sent")
    sys.stdin.read()
    """

  /// Opens more connections than the server has descriptors for, closes them when told to, and comes back.
  package static let tooManyConnections = """
    import select
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for c in clients: c.sendall(b"x")
    for c in select.select(clients, [], [], 60)[0]: assert c.recv(1) == b"x"
    print("served")
    sys.stdin.readline()
    for c in clients: c.close()
    late = socket.create_connection(("127.0.0.1", port))
    late.settimeout(60)
    late.sendall(b"late")
    print(late.recv(4).decode())
    """
}
