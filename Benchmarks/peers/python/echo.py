"""An echo server with asyncio's protocols, on its own event loop or on uvloop: one thread.

Usage: echo.py asyncio|uvloop PORT (on 127.0.0.1)
"""

import asyncio
import sys


class Echo(asyncio.Protocol):
    """Both loops set TCP_NODELAY."""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


async def serve(port):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", port, backlog=4096)
    async with server:
        await server.serve_forever()


def main():
    if sys.argv[1] == "uvloop":
        import uvloop

        uvloop.install()
    asyncio.run(serve(int(sys.argv[-1])))


main()
