"""A mailbox with the commands of IMAP that fetching mails takes."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass
class FakeMailbox:
    """Mails by their numbers, and those that are seen."""

    mails: list[bytes]
    read_numbers: set[int] = field(default_factory=set)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        writer.write(b"* OK ready\r\n")
        while line := await reader.readline():
            tag, _, command = line.decode().strip().partition(" ")
            writer.write(self._answer(command) + f"{tag} OK done\r\n".encode())
            await writer.drain()
            if command.upper() == "LOGOUT":
                break
        writer.close()

    def _answer(self, command: str) -> bytes:
        upper = command.upper()
        if upper == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if upper.startswith("SELECT"):
            return f"* {len(self.mails)} EXISTS\r\n".encode()
        if upper.startswith("UID SEARCH"):
            unseen = [str(n) for n in range(1, len(self.mails) + 1) if n not in self.read_numbers]
            return f"* SEARCH {' '.join(unseen)}\r\n".encode()
        if result := re.match(r"UID FETCH (\d+) \((.*)\)", command, re.I):
            n = int(result[1])
            raw = self.mails[n - 1]
            if result[2].upper() == "RFC822.SIZE":
                return f"* {n} FETCH (UID {n} RFC822.SIZE {len(raw)})\r\n".encode()
            return f"* {n} FETCH (UID {n} BODY[] {{{len(raw)}}}\r\n".encode() + raw + b")\r\n"
        if result := re.match(r"UID STORE ([\d,]+)", command, re.I):
            self.read_numbers |= {int(n) for n in result[1].split(",")}
        return b"* BYE\r\n" if upper == "LOGOUT" else b""


@contextlib.asynccontextmanager
async def a_mailbox_with(*mails: bytes) -> AsyncIterator[FakeMailbox]:
    """A mailbox with these mails, which listens."""
    box = FakeMailbox(list(mails))
    server = await asyncio.start_server(box.serve, "127.0.0.1", 0)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box
