"""Credentials that something was asked for with, stored so that it ends with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.common.people import Caller
from app.kernel.access.directory import Directory
from app.platform.db import Row


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A key with the hash of the secret that was used, or a person with the fingerprint of their login. The
    credential ends with that secret or that login.

    `key_secret_hash` or `login` None, in rows of earlier releases: the key has any secret, or the person is
    active.
    """

    key_id: UUID | None
    key_secret_hash: str | None
    person_id: UUID | None
    login: str | None

    @classmethod
    def of_row(cls, row: Row) -> StoredCredential:
        """Return the credential that is stored with a job, whose person is `asked_by`."""
        return cls(row["key_id"], row["key_secret_hash"], row["asked_by"], row["login"])

    async def find_caller(self, directory: Directory, now: datetime) -> Caller | None:
        """Return the caller of the credential, with the caller's present permissions; None if the credential
        was revoked or replaced or has ended, or if the person is deactivated. Raises DatabaseGone.
        """
        if self.key_id is not None:
            key = await directory.key(self.key_id)
            if key is None:
                return None
            sent = key.secret_hash if self.key_secret_hash is None else self.key_secret_hash
            return key.caller_with(sent, now)
        name = self.login or self.person_id
        person = None if name is None else await directory.person_by_login(name)
        # The login may have been given to another person since.
        if person is None or not person.active or person.caller.person_id != self.person_id:
            return None
        return person.caller_at(now)
