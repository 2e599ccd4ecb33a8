"""A client of an independent TLS stack, tlslite-ng, against an echo server on 127.0.0.1.

Usage: independent.py exchange|slow|half-close|storm|empty|alerts 1.2|1.3 PORT. Prints "passed" at the end.
"""

import socket
import sys

from tlslite.api import HandshakeSettings, TLSConnection
from tlslite.constants import AlertDescription, AlertLevel
from tlslite.errors import BaseTLSException
from tlslite.messages import Alert, ApplicationData

STAGE, VERSION, PORT = sys.argv[1], (3, 3) if sys.argv[2] == "1.2" else (3, 4), int(sys.argv[3])
PATIENCE = 60


class SingleBytes(socket.socket):
    """Sends each byte by itself."""

    def send(self, data, flags=0):
        for index in range(len(data)):
            super().send(bytes(data[index:index + 1]), flags)
        return len(data)

    def sendall(self, data, flags=0):
        self.send(data, flags)


def connect(kind=socket.socket):
    client = kind(socket.AF_INET, socket.SOCK_STREAM)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    client.settimeout(PATIENCE)
    client.connect(("127.0.0.1", PORT))
    connection = TLSConnection(client)
    settings = HandshakeSettings()
    settings.minVersion = settings.maxVersion = VERSION
    connection.handshakeClientCert(settings=settings)
    return connection


def exchange(connection, message):
    connection.sendall(message)
    answer = b""
    while len(answer) < len(message):
        answer += connection.recv(len(message) - len(answer))
    assert answer == message


if STAGE == "exchange":
    connection = connect()
    for size in (1, 64, 16384, 100000):
        exchange(connection, bytes(size))
elif STAGE == "slow":
    exchange(connect(SingleBytes), b"hello")
elif STAGE == "half-close":
    # The server's close_notify comes after the echo of everything that was sent before ours.
    connection = connect()
    exchange(connection, b"hello")
    connection.closeSocket = False
    connection.close()
elif STAGE == "storm":
    connection = connect()
    try:
        for _ in range(2000):
            for _ in connection.send_keyupdate_request(1):
                pass
            exchange(connection, b"x")
    except (BaseTLSException, OSError):
        print("ended")
elif STAGE in ("empty", "alerts"):
    # Records that are encrypted as they should be, and mean nothing: a flood of them is refused.
    if STAGE == "empty":
        message = ApplicationData().create(bytearray())
    else:
        message = Alert().create(AlertDescription.user_canceled, AlertLevel.warning)
    connection = connect()
    exchange(connection, b"x")
    try:
        for _ in range(200):
            for _ in connection._sendMsg(message, randomizeFirstBlock=False):
                pass
        connection.recv(1)
        sys.exit("the connection goes on")
    except (BaseTLSException, OSError):
        pass
print("passed")
