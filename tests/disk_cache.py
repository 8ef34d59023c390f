"""What takes seconds to make and follows from the code alone, on disk for the next process and run."""

from __future__ import annotations

import contextlib
import fcntl
import sys
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson

from app.platform.settings import PROJECT

FOLDER = PROJECT / ".pytest_cache" / "kept"
#: Where the code is, and what says which packages it runs with.
CODE = ("app", "pyproject.toml", "uv.lock")


@cache
def fingerprint() -> str:
    """Of all that the code is made from."""
    found = blake2b(sys.version.encode(), digest_size=16)
    for path in sorted(path for name in CODE for path in _files(PROJECT / name)):
        found.update(f"{path.relative_to(PROJECT)} {path.stat().st_size}\n".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [one for one in path.rglob("*") if one.is_file() and one.suffix != ".pyc"]


def cached_json(name: str, make: Callable[[], Any]) -> Any:
    """What `make` gives, as JSON has it. Of several processes that want it at once one makes it."""
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        lock = (FOLDER / f"{name}.lock").open("w")
    except OSError:  # nothing can be kept
        return orjson.loads(orjson.dumps(make()))
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = FOLDER / f"{name}-{fingerprint()}.json"
        with contextlib.suppress(OSError, orjson.JSONDecodeError):
            return orjson.loads(path.read_bytes())
        text = orjson.dumps(make())
        with contextlib.suppress(OSError):
            for old in FOLDER.glob(f"{name}-*.json"):
                old.unlink()
            path.write_bytes(text)
        return orjson.loads(text)
