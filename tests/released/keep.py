"""Keeps the present version as a release that later ones are upgraded from: `python -m tests.released.keep`.

It fills a new installation, and writes its rows, its secrets, what it answers and its generated client to
tests/released/VERSION. The keys are of that installation alone, which runs nowhere.
"""

from __future__ import annotations

import lzma
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from app.api.authentication import auth
from app.cli.server.logs import configure_logging
from app.kernel.access.vault import MASTER_KEY_FILE
from app.main import build_app
from app.platform import loop, schema
from app.platform.embedded import embedded_server
from app.platform.installation import OWNER_ROLE, SERVICE_ROLE, SUPERUSER
from app.platform.settings import PROJECT, Settings
from tests.client import serving
from tests.conftest import FAST
from tests.released.data import write_rows
from tests.released.filling import fill, read_answers, read_counts
from tests.released.kept import CLIENT, ROWS, SCHEMA, Kept, folder_of

#: What the kept client has of the contract: tickets are listed, filed and acted on.
TAGS = ("incidents", "requests")
LARGEST_BYTES = 2_000_000
#: One key asks for all of it.
SETTINGS = Settings(_env_file=None, rate_limit=1_000_000, person_writes=1_000_000)  # type: ignore[call-arg]  # Pydantic's own


def keep(folder: Path) -> None:
    """Write the release to the folder, in place of what is there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    configure_logging("warning")
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch).chmod(0o711)  # run as root, the server is another user, who must get to its data
        with embedded_server(Path(scratch, "data"), FAST) as postgres:
            with psycopg.connect(postgres.url("postgres", SUPERUSER), autocommit=True) as administrator:
                for role in (OWNER_ROLE, SERVICE_ROLE):
                    administrator.execute(f"create role {role} login".encode())
                administrator.execute(f"create database kept owner {OWNER_ROLE}".encode())
            owner_url, url = (postgres.url("kept", role) for role in (OWNER_ROLE, SERVICE_ROLE))
            schema.migrate(owner_url, SERVICE_ROLE)
            release = loop.run(_fill(url, Path(scratch, "secrets")))
            release.write(folder)
            write_rows(postgres.url("kept", SUPERUSER), folder / ROWS)
        shutil.copyfile(Path(scratch, "secrets", MASTER_KEY_FILE), folder / MASTER_KEY_FILE)
        client = Path(scratch, "client")
        command: list[str | Path] = [sys.executable, PROJECT / "deploy" / "client.py", client, *TAGS]
        subprocess.run(command, check=True, capture_output=True)
        shutil.make_archive(str(folder / CLIENT.removesuffix(".zip")), "zip", client, "ledgerdesk_client")
    (folder / SCHEMA).write_bytes(lzma.compress((schema.MIGRATIONS / "schema.sql").read_bytes()))
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert size <= LARGEST_BYTES, f"{size} bytes are more than a release may have"
    sys.stdout.write(f"Kept: {folder.relative_to(PROJECT)}, {size} bytes.\n")


async def _fill(url: str, secrets: Path) -> Kept:
    async with serving(url, secrets, SETTINGS) as api:
        keys, paths = await fill(api)
        read_at = datetime.now(UTC)
        with pytest.MonkeyPatch.context() as patch:  # what is still open has one age in all answers
            patch.setattr(auth, "utc_now", lambda: read_at)
            answers: dict[str, Any] = await read_answers(api.with_token(keys["everybody"]), paths)
        counts = await read_counts(api.ledger)
    return Kept(read_at, schema.newest(), keys, counts, answers)


if __name__ == "__main__":
    keep(folder_of(build_app().version))
