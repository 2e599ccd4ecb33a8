// Faulty peers in Python, as commands for `--peer`.

import ThrongCompare

enum FaultyPeer: String {
  /// Echoes as it should.
  case none
  case exitsAtOnce
  case neverListens
  /// Ends after some messages.
  case exitsMidway
  /// Accepts and says nothing.
  case isSilent
  case garbles
  /// Echoes, and leaves a process running.
  case leavesChild

  /// - Parameter tag: sleep time of that process, by which it is identified.
  func choice(tag: String = "600") -> PeerChoice {
    PeerChoice(name: rawValue, command: "python3 -c '\(Self.script)' \(rawValue) \(tag) {port}")
  }

  /// Contains no single quotes, because it is quoted with them.
  private static let script = """
    import select, socket, subprocess, sys
    fault, tag, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if fault == "exitsAtOnce": sys.exit(3)
    if fault == "neverListens": select.select([], [], [], 600)
    if fault == "leavesChild": subprocess.Popen(["sleep", tag], start_new_session=True)
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    clients, served = [], 0
    while True:
        for ready in select.select([listener] + clients, [], [])[0]:
            if ready is listener:
                clients.append(listener.accept()[0])
                continue
            try: data = ready.recv(65536)
            except OSError: data = b""
            if not data:
                clients.remove(ready)
                ready.close()
                continue
            served += 1
            if fault == "isSilent": continue
            if fault == "garbles": data = data[::-1]
            if fault == "exitsMidway" and served > 4: sys.exit(0)
            try: ready.sendall(data)
            except OSError: pass
    """
}
