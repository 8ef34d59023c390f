"""What a release has filled is there after an upgrade to the present version, and its clients go on."""

from __future__ import annotations

import importlib
import lzma
import shutil
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest
from psycopg import sql

from app.api.authentication import auth
from app.conformance.reconcile import compare_cases, rebuild_cases
from app.foundation.calendars.spans import rebuild_spans
from app.kernel.access.vault import MASTER_KEY_FILE
from app.kernel.actions.refusals import CALLER_CHECKS
from app.kernel.commands.offers import required_children
from app.kernel.histories.rebuild import compare
from app.kpis.catalogue import KPIS
from app.kpis.reconcile import reconcile
from app.main import application
from app.platform import schema, schema_dump
from app.platform.db import connect
from app.platform.installation import OWNER_ROLE, SERVICE_ROLE
from app.platform.settings import Settings
from app.processes.changes.planning.bookings import rebuild_bookings
from app.registry import LIFECYCLES
from tests.client import Api, Client, serving
from tests.conftest import Server
from tests.extent import WHOLE
from tests.released.data import load_rows
from tests.released.filling import follow, read_answers, read_counts
from tests.released.kept import CLIENT, ROWS, SCHEMA, Kept, read_kept, released_folders
from tests.selection import one_in
from tests.served import behind_a_socket

UNLIMITED = Settings(_env_file=None, rate_limit=1_000_000, person_writes=1_000_000, rating_percent=0)  # type: ignore[call-arg]  # Pydantic's own

#: The KPIs whose figures are compared, and of what else was answered the part that is read again: each takes
#: its time, so all of them only by `make test-all`.
FIGURES = one_in(25, KPIS)
ADDRESSES = 1 if WHOLE else 4


@dataclass(frozen=True)
class Upgraded:
    """An installation of a release that was brought up to date, what is kept of it, and its schema before."""

    api: Api
    url: str
    secrets: Path
    folder: Path
    release: Kept
    schema_before: str

    def client(self, name: str) -> Client:
        """Whoever comes with that key of the release."""
        return self.api.with_token(self.release.keys[name])


VOTED_KINDS = ("changes", "freezes", "improvement_plans", "improvements", "process_changes", "releases")
#: Whether an action is open, by kind and name, where other people are kept apart than in the release: before
#: and now (decisions 0202 and 0205). Who may vote is decided when they vote.
KEPT_APART_OTHERWISE = {
    **{(kind, name): (False, True) for kind in VOTED_KINDS for name in ("vote", "decide")},
    ("improvements", "return_plan"): (False, True),
    ("process_changes", "review"): (True, False),
    ("changes", "review"): (True, False),
}
#: What one person did in states in which a board decides now (decision 0205).
LEFT_TO_BOARDS = {("improvements", "prioritise"), ("improvements", "revert")}


@pytest.fixture(scope="module", params=released_folders(), ids=lambda folder: str(folder.name))
async def upgraded(
    server: Server, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Upgraded]:
    """That release, restored into an empty database and migrated."""
    folder: Path = request.param
    release = read_kept(folder)
    secrets = tmp_path_factory.mktemp("secrets")
    shutil.copyfile(folder / MASTER_KEY_FILE, secrets / MASTER_KEY_FILE)
    (secrets / MASTER_KEY_FILE).chmod(0o600)
    with _empty_database(server) as name:
        url, owner_url = server.address(name, "service"), server.address(name, "owner")
        schema.migrate(owner_url, None, release.migration)
        load_rows(owner_url, folder / ROWS)
        schema_before = schema_dump.dump(owner_url)
        schema.migrate(owner_url, None if server.one_role else SERVICE_ROLE)
        async with serving(url, secrets, UNLIMITED) as api:
            yield Upgraded(api, url, secrets, folder, release, schema_before)


@contextmanager
def _empty_database(server: Server) -> Iterator[str]:
    name = f"{server.databases.prefix}_released"
    identifier = sql.Identifier(name)
    with psycopg.connect(server.administrator, autocommit=True) as administrator:
        administrator.execute(sql.SQL("drop database if exists {} with (force)").format(identifier))
        owner = sql.SQL("") if server.one_role else sql.SQL(" owner {}").format(sql.Identifier(OWNER_ROLE))
        administrator.execute(sql.SQL("create database {} template template0").format(identifier) + owner)
    yield name
    server.databases.drop(name)


def test_the_restored_database_was_as_the_release_made_it(upgraded: Upgraded) -> None:
    assert upgraded.schema_before == lzma.decompress((upgraded.folder / SCHEMA).read_bytes()).decode()


async def test_no_event_is_lost_and_all_that_was_read_is_read_as_before(
    upgraded: Upgraded, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = upgraded.release
    counts = await read_counts(upgraded.api.ledger)
    assert {name: counts.get(name) for name in release.counts} == release.counts
    await follow(upgraded.api.ledger)
    monkeypatch.setattr(auth, "utc_now", lambda: release.read_at)
    paths = [path for path in release.answers if not path.startswith("/v1/kpis/")][::ADDRESSES]
    paths += [path for path in release.answers if path.partition("?")[0].rpartition("/")[2] in FIGURES]
    answers = await read_answers(upgraded.client("everybody"), paths)
    lost = [line for path in paths for line in _lost(answers[path], release.answers[path], path)]
    assert not lost, "\n".join(lost)


def _lost(now: Any, before: Any, place: str) -> Iterator[str]:
    """Yield where something else is answered than before; members may have come. Zeros of the time before the
    first record are unknown now.
    """
    if place.startswith("/v1/kpis/") and _was_before_records(now, before, place):
        return
    if isinstance(before, dict) and isinstance(now, dict):
        for name, value in before.items():
            yield from _lost(now.get(name), value, f"{place} {name}")
    elif place.endswith(" actions"):
        # There may be more actions than before, and those of before are as they were.
        by_name = {action["action"]: action for action in now}
        for action in before:
            kind = place.split("/")[2].partition(" ")[0]
            if (kind, action["action"]) in LEFT_TO_BOARDS and action["action"] not in by_name:
                continue
            present = by_name.get(action["action"])
            expected = _expected_action(kind, action, present or {})
            yield from _lost(present, expected, f"{place}[{action['action']}]")
    elif isinstance(before, list) and isinstance(now, list) and len(now) == len(before):
        for number, (part, value) in enumerate(zip(now, before, strict=True)):
            yield from _lost(part, value, f"{place}[{number}]")
    elif place.endswith((" reason", " label", " why", " sentence")) and isinstance(before, str) and now:
        pass  # a sentence for people may be reworded, but not left out
    elif now != before:
        yield f"{place}: {before} became {now}"


def _was_before_records(now: Any, before: Any, place: str) -> bool:
    if isinstance(now, dict):
        return now.get("no_value") == "not_recorded" and (before or {}).get("value") == 0
    return place.endswith(" previous value") and (before, now) == (0, None)


def _is_tried(plural: str, name: str) -> bool:
    """Whether checks of the caller or of child rows decide if the action is shown as open."""
    (lifecycle,) = (each for each in LIFECYCLES if each.plural == plural)
    row = lifecycle[name]
    return bool(CALLER_CHECKS & {*row.checks.wrong} or row.checks.unless or required_children(row))


def _expected_action(kind: str, action: Mapping[str, Any], present: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the action as it is expected now: where other people are kept apart, it is open to others. What
    would be refused was open before, and is closed now with the reason (decision 0206).
    """
    if present.get("open") is False and present["reason"] and _is_tried(kind, action["action"]):
        return {name: value for name, value in action.items() if name not in ("open", "reason")}
    before, now = KEPT_APART_OTHERWISE.get((kind, action["action"]), (None, None))
    if action["open"] is not before:
        return action
    return {name: value for name, value in action.items() if name != "reason"} | {"open": now}


async def test_its_log_folds_into_its_rows_and_its_figures_reconcile(upgraded: Upgraded) -> None:
    await follow(upgraded.api.ledger)
    connection = await connect(upgraded.url)
    try:
        assert (await compare(connection, LIFECYCLES)).examples == []
        assert [*await rebuild_spans(connection), *await rebuild_bookings(connection)] == []
    finally:
        await connection.close()
    assert await rebuild_cases(upgraded.url, LIFECYCLES) == []
    report = await reconcile(upgraded.url, zone=ZoneInfo("UTC"), now=datetime.now(UTC), keys=FIGURES)
    await compare_cases(upgraded.url, LIFECYCLES, report)
    assert report.differences == []
    assert report.compared > 0


@pytest.fixture
def client_package(upgraded: Upgraded) -> Iterator[Any]:
    """The client that was generated from the release's contract."""
    sys.path.insert(0, str(upgraded.folder / CLIENT))
    yield lambda path: importlib.import_module(f"ledgerdesk_client.{path}")
    sys.path.remove(str(upgraded.folder / CLIENT))
    for name in [name for name in sys.modules if name.partition(".")[0] == "ledgerdesk_client"]:
        del sys.modules[name]


async def test_its_generated_client_lists_files_and_acts_with_its_keys(
    upgraded: Upgraded, client_package: Any
) -> None:
    models = SimpleNamespace(**vars(client_package("models")))
    app = application(upgraded.url, upgraded.secrets, UNLIMITED)
    async with behind_a_socket(app) as (host, port):

        def signed_in(name: str) -> Any:
            return client_package("client").AuthenticatedClient(
                base_url=f"http://{host}:{port}",
                token=upgraded.release.keys[name],
                raise_on_unexpected_status=True,
            )

        def operation(tag: str, name: str) -> Any:
            return client_package(f"api.{tag}.{name}").asyncio

        async with signed_in("requester") as requester, signed_in("everybody") as agent:
            page = await operation("incidents", "list_incidents")(client=agent, limit=5)
            assert len(page.items) == 5
            body = models.SubmitRequest(
                title="A larger screen 大屏幕",
                description="For reading drawings.",
                channel=models.Channel.PORTAL,
                urgency=models.Urgency("3"),
            )
            filed = await operation("requests", "submit_request")(client=requester, body=body)
            assert isinstance(filed, models.RequestOut)
            comment = models.CommentTicket(text="Which size? 多大？")
            await operation("requests", "comment_request")(filed.id, client=agent, body=comment)
            comments = await operation("requests", "list_request_comments")(filed.id, client=requester)
            assert [item.text for item in comments.items] == [comment.text]
