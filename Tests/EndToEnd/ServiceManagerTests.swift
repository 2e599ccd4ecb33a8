// What a service manager gives and is told: sockets, and messages (sd_listen_fds(3), sd_notify(3)).

import Foundation
import TestSupport
import Testing

@Suite(.blocking) struct ServiceManagerTests {
  @Test(arguments: everyModel)
  func aPassedSocketIsServedAndStaysOpen(model: [String]) throws {
    let path = temporaryPath()
    let server = try Program(
      "/usr/bin/systemd-socket-activate",
      ["-l", path, "--fdname=test", ThrongProgram.path, "serve", "--handler", "echo"]
        + ["--listen", "fd:test"] + model)
    defer {
      server.kill()
      try? FileManager.default.removeItem(atPath: path)
    }
    // The first client starts the server.
    for text in ["first", "second"] {
      let answer = try Program.run(
        "socat", ["-t20", "-", "UNIX-CONNECT:\(path),retry=200,interval=0.05"],
        input: Data(text.utf8))
      #expect(String(decoding: answer, as: UTF8.self) == text)
    }
    server.send(SIGTERM)
    #expect(try server.waitForEnd() == .status(0))
    #expect(FileManager.default.fileExists(atPath: path), "the file is the service manager's")
  }

  /// The next process would have served it: it got an end without an answer. It may be too late on a busy
  /// machine, so that several are tried.
  @Test func aClientThatHasJustConnectedIsAnsweredAtAStop() throws {
    let server = try Program(
      "/usr/bin/env", ["python3", "-c", Self.stopsAfterAConnect, ThrongProgram.path])
    defer { server.kill() }
    #expect(try server.waitForEnd() == .status(0), "\(server.errors.text)")
  }

  /// Keeps the listening socket. The first client has been served before the stop, and is drained.
  private static let stopsAfterAConnect = """
    import os, signal, socket, subprocess, sys
    listener = socket.create_server(("127.0.0.1", 0))
    start = 'exec env LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=a "$0" serve --listen fd:a "$@" 3<&%d'
    def wait(text):
        for line in server.stderr:
            if text in line: return
        sys.exit("no " + text)
    for attempt in range(10):
        server = subprocess.Popen(
            ["sh", "-c", start % listener.fileno(), sys.argv[1], "--handler", "echo", "--log-level", "debug"],
            pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True)
        old, new = socket.create_connection(listener.getsockname()), None
        old.sendall(b"x")
        assert old.recv(1) == b"x"
        new = socket.create_connection(listener.getsockname())
        wait("connection 2 from")
        server.send_signal(signal.SIGTERM)
        wait("draining, connections open")
        assert old.recv(1) == b""
        new.sendall(b"late")
        new.shutdown(socket.SHUT_WR)
        answer = new.recv(10)
        old.close()
        new.close()
        server.stderr.read()
        assert server.wait() == 0
        if answer == b"late": sys.exit(0)
    sys.exit("no client was answered")
    """

  /// systemd-analyze(1) knows the settings, and says which it does not.
  @Test func theUnitFilesAreValid() throws {
    let packaging = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../packaging")
    let folder = URL(filePath: temporaryPath())
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let units = try ["throng.service", "throng.socket"].map { name in
      let text = try String(contentsOf: packaging.appending(path: name), encoding: .utf8)
      let unit = folder.appending(path: name)
      try text.replacing("/usr/bin/throng", with: "/bin/true")
        .write(to: unit, atomically: true, encoding: .utf8)
      return unit.path
    }
    let check = try Program("/usr/bin/env", ["systemd-analyze", "verify"] + units, input: Data())
    defer { check.kill() }
    #expect(try check.waitForEnd() == .status(0))
    #expect(check.errors.text.isEmpty, "\(check.errors.text)")
  }

  @Test func aSocketThatWasNotPassedIsExplained() throws {
    let result = try ThrongProgram.run(["serve", "--listen", "fd:web"])
    #expect(result.end == .status(1))
    #expect(
      result.errors.hasPrefix(
        "throng: cannot listen on fd:web: no listening socket of that name was passed to this process ("
      ))
  }

  /// Prints each message that a program sends, and gives it the address by `NOTIFY_SOCKET`.
  private static let manager = """
    import os, socket, subprocess, sys
    path = sys.argv[1]
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path if path[0] != "@" else "\\0" + path[1:])
    environment = dict(os.environ, NOTIFY_SOCKET=path, WATCHDOG_USEC="200000")
    server = subprocess.Popen(sys.argv[2:], env=environment)
    print("pid", server.pid)
    while True: print(s.recv(4096).decode().replace("\\n", " "))
    """

  @Test(arguments: everyModel)
  func theServiceManagerIsToldHowTheServerDoes(model: [String]) throws {
    let path = "@throng-test-\(UUID().uuidString)"
    let manager = try Program(
      "/usr/bin/env",
      ["python3", "-u", "-c", Self.manager, path, ThrongProgram.path, "serve"]
        + ["--listen", "127.0.0.1:0"] + model)
    defer { manager.kill() }
    let pid = pid_t(try manager.output.wait(for: "pid ").dropFirst(4)) ?? 0
    try manager.output.wait(for: "READY=1 STATUS=Serving")
    try manager.output.wait { $0.components(separatedBy: "WATCHDOG=1").count > 3 }
    kill(pid, SIGUSR2)
    try manager.output.wait(for: "RELOADING=1 MONOTONIC_USEC=")
    let line = try manager.output.wait(for: "MAINPID=")
    let successor = pid_t(line.dropFirst("MAINPID=".count).prefix { $0.isNumber }) ?? 0
    #expect(successor != pid)
    kill(successor, SIGTERM)
    try manager.output.wait(for: "STOPPING=1 STATUS=Draining")
    try manager.errors.wait { $0.contains("serves; draining") }
  }
}
