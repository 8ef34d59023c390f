"""Bodies of deliveries, which have to be read before their sender can be known: each is bounded, and so are
all of them together, so that a sender without a secret cannot fill the memory.
"""

from __future__ import annotations

from collections import Counter

from starlette.exceptions import HTTPException
from starlette.requests import Request

from app.api.requests.raw_bodies import declared_length

#: Largest size of such bodies that a process holds at a time, in bytes: of all addresses together, and of one
#: address.
BYTES_OF_PROCESS = 134_217_728
BYTES_OF_ADDRESS = 33_554_432
#: A body comes within 30 s or is cut off, so that there is room again soon.
RETRY_SECONDS = 10


class BodyBudgetExceeded(Exception):
    """The process holds as much as it may of bodies that are not verified yet. `of_address`: most of it has
    come from the address of this request.
    """

    def __init__(self, *, of_address: bool) -> None:
        super().__init__()
        self.of_address = of_address


class UnverifiedBodies:
    """The bodies that this process is reading. Counted in its memory, as the quotas are."""

    def __init__(self, most: int = BYTES_OF_PROCESS, most_of_address: int = BYTES_OF_ADDRESS) -> None:
        self._most = most
        self._most_of_address = most_of_address
        self._held: Counter[str] = Counter()

    @property
    def held_bytes(self) -> int:
        """The bytes that are held now."""
        return self._held.total()

    async def read(self, request: Request, limit: int) -> bytes:
        """Return the whole body, of at most `limit` bytes, whatever its Content-Length.

        Raises HTTPException (413), BodyBudgetExceeded, ClientDisconnect.
        """
        if declared_length(request.headers) > limit:
            raise HTTPException(413, detail=str(limit))
        address, parts, size = request.client.host if request.client else "", [], 0
        try:
            async for part in request.stream():
                parts.append(part)
                size += len(part)
                self._held[address] += len(part)
                if size > limit:
                    raise HTTPException(413, detail=str(limit))
                self._check(address)
            return b"".join(parts)
        finally:
            self._release(address, size)

    def _check(self, address: str) -> None:
        if self._held[address] > self._most_of_address:
            raise BodyBudgetExceeded(of_address=True)
        if self.held_bytes > self._most:
            raise BodyBudgetExceeded(of_address=False)

    def _release(self, address: str, size: int) -> None:
        self._held[address] -= size
        if not self._held[address]:
            del self._held[address]  # the number of addresses is unbounded
