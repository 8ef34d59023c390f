"""What waits for the reader otherwise than as an assigned ticket, as rows that lead to forms: tasks, votes,
complaints, dated duties, and signatures and other actions that notices ask for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from app.desk.pages.context import Desk, require_signed_in
from app.desk.pages.form.questions import TRANSFER
from app.desk.pages.record.vote_sentences import vote_sentence
from app.desk.pages.record_names import with_record_names
from app.desk.pages.records import RecordView, named_in_vote
from app.foundation.people.succession.leaving import managed_kinds

#: Most records without a title whose names are read.
MOST_NAMED = 20
#: The actions that answer complaints, by whether the reader owns the complaint.
ABOUT_COMPLAINTS = {True: "answer_complaint", False: "assign_complaint"}
#: Later than all times, and after all priorities.
NEVER, NO_PRIORITY = "9999", "P9"


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """Something that waits for the reader: what it is, the address where it is done, the record that it is
    about, and when it is due (None: at no time). `ends_hold`: that time ends its hold.
    """

    to_do: str
    address: str
    called: str
    title: str
    priority: str | None
    due_at: str | None
    ends_hold: bool = False

    @property
    def urgency(self) -> tuple[str, str]:
        """Return what sorts the most urgent first."""
        return self.due_at or NEVER, self.priority or NO_PRIORITY


async def asked_rows(desk: Desk, work: Mapping[str, Any]) -> list[WaitingRow]:
    """Return the rows of what waits for the reader in that answer of `/v1/me/work`, the most urgent first."""
    names, first_due = await asyncio.gather(_names_of_untitled(desk, work), _first_due(desk, work))
    return sorted(_rows(desk, work, names, first_due), key=lambda row: row.urgency)


def _is_untitled(duty: Mapping[str, Any]) -> bool:
    """Return whether the record has no title, or only one that it shares with others: it has no number."""
    return not duty["title"] or duty["number"] == duty["record"]


async def _names_of_untitled(desk: Desk, work: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Return what the records without a title of their own are called that wait for the reader, by their
    kinds and ids.
    """
    waiting = [(each["kind"], each["record"]) for each in work["asked"] if _is_untitled(each)]
    waiting += [(each["kind"], each["ticket"]) for each in work["duties"] if not each["ticket_title"]]
    pairs = list(dict.fromkeys(pair for pair in waiting if pair[1]))[:MOST_NAMED]

    async def name(kind: str, record: str) -> str:
        lifecycle = desk.lifecycle(kind)
        read = await desk.calls.read_if_allowed(f"/v1/{lifecycle.plural}/{record}")
        if read is None:
            return ""
        (view,) = await with_record_names(desk, [RecordView(lifecycle, read, desk.language)])
        return view.title if read.get("number") else view.spoken_name

    return dict(zip(pairs, await asyncio.gather(*(name(*pair) for pair in pairs)), strict=True))


async def _first_due(desk: Desk, work: Mapping[str, Any]) -> dict[str, str | None]:
    """Return when the first duty that the reader may hand over is due, of each person whose duties they are
    asked to transfer.
    """
    people = [each["record"] for each in work["asked"] if each["action"] == TRANSFER][:MOST_NAMED]
    pages = await asyncio.gather(
        *(desk.calls.read_if_allowed(f"/v1/persons/{person}/duties") for person in people)
    )
    duties = [(page or {"items": ()})["items"] for page in pages]
    own = managed_kinds(require_signed_in(desk.request))
    return {
        person: min((duty["due_at"] for duty in held if duty["due_at"] and duty["kind"] in own), default=None)
        for person, held in zip(people, duties, strict=True)
    }


def _rows(
    desk: Desk,
    work: Mapping[str, Any],
    names: Mapping[tuple[str, str], str],
    first_due: Mapping[str, str | None],
) -> Iterator[WaitingRow]:
    """Yield the tasks, votes, complaints and actions that wait for the reader; `names` are those of records
    without a title, `first_due` are the times of duties to transfer.
    """
    for task in work["tasks"]:
        to_do = desk.sentence("told_of", name=desk.sentence("task"), text=task["title"])
        yield _row(desk, to_do, task, "complete_task", {"/task": task["id"]})
    for vote in (*work["votes"], *work["votes_for_others"]):
        if vote["opens_at"] is not None:
            to_do = vote_sentence(desk, vote)
            yield _row(desk, to_do, {**vote, "due_at": vote["opens_at"]}, None, {})
            continue
        yield _row(desk, vote_sentence(desk, vote), vote, vote["action"], named_in_vote(vote))
    for complaint in work["complaints"]:
        action = ABOUT_COMPLAINTS[complaint["owned"]]
        label = _action_label(desk, complaint["kind"], action)
        yield _row(desk, label, complaint, action, {"/complaint": complaint["id"]})
    for duty in work["duties"]:
        to_do = duty["label"]
        if duty["title"] is not None:
            to_do = desk.sentence("told_of", name=duty["label"], text=duty["title"])
        named = {f"/{name}": text for name, text in duty["fields"].items()}
        titled = duty if duty["ticket_title"] else {**duty, "ticket_title": _name_in(names, duty, "ticket")}
        yield _row(desk, to_do, titled, duty["action"], named)
    for request in work["asked"]:
        record = {
            **request,
            "ticket": request["record"],
            "ticket_title": _name_in(names, request, "record") or request["title"],
        }
        record["due_at"] = first_due.get(request["record"]) or request["due_at"]
        if request["number"] == request["record"]:
            record["number"] = None
        yield _row(desk, request["label"], record, request["action"], {})


def _name_in(names: Mapping[tuple[str, str], str], about: Mapping[str, Any], member: str) -> str:
    return names.get((about["kind"], about[member]), "")


def _row(
    desk: Desk, to_do: str, about: Mapping[str, Any], action: str | None, named: Mapping[str, str]
) -> WaitingRow:
    """Return the row, which leads to the form of the action (None: to the record)."""
    path = desk.display.address(about["kind"], about["number"], about["ticket"])
    path = path if action is None else f"{path}/{action}"
    called = about["number"] or desk.kind_label(about["kind"])
    address = f"{path}?{urlencode(named)}" if named else path
    return WaitingRow(to_do, address, called, about["ticket_title"] or "", None, about["due_at"])


def _action_label(desk: Desk, kind: str, action: str) -> str:
    return desk.lifecycle(kind)[action].label(desk.language)
