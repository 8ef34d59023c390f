"""The relay's interface to any broker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from app.platform.failures import OperationRefused, ServiceUnreachable
from app.relay.messages import Message, Published

#: The most bytes of a message, where the broker does not take less: what they usually take, less headers.
LARGEST_BYTES = 900_000


class BrokerGone(ServiceUnreachable):
    """The broker cannot be reached, does not answer in time, or cannot store: it is tried again. Messages
    that were being published are stored or not; only the broker knows.
    """


class Overtaken(Exception):
    """Somebody else has published meanwhile: the newest message is to be read again."""


class RelayRefused(OperationRefused):
    """The relay cannot go on with the content of the broker; the message has the remedy."""


class Broker(Protocol):
    """A connection to a stream or topic that is the relay's alone; connected within its block.

    Each method raises BrokerGone, and RelayRefused.
    """

    @property
    def largest(self) -> int:
        """The most bytes that a message may have."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def prepare(self) -> None:
        """Make a missing stream or topic, and become the only publisher."""

    async def newest(self) -> Published | None:
        """Return the newest message; None before the first."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish messages of adjoining positions, behind the newest: all of them, or the first few if it
        fails. Raises Overtaken.
        """

    def check(self) -> None:
        """Raise BrokerGone if the connection is known to be lost."""
