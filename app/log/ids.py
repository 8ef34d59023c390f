"""UUIDv7: sixteen bytes that sort by time of creation (RFC 9562, 5.7)."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID

import orjson

_lock = threading.Lock()
_last_stamp = 0  # of the newest id: 48 bits of milliseconds and 12 bits of counter


def uuid7() -> UUID:
    """Return a new id, larger than all earlier ones of this process (RFC 9562, method 1: a counter after the
    time).
    """
    global _last_stamp  # noqa: PLW0603  # the counter is the process's
    with _lock:
        _last_stamp = max(_last_stamp + 1, (time.time_ns() // 1_000_000) << 12)
        stamp = _last_stamp
    high = (stamp >> 12) << 16 | 0x7000 | (stamp & 0xFFF)
    low = 0x8000_0000_0000_0000 | (int.from_bytes(os.urandom(8), "big") >> 2)
    return UUID(int=high << 64 | low)


def id_text(value: UUID) -> str:
    """Return an id as text, in a third of the time of `str`."""
    return orjson.dumps(value)[1:-1].decode()


def uuid7_texts(count: int) -> list[str]:
    """Return `count` new ids as text, in ascending order, in a fraction of the time of `count`
    single calls.
    """
    global _last_stamp  # noqa: PLW0603  # the counter is the process's
    with _lock:
        first = max(_last_stamp + 1, (time.time_ns() // 1_000_000) << 12)
        _last_stamp = first + count - 1
    random = os.urandom(8 * count).hex()
    texts: list[str] = []
    for n in range(count):
        stamp = f"{first + n:015x}"
        rest = random[16 * n : 16 * n + 16]
        variant = "89ab"[int(rest[0], 16) & 3]
        texts.append(f"{stamp[:8]}-{stamp[8:12]}-7{stamp[12:]}-{variant}{rest[1:4]}-{rest[4:]}")
    return texts
