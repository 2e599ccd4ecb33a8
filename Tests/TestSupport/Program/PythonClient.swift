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

  /// Fills both kernels' buffers with data for an echo and never reads.
  package static let neverReads = """
    s = socket.create_connection(("127.0.0.1", port))
    s.settimeout(1)
    try:
        while True: s.send(bytes(65536))
    except socket.timeout: pass
    print("stuck")
    sys.stdin.read()
    """

  /// Sends on 100 connections while the server stands still for 1.5 seconds, and expects an echo on each.
  package static let afterPause = """
    import time
    clients = [socket.create_connection(("127.0.0.1", port), 30) for _ in range(100)]
    for c in clients: c.sendall(b"x")
    for c in clients: assert c.recv(1) == b"x"
    print("ready")
    sys.stdin.readline()
    end = time.monotonic() + 1.5
    for c in clients: c.sendall(b"y")
    while time.monotonic() < end: pass
    print("sent")
    sys.stdin.readline()
    assert all([c.recv(1) == b"y" for c in clients])
    """

  /// Opens 200 connections, of which some wait in vain, leaves, and comes back.
  package static let crowd = """
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
