"""Every link of every list and record leads somewhere for the person whom it is shown to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from app.common.people import Role
from app.governance.documents.records import ControlledDocument
from app.kernel.actions.lifecycle import Lifecycle
from app.meetings.lifecycle import LIFECYCLE as MEETING
from app.processes.trainings.lifecycle import LIFECYCLE as TRAINING
from app.registry import LIFECYCLES
from tests.cases import each_case
from tests.client import Client
from tests.every_action.test_reads_of_records import readers
from tests.every_action.world import World, case_name
from tests.extent import WHOLE, in_test_all

ROLES = (
    *(Role.agent, Role.change_manager, Role.quality_manager, Role.committee_member),
    *(Role.admin, Role.auditor),
)
LINK = re.compile(r'(?:href|hx-get)="(/[^"#]*)')
#: What differs between addresses of one form.
NAMES = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z]{2,3}-?\d{4}-?\d+|\?.*")
#: The header of a browser, which shows whatever comes.
BROWSER = "text/html,application/xhtml+xml,*/*;q=0.8"
#: So many records of a list are opened by each reader.
MOST_RECORDS = 20 if WHOLE else 2
FIRST_PAGES = (
    "/desk",
    "/desk/all",
    "/desk/due",
    "/desk/changes",
    "/portal",
    "/portal/mine",
    "/portal/status",
)
PAGES = (*FIRST_PAGES, "/portal/catalogue", "/dashboard", "/dashboard/committee", "/dashboard/improvement")


def links(html: str) -> list[str]:
    """The addresses that the content of a page leads to, each once."""
    return list(dict.fromkeys(unescape(link) for link in LINK.findall(html.partition("<main")[2])))


def one_of_each_form(addresses: list[str]) -> list[str]:
    """One address of each form: names of records and what is filled in make no difference."""
    return list({NAMES.sub("…", address): address for address in reversed(addresses)}.values())


async def answers_of(client: Client, addresses: list[str]) -> dict[str, str]:
    """What the addresses answer: a page or file as text, a refusal as its status after a mark."""
    answers = {}
    for address in addresses:
        answer = await client.get(address, headers={"accept": BROWSER})
        answers[address] = answer.text if answer.status_code < 400 else f"!{answer.status_code}"
    return answers


def faults(name: str, answers: dict[str, str], found_on: str) -> Iterator[str]:
    """Which of these answers are refusals, with the role of whoever was shown the links."""
    for address, text in answers.items():
        if text.startswith("!"):
            yield f"{name} on {found_on}: {address} {text}"


async def who_looks(world: World) -> list[tuple[str, Client]]:
    """A requester, and a colleague with each of the roles alone."""
    return [("requester", world.requester), *zip(ROLES, await readers(world, *ROLES), strict=True)]


@each_case("lifecycle", LIFECYCLES, ids=case_name, one_of_each=lambda _: "links of pages")
async def test_links_of_lists_and_records_answer(world: World, lifecycle: Lifecycle[Any]) -> None:
    if lifecycle.kind == ControlledDocument.KIND:
        for files_documents in (TRAINING, MEETING):
            await world.standing(files_documents, list(files_documents.states)[1])
    states = list(lifecycle.states)
    for state in states if WHOLE else states[:1]:
        await world.standing(lifecycle, state)
    wrong: list[str] = []
    for name, client in await who_looks(world):
        start = f"/desk/{lifecycle.kind}"
        (listed,) = (await answers_of(client, [start])).values()
        on_list = links(listed)
        records = [address for address in on_list if address.startswith(f"{start}/")]
        further = [address for address in on_list if address not in records]
        opened = await answers_of(client, [*records[:MOST_RECORDS], *one_of_each_form(further)])
        wrong += faults(name, opened, start)
        for record in records[:MOST_RECORDS]:
            forms = [address for address in one_of_each_form(links(opened[record])) if address not in opened]
            wrong += faults(name, await answers_of(client, forms), record)
            opened.update(dict.fromkeys(forms, ""))
    assert wrong == [], "\n".join(wrong)


@in_test_all
async def test_links_of_first_pages_answer(world: World) -> None:
    for lifecycle in LIFECYCLES:
        await world.standing(lifecycle, next(iter(lifecycle.states)))
    wrong: list[str] = []
    for name, client in await who_looks(world):
        for start in PAGES:
            (first_page,) = (await answers_of(client, [start])).values()
            wrong += faults(name, await answers_of(client, one_of_each_form(links(first_page))), start)
    assert wrong == [], "\n".join(wrong)
