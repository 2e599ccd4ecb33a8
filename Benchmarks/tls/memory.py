"""Resident memory of idle connections, plain and over TLS, and what TLS adds."""

import resource
import socket
import subprocess

from support import MODELS, ROOT, SECURE, YARDSTICK, Server, resident

COUNT = 5000


def plain(command, count):
    with Server(command, {}) as server:
        clients = open_plain(server.port, 50, 0)
        before = resident(server.pid)
        clients += open_plain(server.port, count, 50)
        return (resident(server.pid) - before) / count


def open_plain(port, count, first):
    clients = []
    for number in range(first, first + count):
        # Different addresses of the loopback network, as tls_load.
        client = socket.create_connection(("127.0.0.1", port), source_address=(f"127.0.0.{2 + number // 200}", 0))
        client.sendall(b"x")
        assert client.recv(1) == b"x"
        clients.append(client)
    return clients


def secure(load, command, files, count):
    with Server(command, files) as server:
        subprocess.run([load, "handshake", str(server.port), "50"], check=True)
        before = resident(server.pid)
        client = subprocess.Popen([load, "idle", str(server.port), str(count)],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        client.stdout.readline()
        value = (resident(server.pid) - before) / count
        client.communicate()
        return value


def run(options, load, yardstick, files, directory):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = int(COUNT * options.scale)
    echo = f"{directory}/epoll_echo"
    subprocess.run(["cc", "-O2", "-o", echo, f"{ROOT}/Benchmarks/yardsticks/epoll_echo.c"], check=True)
    servers = {YARDSTICK: (echo + " {port}", yardstick)}
    servers |= {name: (command, command + SECURE) for name, command in MODELS.items()}
    print(f"resident memory of {count} idle connections, bytes each: plain, TLS, difference")
    for name, (command, secured) in servers.items():
        if options.only not in name:
            continue
        base, value = plain(command, count), secure(load, secured, files, count)
        print(f"  {name:<26}{base:9.0f} {value:9.0f} {value - base:9.0f}", flush=True)
