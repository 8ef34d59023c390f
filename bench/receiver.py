"""A receiver of webhooks that takes everything, in a process of its own: `python -m bench.receiver PORT`.

GET says how many messages it has, each counted once, and between which times of its clock they came.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
ID, LENGTH = b"webhook-id: ", b"content-length: "


class Receiver:
    """The messages that have come, by their ids."""

    def __init__(self) -> None:
        self.ids = set[bytes]()
        self.first_at = self.last_at = 0.0

    def take(self, message_id: bytes) -> None:
        """Note a message that has come."""
        self.last_at = time.time()
        self.first_at = self.first_at or self.last_at
        self.ids.add(message_id)

    def report(self) -> bytes:
        """Return the answer that says what has come."""
        times = {"first_at": self.first_at, "last_at": self.last_at}
        body = json.dumps({"count": len(self.ids), **times}).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


class ReceiverConnection(asyncio.Protocol):
    """One connection of a sender, which sends one request at a time."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._pending = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for the answers."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._pending += data
        head, separator, body = self._pending.partition(b"\r\n\r\n")
        if not separator or len(body) < int(_header(head.lower(), LENGTH) or 0):
            return
        self._pending = b""
        if head.startswith(b"GET "):
            self._transport.write(self._receiver.report())
        else:
            self._receiver.take(_header(head.lower(), ID))
            self._transport.write(TAKEN)


def _header(head: bytes, name: bytes) -> bytes:
    return head.partition(b"\r\n" + name)[2].partition(b"\r\n")[0]


async def receive(port: int) -> None:
    """Receive on that port for ever."""
    receiver = Receiver()
    server = await asyncio.get_running_loop().create_server(
        lambda: ReceiverConnection(receiver), "127.0.0.1", port
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(receive(int(sys.argv[1])))
