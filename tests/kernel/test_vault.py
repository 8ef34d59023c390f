"""The keys of personal fields: made once, unwrapped, cached, and forgotten when they are destroyed."""

from __future__ import annotations

import asyncio
import base64
import os
import stat
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from app.common.people import Role, rule_caller
from app.common.personal import KEY_BYTES, Ciphertext, Fingerprints, MasterKey, PersonalKey, is_encrypted
from app.kernel import ledger as ledgers
from app.kernel.access.vault import MASTER_KEY_FILE, Vault, VaultError, master_key, open_vault
from app.kernel.ledger import Ledger
from app.log.events import id_of, kind_of
from app.log.ids import uuid7
from app.platform.db import connect
from app.platform.settings import Settings
from app.registry import LIFECYCLES_BY_KIND
from app.ticketing.comments import CommentTicket
from tests.conftest import DatabaseUrls
from tests.kernel.incidents import report
from tests.people import act, add_caller, add_person
from tests.waiting import Blocked, until

KEY = PersonalKey(uuid7(), os.urandom(KEY_BYTES))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_what_is_encrypted_is_opened_by_the_same_key_and_by_no_other(text: str) -> None:
    encrypted = KEY.encrypt(text)
    assert KEY.decrypt(encrypted) == text
    assert is_encrypted(encrypted)
    assert encrypted.key_id == KEY.id
    assert PersonalKey(KEY.id, os.urandom(KEY_BYTES)).decrypt(encrypted) is None


@given(TEXTS.filter(bool), st.data())
def test_a_ciphertext_that_was_altered_is_not_opened(text: str, data: st.DataObject) -> None:
    scheme, key, body = KEY.encrypt(text).split(":")
    raw = bytearray(base64.urlsafe_b64decode(body))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert KEY.decrypt(f"{scheme}:{key}:{base64.urlsafe_b64encode(raw).decode()}") is None


def test_two_ciphertexts_of_one_text_are_different() -> None:
    assert KEY.encrypt("the same") != KEY.encrypt("the same")


def test_a_chunk_of_a_file_opens_in_its_place_and_in_no_other() -> None:
    encrypted = KEY.encrypt_chunk(7, b"the eighth")
    assert KEY.decrypt_chunk(7, encrypted) == b"the eighth"
    for number in (0, 6, 8, 7 << 8):
        with pytest.raises(InvalidTag):
            KEY.decrypt_chunk(number, encrypted)
    with pytest.raises(InvalidTag):
        PersonalKey(uuid7(), bytes(KEY_BYTES)).decrypt_chunk(7, encrypted)


def test_a_key_is_bound_to_its_id() -> None:
    secret = os.urandom(KEY_BYTES)
    encrypted = PersonalKey(KEY.id, secret).encrypt("words")
    assert PersonalKey(uuid7(), secret).decrypt(encrypted) is None
    master = MasterKey(os.urandom(KEY_BYTES))
    _, wrapped = master.wrap_new_key(KEY.id)
    with pytest.raises(InvalidTag):
        master.unwrap(uuid7(), wrapped)


def test_a_wrapped_key_is_unwrapped_by_what_wrapped_it_and_by_nothing_else() -> None:
    master, another = MasterKey(os.urandom(KEY_BYTES)), MasterKey(os.urandom(KEY_BYTES))
    own, wrapped = master.wrap_new_key(uuid7())
    text_key, wrapped_text = own.wrap_new_key(uuid7())
    encrypted = text_key.encrypt("one text")
    assert master.unwrap(own.id, wrapped).unwrap(text_key.id, wrapped_text).decrypt(encrypted) == "one text"
    with pytest.raises(InvalidTag):
        another.unwrap(own.id, wrapped)
    with pytest.raises(InvalidTag):
        master.unwrap(text_key.id, wrapped_text)


def test_a_fingerprint_is_the_same_for_the_same_texts_under_one_key_only() -> None:
    first, other = Fingerprints(b"1" * KEY_BYTES), Fingerprints(b"2" * KEY_BYTES)
    assert first.digest("a", "b") == first.digest("a", "b")
    assert (
        len(
            {
                first.digest("a", "b"),
                first.digest("b", "a"),
                first.digest("ab"),
                first.digest("a"),
                other.digest("a", "b"),
            }
        )
        == 5
    )


async def opened(vault: Vault, encrypted: str | None) -> str | None:
    assert encrypted is not None
    return (await vault.texts([encrypted]))[encrypted]


async def name_of(ledger: Ledger, encrypted: str | None) -> str | None:
    return await opened(ledger.vault, encrypted)


@pytest.fixture
async def deaf(ledger: Ledger, tmp_path: Path) -> Vault:
    """A vault to which no news come but those that the test brings."""
    return await open_vault(ledger.db, master_key(tmp_path / "secrets"))


async def test_a_persons_name_is_ciphertext_in_the_row_and_in_the_log_and_readable_through_the_vault(
    ledger: Ledger, other: Ledger
) -> None:
    person = await add_person(ledger, "Wang Wei 王伟")
    row = await ledger.db.row("select name, email, key_id from fold.person where id = %s", (person.id,))
    assert row is not None
    assert is_encrypted(row["name"])
    assert Ciphertext(row["name"]).key_id == Ciphertext(row["email"]).key_id == row["key_id"]
    assert "王伟" not in str(await ledger.db.rows("select convert_from(data, 'UTF8') from log.event"))
    assert await name_of(ledger, row["name"]) == await name_of(other, row["name"]) == "Wang Wei 王伟"


async def test_who_is_erased_is_read_no_more_in_this_process_nor_in_another(
    ledger: Ledger, other: Ledger
) -> None:
    person = await add_person(ledger, "Wang Wei")
    assert await name_of(other, person.name) == "Wang Wei"
    assert await other.vault.author(person.id) is not None
    await act(ledger, rule_caller("tests"), "person", "erase", person.id)
    assert await name_of(ledger, person.name) is None
    assert await ledger.vault.author(person.id) is None

    async def forgotten() -> bool:
        return await name_of(other, person.name) is None and await other.vault.author(person.id) is None

    await until(forgotten)
    assert (
        await ledger.db.value("select count(*) from vault.personal_key where person_id = %s", (person.id,))
        == 0
    )


async def test_a_comment_has_a_key_of_its_own_under_its_authors(ledger: Ledger, other: Ledger) -> None:
    caller = await add_caller(ledger, "Wang Wei", Role.agent)
    incident = await report(ledger, caller)
    done = await act(ledger, caller, "incident", "comment", incident.id, CommentTicket(text="My words."))
    ((row_key, fields),) = done.event.data["set"].items()
    assert kind_of(row_key) == "comment"
    text = Ciphertext(fields["text"])
    row = await ledger.db.row("select * from fold.comment where id = %s", (id_of(row_key),))
    assert row is not None
    assert row["text"] == text == done.event.data["given"]["text"], "one text is encrypted once"
    key = await ledger.db.row("select * from vault.personal_key where id = %s", (text.key_id,))
    author = await ledger.db.row(
        "select id from vault.personal_key where person_id = %s and under is null", (caller.person_id,)
    )
    assert key is not None
    assert author is not None
    assert (key["under"], key["person_id"]) == (author["id"], caller.person_id)
    assert await name_of(other, text) == "My words."
    # A text can go alone, and everything goes with its author.
    assert Ciphertext(incident.description or "").key_id == author["id"]
    await act(ledger, rule_caller("tests"), "person", "erase", caller.person_id)
    other.forget()
    assert await other.vault.texts([text, incident.description or ""]) == {
        text: None,
        incident.description: None,
    }


async def test_words_for_somebody_else_are_under_the_key_of_whom_they_are_for(ledger: Ledger) -> None:
    agent = await add_caller(ledger, "Agent", Role.agent)
    requester = await add_person(ledger, "Requester")
    incident = await report(ledger, agent, requester=str(requester.id))
    assert Ciphertext(incident.description or "").key_id == requester.key_id


async def test_many_texts_are_opened_at_once_and_unknown_ones_are_none(ledger: Ledger, other: Ledger) -> None:
    people = [await add_person(ledger, f"Person {n}") for n in range(5)]
    unreadable = PersonalKey(uuid7(), os.urandom(KEY_BYTES)).encrypt("whose key is nowhere")
    texts = await other.vault.texts([unreadable, *(person.name or "" for person in people)])
    assert texts == {unreadable: None} | {person.name: f"Person {n}" for n, person in enumerate(people)}
    assert await other.vault.texts([]) == {}


@pytest.mark.parametrize("what", ["author", "text"])
async def test_what_was_fetched_before_a_key_was_destroyed_is_not_kept_after_it(
    ledger: Ledger, deaf: Vault, place: DatabaseUrls, what: str
) -> None:
    person = await add_person(ledger, "Wang Wei")
    fetch: dict[str, Callable[[], Awaitable[object]]] = {
        "author": lambda: deaf.author(person.id),
        "text": lambda: opened(deaf, person.name),
    }
    async with Blocked(place.owner_url, "lock table vault.personal_key") as blocked:
        fetching = asyncio.ensure_future(fetch[what]())
        await blocked.waiting()
        deaf.forget()  # the news come while the answer is under way
    assert await fetching is not None
    await destroy_keys(place)
    assert await fetch[what]() is None


async def test_what_was_fetched_is_kept_until_the_news_come(
    ledger: Ledger, deaf: Vault, place: DatabaseUrls
) -> None:
    person = await add_person(ledger, "Wang Wei")
    assert await deaf.author(person.id) is not None
    assert await opened(deaf, person.name) == "Wang Wei"
    await destroy_keys(place)
    assert await deaf.author(person.id) is not None
    assert await opened(deaf, person.name) == "Wang Wei"
    deaf.forget()
    assert await deaf.author(person.id) is None
    assert await opened(deaf, person.name) is None


async def destroy_keys(place: DatabaseUrls) -> None:
    """Behind the log's back, so that there are no news of it."""
    owner = await connect(place.owner_url)
    await owner.execute("delete from vault.personal_key")
    await owner.close()


async def test_a_refused_row_is_encrypted_under_the_master_key(ledger: Ledger, other: Ledger) -> None:
    encrypted = ledger.vault.encrypt_refused(b"INC1;Wang Wei")
    assert b"Wang" not in encrypted
    assert other.vault.decrypt_refused(encrypted) == b"INC1;Wang Wei"


def test_the_master_key_is_made_at_the_first_start_and_is_the_owners_alone(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    key = master_key(folder)
    assert master_key(folder).name == key.name
    path = folder / MASTER_KEY_FILE
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(base64.b64decode(path.read_bytes())) == KEY_BYTES
    assert [file.name for file in folder.iterdir()] == [MASTER_KEY_FILE]


def test_of_many_that_start_at_once_all_have_the_same_master_key(tmp_path: Path) -> None:
    together = Barrier(8)

    def start(_: int) -> bytes:
        together.wait()
        return master_key(tmp_path / "secrets").name

    for _ in range(20):
        with ThreadPoolExecutor(8) as threads:
            assert len(set(threads.map(start, range(8)))) == 1
        (tmp_path / "secrets" / MASTER_KEY_FILE).unlink()


def test_a_file_that_is_no_master_key_is_refused_with_what_to_do_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / MASTER_KEY_FILE
    for content in (b"", b"not base64!", base64.b64encode(b"too short"), b"\xff"):
        path.write_bytes(content)
        with pytest.raises(VaultError, match="Restore the file"):
            master_key(tmp_path)
        assert path.read_bytes() == content


def test_a_master_key_that_cannot_be_read_or_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(VaultError, match="cannot be read or created"):
        master_key(tmp_path / "file" / "secrets")
    (tmp_path / "folder" / MASTER_KEY_FILE).mkdir(parents=True)
    with pytest.raises(VaultError, match="cannot be read or created"):
        master_key(tmp_path / "folder")


async def test_another_installations_master_key_is_refused_with_a_sentence(
    ledger: Ledger, place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    await add_person(ledger, "Wang Wei")
    with pytest.raises(VaultError, match="does not belong to this database"):
        async with ledgers.open_ledger(place.url, tmp_path / "another", LIFECYCLES_BY_KIND, settings):
            pass


async def test_fingerprints_stay_the_same_from_one_start_to_the_next(
    place: DatabaseUrls, tmp_path: Path, settings: Settings
) -> None:
    fingerprints = set()
    for _ in range(2):
        async with ledgers.open_ledger(
            place.url, tmp_path / "secrets", LIFECYCLES_BY_KIND, settings
        ) as ledger:
            fingerprints.add(ledger.vault.fingerprint("a name"))
    assert len(fingerprints) == 1
