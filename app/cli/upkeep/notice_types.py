"""The documentation page docs/notice-types.md, generated from the types of notices and their rules (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from app.common.notices import NoticeType, RecipientRule
from app.common.records import ChildRecord
from app.i18n import sentences
from app.kernel.actions.lifecycle import Lifecycle
from app.notifications.responsible import responsibility_marks
from app.notifications.steps import MISSED, OF_CLOCKS, PUBLIC, TO_ASSIGNEE, TO_INVITED, TO_LEADS

#: The recipients whose field or record has a name that does not stand by itself.
NAMES = {
    "vote": "voters",
    "told": "persons named by the rule",
    "concerned": "person concerned",
    "talker": "superior who holds the talk",
    "handed over to": "new owner",
    "faults owner": "owner of its faults",
    "revoked from": "former holder",
    "told team": "teams concerned",
    "told roles": "roles by which people vote",
    "told groups": "groups that vote",
}


def as_markdown(lifecycles: Iterable[Lifecycle[Any]]) -> str:
    """Return the table of all types of notices, each with its sentence, kind and recipients."""
    recipients: defaultdict[NoticeType, dict[str, None]] = defaultdict(dict)
    for notice, name in _recipients(lifecycles):
        recipients[notice].setdefault(name)
    lines = [
        "# Types of notices",
        "",
        "Generated from `app/common/notices.py` and the lifecycles by `make contract`; do not edit.",
        "",
        "[Notices](notices.md) explains who is notified, and when. `{number}` and `{title}` are those of the",
        "record. *Person in charge* means the assignee, otherwise the team lead, otherwise the team members.",
        "",
        "| type | sentence | kind | recipients |",
        "|---|---|---|---|",
    ]
    texts = sentences("en")["notice"]
    for notice in NoticeType:
        sentence = texts.get(notice.value, notice.en).replace("|", "\\|")
        names = ", ".join(recipients[notice]) or "persons whom the event names"
        lines.append(f"| `{notice.value}` | {sentence} | {notice.kind.en} | {names} |")
    return "\n".join(lines) + "\n"


def _recipients(lifecycles: Iterable[Lifecycle[Any]]) -> Iterator[tuple[NoticeType, str]]:
    yield from _by_type_of_event()
    marks = responsibility_marks(tuple(lifecycles))
    for fields_by_kind in marks.rows.values():
        for kind, fields in fields_by_kind.items():
            for field, mark in fields.items():
                name = _words(field if field != "person_id" else kind)
                yield from ((notice, name) for notice in (mark.step, mark.otherwise) if notice is not None)
    for paths in marks.payload_paths.values():
        yield from ((notice, _words(path[-1])) for path, notice in paths.items())
    for rules in marks.tells.values():
        yield from ((rule.step, _of_rule(rule)) for rule in rules)


def _by_type_of_event() -> Iterator[tuple[NoticeType, str]]:
    """Yield the recipients of the steps that every ticket, vote, meeting and clock has, and of lost posts."""
    yield NoticeType.relieved, "former holder"
    groups = (
        (PUBLIC, ("requester", "followers")),
        (TO_ASSIGNEE, ("assignee",)),
        (TO_INVITED, ("participants",)),
        (TO_LEADS, ("chair", "organiser")),
        (OF_CLOCKS, ("assignee, otherwise the team lead",)),
    )
    for notices, names in groups:
        yield from ((notice, name) for notice in notices.values() for name in names)
    yield MISSED.step, _of_rule(MISSED)
    yield NoticeType.vote_due, "voters without a vote"
    yield from ((NoticeType.decided, name) for name in ("voters", "person who asked them"))


def _of_rule(rule: RecipientRule) -> str:
    """Return the recipients of the rule in words."""
    rows: type[ChildRecord] | None = rule.created or rule.children
    choices = {
        "person in charge": rule.responsible,
        "team members": rule.team,
        "members of all internal teams": rule.every_team,
        f"members of the {_words(rule.teams)}": rule.teams,
        f"members of the {_words(rule.groups)}": rule.groups,
        f"holders of the {_words(rule.roles_field)}": rule.roles_field,
        _words(rule.field): rule.field,
        _words(rows.KIND if rows else None): rows,
        ", ".join(sorted(f"role {role.en.lower()}" for role in rule.roles)): rule.roles,
    }
    name = next(words for words, chosen in choices.items() if chosen)
    return f"{name} (not the {_words(rule.but)})" if rule.but else name


def _words(name: str | None) -> str:
    words = (name or "").removesuffix("_ids").removesuffix("_id").replace("_", " ")
    return NAMES.get(words, words)
