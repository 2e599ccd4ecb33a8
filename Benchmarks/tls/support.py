"""What the subcommands of measure-tls share: servers, certificates, the programs in C, and what a process uses."""

import os
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
THRONG = os.environ.get("THRONG", os.path.join(ROOT, ".build/release/throng"))
SERVE = (THRONG + " serve --quiet --host 127.0.0.1 --port {port} --max-connections-per-address off"
         " --first-byte-timeout off --handler ")
MODELS = {
    "reactor, EventHandler": SERVE + "event-echo",
    "reactor, Handler": SERVE + "echo",
    "thread-pool, one thread": SERVE + "echo --mode thread-pool --threads 1",
    "thread-per-client": SERVE + "echo --mode thread-per-client",
}
SECURE = " --tls-certificate {certificate} --tls-key {key}"
YARDSTICK = "bare OpenSSL loop in C"
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
START_TIME = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_seconds(pid):
    # Of all threads; sum_exec_runtime is finer than the ticks of stat, and is in nanoseconds.
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{thread}/schedstat") as file:
                total += int(file.read().split()[0])
        except FileNotFoundError:
            pass
    return total / 1e9


def all_cpu_seconds(pid):
    """Includes threads that have ended, in ticks."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid):
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * PAGE


class Server:
    """A server on 127.0.0.1; a context that ends it."""

    def __init__(self, command, files, log=subprocess.DEVNULL, cpu=None):
        self.port = free_port()
        words = command.format(port=self.port, **files).split()
        if cpu is not None:
            words = ["taskset", "-c", str(cpu)] + words
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        deadline = time.monotonic() + START_TIME
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    sys.exit(f"the server does not listen on 127.0.0.1:{self.port}: {command}")
                time.sleep(0.05)

    @property
    def pid(self):
        return self.process.pid

    def __enter__(self):
        return self

    def __exit__(self, *_reason):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


def build(directory):
    """The path of tls_load; the yardstick's command, for `Server`."""
    for name in ("tls_echo", "tls_load"):
        source = os.path.join(ROOT, "Benchmarks/yardsticks", name + ".c")
        subprocess.run(["cc", "-O2", "-o", os.path.join(directory, name), source, "-lssl", "-lcrypto"], check=True)
    echo, load = (os.path.join(directory, name) for name in ("tls_echo", "tls_load"))
    return load, echo + " {certificate} {key} {port}"


EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, stderr=subprocess.DEVNULL)


def make_certificate(directory, name="certificate"):
    """A certificate for localhost that is signed by itself."""
    files = {"certificate": os.path.join(directory, name + ".pem"), "key": os.path.join(directory, name + ".key")}
    openssl("req", "-x509", "-nodes", *EC, "-subj", "/CN=localhost", "-days", "2", "-keyout", files["key"],
            "-out", files["certificate"])
    return files


def make_authority(directory, name):
    files = {"certificate": os.path.join(directory, name + ".pem"), "key": os.path.join(directory, name + ".key")}
    openssl("req", "-x509", "-nodes", *EC, "-subj", f"/CN={name}", "-days", "365", "-keyout", files["key"],
            "-out", files["certificate"], "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    return files


def sign(directory, name, authority, extensions):
    """A certificate that the authority has signed."""
    files = {"certificate": os.path.join(directory, name + ".pem"), "key": os.path.join(directory, name + ".key")}
    request, settings = os.path.join(directory, name + ".csr"), os.path.join(directory, name + ".ext")
    with open(settings, "w") as file:
        file.write("\n".join(["basicConstraints=CA:FALSE", *extensions]) + "\n")
    openssl("req", "-nodes", *EC, "-subj", f"/CN={name}", "-keyout", files["key"], "-out", request)
    openssl("x509", "-req", "-in", request, "-CA", authority["certificate"], "-CAkey", authority["key"],
            "-CAcreateserial", "-days", "365", "-extfile", settings, "-out", files["certificate"])
    return files


LOCAL = "subjectAltName=DNS:localhost,IP:127.0.0.1"
