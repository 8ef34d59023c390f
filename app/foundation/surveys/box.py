"""The sealed box of a survey: answers wait in it, next to the log, until the survey ends.

One row holds all answers of a survey. Each new answer writes the whole row again, shuffled, padded and
encrypted under the survey's key: an answer has no row, id, time or place of its own with which the use of a
token could be compared (decision 0161). The hashes of the tokens are rows of their own, in the order of the
hashes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from secrets import SystemRandom
from typing import Any
from uuid import UUID

from app.common.personal import KEY_BYTES, PersonalKey
from app.foundation.surveys.tokens import hash_of_token, token_of
from app.kernel.access.vault import Vault
from app.kernel.ledger import Ledger
from app.platform.db import Connection, Database, fetch_rows

#: The size of a sealed box is a multiple of this, so that it does not reveal the length of an answer.
PADDED_TO = 65_536
#: The only chunk of a box, as `PersonalKey.encrypt_chunk` counts them.
_CHUNK = 0

MAKE_BOX = """
insert into content.survey_box (id, wrapped_key, sealed) values (%s, %s, %s)
on conflict (id) do nothing returning id"""
MAKE_TOKENS = """
insert into content.survey_token (hash, survey_id, team_id, person_id, used)
select t.hash, %(survey)s, t.team_id, t.person_id, false
from unnest(%(hashes)s::bytea[], %(teams)s::uuid[], %(persons)s::uuid[]) as t(hash, team_id, person_id)
order by t.hash"""
BOX_KEY = "select wrapped_key from content.survey_box where id = %s"
BOX = "select wrapped_key, sealed from content.survey_box where id = %s"
BY_HASH = "select survey_id, team_id, person_id, used from content.survey_token where hash = %s"
LOCK_BOX = "select wrapped_key, sealed from content.survey_box where id = %s for update"
IS_OPEN = "select true from fold.survey where id = %s and state = 'running' and ends_at > %s"
MARK_USED = "update content.survey_token set used = true where hash = %s and not used returning true"
FILL_BOX = "update content.survey_box set sealed = %s where id = %s"
COUNT_USED_TOKENS = "select count(*)::int from content.survey_token where survey_id = %s and used"
BURN_BOX = "delete from content.survey_box where id = %s returning id"

#: Answers of one participant: `team`, by which results may be grouped, and `answers` by the questions' keys.
Sheet = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Invited:
    """A participant: the person, and the team by which their answers may be grouped; None: they are not
    grouped.
    """

    person_id: UUID
    team_id: UUID | None


@dataclass(frozen=True, slots=True)
class SurveyToken:
    """A valid token: its survey, the team by which answers may be grouped, the participant of a survey with
    names, and whether it was used.
    """

    survey_id: UUID
    team_id: UUID | None
    person_id: UUID | None
    used: bool


class BoxClosed(Exception):
    """The survey has ended meanwhile, or the token was used: nothing was put into the box."""


async def make_box(ledger: Ledger, survey_id: UUID, invited: Sequence[Invited], *, named: bool) -> bytes:
    """Return the key of the survey's box. The first call makes the box and its tokens. `named`: the tokens
    identify their owners.
    """
    vault = ledger.vault
    existing = await box_key(ledger.db, vault, survey_id)
    if existing is not None:
        return existing
    key = os.urandom(KEY_BYTES)
    tokens = {hash_of_token(token_of(key, each.person_id)): each for each in invited}
    async with ledger.db.connection() as connection, connection.transaction():
        cursor = await connection.execute(
            MAKE_BOX.encode(), (survey_id, vault.encrypt_survey_key(key), _encrypted(survey_id, key, []))
        )
        if await cursor.fetchone() is not None:
            await connection.execute(
                MAKE_TOKENS.encode(),
                {
                    "survey": survey_id,
                    "hashes": list(tokens),
                    "teams": [each.team_id for each in tokens.values()],
                    "persons": [each.person_id if named else None for each in tokens.values()],
                },
            )
    new_key = await box_key(ledger.db, vault, survey_id)
    assert new_key is not None, "the box is there"
    return new_key


async def box_key(db: Database, vault: Vault, survey_id: UUID) -> bytes | None:
    """Return the key of the survey's box; None before it is made and after it is destroyed."""
    wrapped = await db.value(BOX_KEY, (survey_id,))
    return None if wrapped is None else vault.decrypt_survey_key(bytes(wrapped))


async def find_token(db: Database, token: str) -> SurveyToken | None:
    """Return what is known of a token; None: there is no such token, or its survey has ended."""
    digest = hash_of_token(token)
    row = None if digest is None else await db.row(BY_HASH, (digest,))
    return None if row is None else SurveyToken(**row)


async def put_into_box(ledger: Ledger, token: str, sheet: Sheet, now: Any) -> None:
    """Put the answers of a participant into the box of an anonymous survey, and use up the token. Raises
    BoxClosed.
    """
    known_token = await find_token(ledger.db, token)
    if known_token is None or known_token.used:
        raise BoxClosed
    async with ledger.db.connection() as connection, connection.transaction():
        await _store_answer(connection, ledger.vault, known_token.survey_id, hash_of_token(token), sheet, now)


async def _store_answer(
    connection: Connection, vault: Vault, survey_id: UUID, digest: bytes | None, sheet: Sheet, now: Any
) -> None:
    """Put the sheet into the locked box: two participants never write it at once."""
    boxes = await fetch_rows(connection, LOCK_BOX, (survey_id,))
    is_open = await fetch_rows(connection, IS_OPEN, (survey_id, now))
    used = await fetch_rows(connection, MARK_USED, (digest,)) if boxes and is_open else []
    if not used:
        raise BoxClosed
    key = vault.decrypt_survey_key(bytes(boxes[0]["wrapped_key"]))
    sheets = [*_opened(survey_id, key, bytes(boxes[0]["sealed"])), sheet]
    await connection.execute(FILL_BOX.encode(), (_encrypted(survey_id, key, sheets), survey_id))


async def sheets_in_box(ledger: Ledger, survey_id: UUID) -> list[Sheet]:
    """Return all answers in the box, in a random order."""
    row = await ledger.db.row(BOX, (survey_id,))
    if row is None:
        return []
    key = ledger.vault.decrypt_survey_key(bytes(row["wrapped_key"]))
    return shuffled(_opened(survey_id, key, bytes(row["sealed"])))


async def used_tokens(ledger: Ledger, survey_id: UUID) -> int:
    """Return how many participants of an anonymous survey have answered so far."""
    number: int = await ledger.db.value(COUNT_USED_TOKENS, (survey_id,))
    return number


async def burn_box(ledger: Ledger, survey_id: UUID) -> None:
    """Remove the box, its key and the tokens for ever: they can never be computed again."""
    await ledger.db.rows(BURN_BOX, (survey_id,))


def shuffled(entries: Iterable[Any]) -> list[Any]:
    """Return the entries in a random order that cannot be repeated."""
    order = list(entries)
    SystemRandom().shuffle(order)
    return order


def _encrypted(survey_id: UUID, key: bytes, sheets: list[Sheet]) -> bytes:
    text = json.dumps(shuffled(sheets), ensure_ascii=False).encode()
    padded = text + b" " * (-len(text) % PADDED_TO)
    return PersonalKey(survey_id, key).encrypt_chunk(_CHUNK, padded)


def _opened(survey_id: UUID, key: bytes, encrypted: bytes) -> list[Sheet]:
    sheets: list[Sheet] = json.loads(PersonalKey(survey_id, key).decrypt_chunk(_CHUNK, encrypted))
    return sheets
