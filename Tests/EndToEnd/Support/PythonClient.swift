// Clients that behave in ways that nc and socat do not, in a few lines of Python.

import Foundation

enum PythonClient {
  /// A running script; `port` is defined in it, and it holds on for as long as its input is open.
  static func start(_ server: ServeProgram, _ script: String) throws -> Program {
    let prelude = "import socket, sys\nport = int(sys.argv[1])\n"
    return try Program("/usr/bin/env", ["python3", "-u", "-c", prelude + script, server.port])
  }

  /// Fills both kernels' buffers with data for an echo and never reads.
  static let neverReads = """
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(1)
    try:
        while True: s.send(bytes(65536))
    except socket.timeout: pass
    print("stuck")
    sys.stdin.read()
    """

  /// Opens 200 connections, of which some wait in vain, leaves, and comes back.
  static let crowd = """
    import select
    clients = [socket.create_connection(("127.0.0.1", port)) for _ in range(200)]
    for c in clients: c.sendall(b"x")
    waiting = set(clients)
    while served := select.select(waiting, [], [], 60 if len(waiting) == 200 else 0.5)[0]:
        for c in served: assert c.recv(1) == b"x"
        waiting -= set(served)
    assert 0 < len(waiting) < 200
    print("crowded")
    sys.stdin.readline()
    for c in clients: c.close()
    late = socket.create_connection(("127.0.0.1", port))
    late.settimeout(60)
    late.sendall(b"late")
    print(late.recv(4).decode())
    """
}
