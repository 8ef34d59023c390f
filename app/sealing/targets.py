"""Where heads are exported to: a folder, a bucket with object lock (S3), a timestamping authority (RFC 3161).

Exported heads are never overwritten: a target that has another head of the same number refuses, which reveals
a restored or altered database at its next seal.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from app.platform.backups import sync
from app.platform.failures import ServiceUnreachable
from app.platform.outward import OutwardClient, RequestFailed, UnusableAddress
from app.platform.settings import Settings, SettingsError
from app.sealing.signature_v4 import SigningCredentials, authorised
from app.sealing.signed_heads import SignedHead

#: Answers of S3 to a write under a condition that does not hold: something is there already.
_CONFLICTS = (409, 412)
LARGEST_RECEIPT = 65_536


class ExportFailed(ServiceUnreachable):
    """A head could not be exported; the message has the reason. It is tried again."""


class ExportConflict(ExportFailed):
    """The target has another head of that number already."""


class HeadTarget(Protocol):
    """Where heads are exported to."""

    name: str

    async def export_head(self, signed: SignedHead, now: datetime) -> bytes | None:
        """Put the head there, and return the receipt if there is one. Again with the same head does no harm.
        Raises ExportFailed.
        """


class FolderTarget:
    """A folder of files, one for each head, each written only once."""

    name = "folder"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def export_head(self, signed: SignedHead, now: datetime) -> None:
        """Write the file of the head. Raises ExportFailed."""
        await asyncio.to_thread(self.write, signed)

    def write(self, signed: SignedHead) -> Path:
        """Write the file of the head, and return its path. Raises ExportFailed."""
        path, content = self.folder / signed.file_name, signed.file_bytes()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _write_once(path, content)
            is_there = path.read_bytes() == content
        except OSError as error:
            raise ExportFailed(f"{path} cannot be written: {error.strerror}.") from error
        if not is_there:
            raise ExportConflict(
                f"{path} already contains a different head, so it belongs to another log or to a newer "
                f"state of this one. Compare them with `ledgerdesk verify --head {path}`."
            )
        return path


def _write_once(path: Path, content: bytes) -> None:
    """Write a file that has its name only when it is on the disk, unless another one takes it first."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    finally:
        new.unlink(missing_ok=True)
    sync(path.parent)


class BucketTarget:
    """A bucket of S3 with object lock, in which an object can neither be written over nor removed before its
    time.
    """

    name = "s3"

    def __init__(self, settings: Settings, client: OutwardClient) -> None:
        assert settings.seal_s3_url is not None
        if settings.seal_s3_key_id is None or settings.seal_s3_secret is None:
            raise SettingsError("LEDGERDESK_SEAL_S3_URL needs LEDGERDESK_SEAL_S3_KEY_ID and …_SECRET, too.")
        self._url, self._days, self._client = settings.seal_s3_url, settings.seal_s3_days, client
        self._credentials = SigningCredentials(
            settings.seal_s3_key_id, settings.seal_s3_secret.get_secret_value(), settings.seal_s3_region, "s3"
        )

    async def export_head(self, signed: SignedHead, now: datetime) -> None:
        """Put the head as an object that is locked. Raises ExportFailed."""
        url, content = f"{self._url}/{signed.file_name}", signed.file_bytes()
        locked_until = (now + timedelta(days=self._days)).strftime("%Y-%m-%dT%H:%M:%SZ")
        headers = {
            "content-type": "application/json",
            "content-md5": base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode(),
            "if-none-match": "*",
            "x-amz-object-lock-mode": "COMPLIANCE",
            "x-amz-object-lock-retain-until-date": locked_until,
        }
        sent = authorised(self._credentials, "PUT", url, headers, content, now)
        status, body = await _send_request(self._client, "PUT", url, sent, content)
        if status in _CONFLICTS:
            sent = authorised(self._credentials, "GET", url, {}, b"", now)
            if await _send_request(self._client, "GET", url, sent, b"") == (200, content):
                return
            raise ExportConflict(
                f"{url} already contains a different head, so it belongs to another log or to a newer state "
                "of this one."
            )
        if status != 200:
            raise ExportFailed(f"{url} answers {status}: {body[:300].decode(errors='replace')}")


class TimestampTarget:
    """A timestamping authority (RFC 3161), which signs the hash of a head and the time at which it saw it."""

    name = "timestamp"

    def __init__(self, url: str, client: OutwardClient) -> None:
        try:
            import rfc3161_client  # noqa: PLC0415  # an extra
        except ImportError as error:
            raise SettingsError("LEDGERDESK_SEAL_TIMESTAMP_URL needs the extra `timestamps`.") from error
        self._library, self._url, self._client = rfc3161_client, url, client

    async def export_head(self, signed: SignedHead, now: datetime) -> bytes:
        """Have the signed bytes of the head stamped, and return the answer (DER). Raises ExportFailed."""
        timestamp_request = self._library.TimestampRequestBuilder().data(signed.document).build()
        headers = {"content-type": "application/timestamp-query", "accept": "application/timestamp-reply"}
        status, body = await _send_request(
            self._client, "POST", self._url, headers, timestamp_request.as_bytes()
        )
        if status != 200:
            raise ExportFailed(f"{self._url} responded with status {status}.")
        try:
            answer = self._library.decode_timestamp_response(body)
            stamp = answer.tst_info
            fits = (stamp.message_imprint.message, stamp.nonce) == (
                timestamp_request.message_imprint.message,
                timestamp_request.nonce,
            )
        except ValueError as error:
            raise ExportFailed(f"{self._url} did not return a timestamp.") from error
        if not fits:
            raise ExportFailed(f"{self._url} returned a timestamp for different data.")
        return body


async def _send_request(
    client: OutwardClient, method: str, url: str, headers: dict[str, str], body: bytes
) -> tuple[int, bytes]:
    """Send a request; return status and body. Raises ExportFailed."""
    try:
        answer = await client.request(method, url, headers, body, largest=LARGEST_RECEIPT)
    except (RequestFailed, UnusableAddress) as error:
        raise ExportFailed(f"{url} cannot be reached: {error.code}.") from error
    return answer.status, answer.body


def configured_targets(settings: Settings, client: OutwardClient) -> list[HeadTarget]:
    """Return where the settings have heads exported to. Raises SettingsError."""
    targets: list[HeadTarget] = []
    if settings.seal_folder is not None:
        targets.append(FolderTarget(settings.seal_folder))
    if settings.seal_s3_url is not None:
        targets.append(BucketTarget(settings, client))
    if settings.seal_timestamp_url is not None:
        targets.append(TimestampTarget(settings.seal_timestamp_url, client))
    return targets
