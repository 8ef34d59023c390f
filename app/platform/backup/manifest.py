"""Verification of a base backup by its manifest, as `pg_verifybackup` does it.

The wheel of the embedded database has that program, but it ends at once by a segmentation fault.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from app.platform.backups import MANIFEST, BackupRefused
from app.platform.embedded import EmbeddedError, Tools

MOST_NAMED = 10
VERIFY_SECONDS = 86_400.0


def verify_files(cluster: Path, tools: Tools) -> None:
    """Verify that every file of the manifest is there as it was copied, and that the log which the backup
    needs can be read. Raises BackupRefused.
    """
    manifest = _read_manifest(cluster / MANIFEST)
    wrong = [path for entry in manifest["Files"] if not _is_as_copied(cluster, path := _path(entry), entry)]
    if wrong:
        more = f" and {len(wrong) - MOST_NAMED} more" if len(wrong) > MOST_NAMED else ""
        names = ", ".join(wrong[:MOST_NAMED])
        raise BackupRefused(
            f"Files of the backup in {cluster.parent} were changed or are damaged: {names}{more}. Use "
            "another backup."
        )
    for part in manifest["WAL-Ranges"]:
        command = [str(tools.bin / "pg_waldump"), "--quiet", f"--path={cluster / 'pg_wal'}"]
        command += [f"--timeline={part['Timeline']}", f"--start={part['Start-LSN']}"]
        try:
            tools.run(*command, f"--end={part['End-LSN']}", seconds=VERIFY_SECONDS)
        except EmbeddedError as error:
            raise BackupRefused(f"The log in {cluster / 'pg_wal'} cannot be read. {error}") from error


def _read_manifest(path: Path) -> dict[str, Any]:
    """Return the manifest, of which the last line is the checksum of what is before it."""
    try:
        content = path.read_bytes()
        manifest: dict[str, Any] = json.loads(content)
    except (OSError, ValueError) as error:
        raise BackupRefused(f"{path} cannot be read: {error}. Use another backup.") from error
    head = content.rpartition(b'"Manifest-Checksum"')[0]
    if hashlib.sha256(head).hexdigest() != manifest.get("Manifest-Checksum"):
        raise BackupRefused(f"{path} was changed or is damaged. Use another backup.")
    return manifest


def _path(entry: dict[str, Any]) -> str:
    """Return the path of a file; one that is not UTF-8 stands there in hexadecimal digits."""
    if "Path" in entry:
        return str(entry["Path"])
    return bytes.fromhex(entry["Encoded-Path"]).decode("utf-8", "surrogateescape")


def _is_as_copied(cluster: Path, path: str, entry: dict[str, Any]) -> bool:
    file = cluster / path
    try:
        if file.stat().st_size != entry["Size"]:
            return False
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, entry["Checksum-Algorithm"].lower())
    except OSError:
        return False
    return digest.hexdigest() == str(entry["Checksum"])
