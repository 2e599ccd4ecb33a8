#!/usr/bin/env python3
"""Upgrades or restarts a server again and again while clients connect, and counts what they notice.

    upgrade.py [options] PROGRAM

PROGRAM is the built command, .build/release/throng. Every client sends a message, ends its side, and
expects the message and the end of the stream. Ends with status 1 if a client was refused, reset, left
without an answer, or got other bytes. Loopback only.
"""
import argparse, ctypes, errno, multiprocessing, os, selectors, shutil, signal, socket, subprocess
import sys, tempfile, threading, time

PATIENCE = 30.0  # ends a hang, nothing else
OUTCOMES = ["served", "refused", "reset", "wrong", "unanswered"]


class Client:
    """One short connection."""

    def __init__(self, port, number):
        self.message = (b"%d;" % number) * 16
        self.received = b""
        self.started = time.monotonic()
        self.sent = False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        # Source addresses of their own: one address would run out of ports.
        self.socket.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
        self.socket.bind(("127.0.0.%d" % (2 + number % 100), 0))
        self.error = self.socket.connect_ex(("127.0.0.1", port))

    def step(self):
        """Goes on; returns the outcome, or None while there is none."""
        try:
            if not self.sent:
                error = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if error:
                    raise OSError(error, "connect")
                self.socket.send(self.message)
                self.socket.shutdown(socket.SHUT_WR)
                self.sent = True
                return None
            data = self.socket.recv(4096)
        except BlockingIOError:
            return None
        except OSError as failure:
            return "refused" if failure.errno == errno.ECONNREFUSED else "reset"
        self.received += data
        if data:
            return None
        return "served" if self.received == self.message else "wrong"


def load(port, rate, seed, stop, counts):
    """Connects at the rate until told to stop, then waits for the clients that are under way."""
    selector, number, begin = selectors.EpollSelector(), seed, time.monotonic()
    made, clients = 0, set()

    def end(client, outcome):
        selector.unregister(client.socket)
        client.socket.close()
        clients.discard(client)
        with counts.get_lock():
            counts[OUTCOMES.index(outcome)] += 1

    while clients or not stop.is_set():
        due = 0 if stop.is_set() else int((time.monotonic() - begin) * rate) - made
        for _ in range(min(due, 64)):
            made, number = made + 1, number + 2
            client = Client(port, number)
            clients.add(client)
            selector.register(client.socket, selectors.EVENT_WRITE, client)
            if client.error not in (0, errno.EINPROGRESS):
                end(client, "refused" if client.error == errno.ECONNREFUSED else "reset")
        for key, _ in selector.select(0.002):
            client = key.data
            was_sent, outcome = client.sent, client.step()
            if outcome:
                end(client, outcome)
            elif client.sent and not was_sent:
                selector.modify(client.socket, selectors.EVENT_READ, client)
        now = time.monotonic()
        for client in [c for c in clients if now - c.started > PATIENCE]:
            end(client, "unanswered")


class Server:
    """The process that serves now, and its log."""

    def __init__(self, program, directory, flags):
        self.lines, self.condition = [], threading.Condition()
        self.loops = os.path.join(directory, "loops")
        script = os.path.join(directory, "throng")
        self.set_loops(1)
        # An upgrade starts the same command line again: this one takes the number of loops from a file.
        with open(script, "w") as file:
            file.write(
                '#!/bin/bash\nexec -a "$0" "%s" serve --handler echo --loops "$(cat %s)" %s\n'
                % (program, self.loops, " ".join(flags)))
        os.chmod(script, 0o755)
        self.script = script

    def set_loops(self, count):
        with open(self.loops, "w") as file:
            file.write(str(count))

    def start(self, command=None, **options):
        reading, writing = os.pipe()
        self.process = subprocess.Popen(command or [self.script], stderr=writing, **options)
        os.close(writing)
        self.pid = self.process.pid
        threading.Thread(target=self.read, args=(os.fdopen(reading),), daemon=True).start()

    def read(self, log):
        for line in log:
            with self.condition:
                self.lines.append(line.rstrip())
                self.condition.notify_all()

    def wait_for(self, *texts):
        """The first line from now on, or since the last call, that has one of the texts."""
        with self.condition:
            found = self.condition.wait_for(lambda: self.find(texts), PATIENCE)
        if not found:
            sys.exit("no line with %s in:\n%s" % (texts, "\n".join(self.lines)))
        return found

    def find(self, texts):
        for index, line in enumerate(self.lines):
            if any(text in line for text in texts):
                del self.lines[: index + 1]
                return line

    def wait_for_port(self):
        return int(self.wait_for("listening on 127.0.0.1:").split("127.0.0.1:")[1].split()[0])

    def has(self, text):
        """Whether the log has the text, from the last line found on."""
        with self.condition:
            return any(text in line for line in self.lines)

    def child(self):
        """The process that the server has started, if any."""
        for name in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open("/proc/%s/stat" % name) as file:
                    fields = file.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[1] == str(self.pid) and fields[0] != "Z":
                return int(name)


def ended(pid):
    """Waits for the end of a process; returns its status."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    sys.exit("process %d did not end" % pid)


def kill_at(server, child, descriptors):
    """Kills the new process as soon as it has that many descriptors, unless it serves by then."""
    if child is None:  # the old process has ended: the new one has long been serving
        return
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and not server.has("serves; draining"):
        if len(os.listdir("/proc/%d/fd" % child)) >= descriptors:
            break
    # Stopped, it cannot begin to serve between the look at the log and the kill.
    os.kill(child, signal.SIGSTOP)
    time.sleep(0.1)
    os.kill(child, signal.SIGCONT if server.has("serves; draining") else signal.SIGKILL)


def upgrade(server, kill_at_descriptors=None):
    """One upgrade. Returns whether the new process took over."""
    os.kill(server.pid, signal.SIGUSR2)
    if kill_at_descriptors is not None:
        server.wait_for("upgrade: started a new process")
        kill_at(server, server.child(), kill_at_descriptors)
    line = server.wait_for("serves; draining", "upgrade failed: ")
    if "upgrade failed" in line:
        if kill_at_descriptors is None:
            sys.exit(line)
        return False
    old, server.pid = server.pid, int(line.split("process ")[1].split()[0])
    status = ended(old)
    if status != 0:
        sys.exit("the old process ended with %d:\n%s" % (status, "\n".join(server.lines)))
    return True


def upgrades(server, options):
    server.start()
    port = server.wait_for_port()
    load_with(port, options, lambda: upgrade_all(server, options))
    os.kill(server.pid, signal.SIGTERM)
    return ended(server.pid)


def upgrade_all(server, options):
    done = failed = 0
    for number in range(options.upgrades):
        server.set_loops(options.loops[number % len(options.loops)])
        # It inherits about 5 descriptors, and opens about 3 for each loop and 2 more before it serves.
        if upgrade(server, 3 + number % 20 if options.kill else None):
            done += 1
        else:
            failed += 1
    print("upgrades: %d, failed and survived: %d" % (done, failed))


# Waits for a client, and becomes the server then. It takes over the socket that it is started with, so that the
# socket stays open over the restarts.
ACTIVATE = "systemd-socket-activate --fdname=test"


def restarts(server, options):
    """The server is started and stopped with sockets that this process keeps, as by a service manager."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    port = listener.getsockname()[1]
    # It is descriptor 3 of the server.
    command = ACTIVATE if options.systemd else ""
    listening = 'exec env LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=test %s "$0" 3<&%d' % (
        command, listener.fileno())

    def start():
        server.start(["/bin/sh", "-c", listening, server.script], pass_fds=[listener.fileno()])
        server.wait_for("listening on")

    def body():
        for number in range(options.restarts):
            server.set_loops(options.loops[number % len(options.loops)])
            start()
            time.sleep(0.02)
            os.kill(server.pid, signal.SIGTERM)
            if ended(server.pid) != 0:
                sys.exit("a stop failed:\n" + "\n".join(server.lines))
        start()
        print("restarts: %d" % options.restarts)

    load_with(port, options, body)
    os.kill(server.pid, signal.SIGTERM)
    return ended(server.pid)


def overflows():
    """How often an accept queue of this machine was full (/proc/net/netstat)."""
    with open("/proc/net/netstat") as file:
        names, values = file.readline().split(), file.readline().split()
    return int(values[names.index("ListenOverflows")])


def load_with(port, options, body):
    stop, counts = multiprocessing.Event(), multiprocessing.Array("q", len(OUTCOMES))
    workers = [
        multiprocessing.Process(
            target=load, args=(port, options.rate / 2, seed, stop, counts), daemon=True)
        for seed in (0, 1)]
    begin, full = time.monotonic(), overflows()
    for worker in workers:
        worker.start()
    try:
        body()
        elapsed = time.monotonic() - begin
    finally:
        stop.set()
        for worker in workers:
            worker.join(2 * PATIENCE)
    result = dict(zip(OUTCOMES, counts))
    total = sum(result.values())
    print("clients: %d in %.1f s (%.0f/s)" % (total, elapsed, total / elapsed))
    print(", ".join("%s: %d" % item for item in result.items()), flush=True)
    if overflows() > full:
        print("accept queue full: %d times (too slow a machine for --rate: clients fail for that)"
              % (overflows() - full))
    options.failed |= total == 0 or result["served"] != total


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--upgrades", type=int, default=100)
    parser.add_argument("--restarts", type=int, default=0, help="restart instead, with kept sockets")
    parser.add_argument("--systemd", action="store_true",
                        help="let systemd-socket-activate start the server at each restart")
    parser.add_argument("--rate", type=float, default=2000, help="connects a second")
    parser.add_argument("--loops", default="1", type=lambda text: text.split(","),
                        help="loops of each process in turn, such as 1,4,2")
    parser.add_argument("--kill", action="store_true", help="kill the new process at each step")
    options = parser.parse_args()
    if options.systemd:
        options.restarts = options.restarts or 100
    options.failed = False
    # Processes whose parents have ended become children of this one.
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    address = "--listen fd:test" if options.restarts else "--listen 127.0.0.1:0"
    flags = [address, "--max-connections-per-address", "off"]
    directory = tempfile.mkdtemp(prefix="throng-upgrade-")
    try:
        server = Server(os.path.abspath(options.program), directory, flags)
        server.set_loops(options.loops[-1])
        status = (restarts if options.restarts else upgrades)(server, options)
        if status != 0:
            sys.exit("the last process ended with %d:\n%s" % (status, "\n".join(server.lines)))
    finally:
        shutil.rmtree(directory)
    sys.exit(1 if options.failed else 0)


main()
