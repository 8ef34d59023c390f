"""What waits for administrators, with numbers and the place of the next step, for their first page."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from app.api.authentication.auth import ledger_of, utc_now
from app.desk.administration.index import ADMINISTRATION
from app.desk.pages.context import Desk
from app.desk.pages.form.questions import held_kinds
from app.desk.pages.lists.addresses import address_of_list
from app.log import read
from app.log.canonical import instant

#: How long before its end a key is shown, and most records of a kind that are read for a number.
KEY_END_PERIOD = timedelta(days=30)
MOST_READ = "200"
#: Most people whose accounts were deactivated, and most names that a line shows.
MOST_FORMER, MOST_NAMED = 20, 5
#: The worker has stopped if it has left an event for longer; `ledgerdesk doctor` warns as early.
LONGEST_LAG_SECONDS = 300.0
#: Definitions that apply once somebody has agreed to them, by kind and state.
TO_AGREE = (("quality_target", "proposed"), ("service", "proposed"))


@dataclass(frozen=True, slots=True)
class AdministratorTask:
    """Something to do: its sentence with the number, the address (empty if no page does it), and the names of
    those concerned, each with the address of the next step.
    """

    words: str
    address: str = ""
    named: Sequence[tuple[str, str]] = ()


async def administrator_tasks(desk: Desk) -> list[AdministratorTask] | None:
    """Return what waits for an administrator; None for other readers. Raises CallRefused."""
    if not desk.is_administrator:
        return None
    task_lists = await asyncio.gather(
        _stopped_worker(desk),
        _counted_tasks(desk),
        _without_sign_in(desk),
        _to_hand_over(desk),
        _failed_deliveries(desk),
        _jobs(desk),
    )
    return [task for tasks in task_lists for task in tasks]


async def _stopped_worker(desk: Desk) -> list[AdministratorTask]:
    """Return that no worker takes the events of the log."""
    ledger = ledger_of(desk.request)
    lags = await read.lags(ledger.db)
    if not lags:
        return [AdministratorTask(desk.sentence("worker_never_ran"))]
    seconds = max(lag.seconds for lag in lags)
    if seconds < LONGEST_LAG_SECONDS:
        return []
    return [AdministratorTask(desk.sentence("worker_stopped", minutes=round(seconds / 60)))]


async def _counted_tasks(desk: Desk) -> list[AdministratorTask]:
    """Return the keys that end soon, and the definitions that wait for agreement."""
    now = utc_now()
    ending = {
        "state": "active",
        "expires_after": instant(now),
        "expires_before": instant(now + KEY_END_PERIOD),
    }
    chosen = [("key", ending), *((kind, {"state": state}) for kind, state in TO_AGREE)]
    selections = [f"{kind}?{urlencode(filters)}" for kind, filters in chosen if kind in desk.lifecycles]
    counts = await desk.calls.read("/v1/list_counts", {"selection": selections, "most": "99"})
    tasks = []
    for (kind, filters), item in zip(chosen, counts["items"], strict=True):
        number = "99+" if item["total"] is None else str(item["total"])
        if item["total"] != 0:
            code = "keys_end" if kind == "key" else "to_agree"
            words = desk.sentence(code, n=number, kind=desk.kinds_label(kind))
            tasks.append(AdministratorTask(words, address_of_list(kind, filters)))
    return tasks


async def _without_sign_in(desk: Desk) -> list[AdministratorTask]:
    """Return the active accounts of people with neither a login nor a key."""
    of_people = {"state": "active", "kind": "human", "fields": "id,name,login", "limit": MOST_READ}
    people, keys = await asyncio.gather(
        _items(desk, "/v1/persons", of_people),
        _items(desk, "/v1/keys", {"state": "active", "fields": "id,person", "limit": MOST_READ}),
    )
    with_key = {key["person"]["id"] for key in keys if key["person"]}
    without = [each for each in people if not each["login"] and each["id"] not in with_key]
    if not without:
        return []
    named = [(each["name"], f"/desk/new/key/make?{urlencode({'/person': each['id']})}") for each in without]
    words = desk.sentence("without_sign_in", n=len(without))
    address = address_of_list("person", {"state": "active", "kind": "human"})
    return [AdministratorTask(words, address, named[:MOST_NAMED])]


async def _to_hand_over(desk: Desk) -> list[AdministratorTask]:
    """Return the deactivated accounts that still hold duties."""
    chosen = {"state": "inactive", "fields": "id,name", "limit": str(MOST_FORMER)}
    former = await _items(desk, "/v1/persons", chosen)
    held = await asyncio.gather(
        *(desk.calls.read_if_allowed(f"/v1/persons/{each['id']}/duties") for each in former)
    )
    own, handed_over_by_managers = [], []
    for each, duties in zip(former, held, strict=True):
        kinds = held_kinds(desk, duties) if duties else []
        if any(kind.is_own for kind in kinds):
            own.append((each["name"], f"{ADMINISTRATION}/people/{each['id']}/handover"))
        elif kinds:
            handed_over_by_managers.append((each["name"], f"{ADMINISTRATION}/people/{each['id']}/handover"))
    address = address_of_list("person", {"state": "inactive"})
    return [
        AdministratorTask(desk.sentence(code, n=len(named)), address, named[:MOST_NAMED])
        for code, named in (("to_hand_over", own), ("others_hand_over", handed_over_by_managers))
        if named
    ]


async def _failed_deliveries(desk: Desk) -> list[AdministratorTask]:
    """Return the deliveries that failed, by their sources."""
    chosen = {"fields": "id,key,title", "limit": "50"}
    sources = await _items(desk, "/v1/webhook_sources", chosen)
    states = await asyncio.gather(
        *(desk.calls.read_if_allowed(f"/v1/webhook_sources/{each['id']}/status") for each in sources)
    )
    failed = [(each, state["failed"]) for each, state in zip(sources, states, strict=True) if state]
    failed = [(each, number) for each, number in failed if number]
    if not failed:
        return []
    words = desk.sentence("deliveries_failed", n=sum(number for _, number in failed))
    named = [
        (f"{each['title']} ({number})", f"/dashboard/integrations/{each['key']}") for each, number in failed
    ]
    return [AdministratorTask(words, "/dashboard/integrations", named[:MOST_NAMED])]


async def _jobs(desk: Desk) -> list[AdministratorTask]:
    """Return the bulk jobs that failed."""
    jobs = await _items(desk, "/v1/bulk_jobs", {"limit": MOST_READ})
    failed = sum(job["state"] == "failed" for job in jobs)
    return [AdministratorTask(desk.sentence("jobs_failed", n=failed), "/docs?tags=bulk")] if failed else []


async def _items(desk: Desk, path: str, parameters: dict[str, str]) -> list[dict[str, Any]]:
    page = await desk.calls.read_if_allowed(path, parameters)
    return list(page["items"]) if page else []
