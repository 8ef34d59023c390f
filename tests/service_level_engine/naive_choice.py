"""The choice of an agreement and a target, written down once more from the rules of the case files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import combinations, product
from typing import Any

from tests.service_level_engine.naive_calendar import local_midnight

Json = Mapping[str, Any]
FORMS = {
    "SLA": ("service_customer_item", "service_customer", "service", "default"),
    "OLA": ("team_service", "team"),
    "UC": ("supplier_service", "supplier"),
}
FOREVER = datetime.fromisoformat("9000-01-01T00:00:00+00:00")


def chosen_agreement(case: Json, calendars: Json, attributes: Json) -> Json | None:
    """The SLA of a case with these attributes, as of its opening."""
    openings = [e for e in case["events"] if e["type"].split(".")[1] in ("reported", "submitted", "raised")]
    ticket = {
        **attributes,
        "opened_at": openings[0]["occurred_at"],
        "opening_position": case.get("opening_position", 0),
        "source": case.get("source", "api"),
    }
    question = {**case, "ticket": ticket, "kind_asked": "SLA"}
    return applicable(question, calendars)[0]


def applicable(case: Json, calendars: Json) -> tuple[Json | None, str]:
    """The agreement that applies to the ticket of the case, and why."""
    ticket, kind = case["ticket"], case["kind_asked"]
    living = [a for a in case["agreements"] if a["kind"] == kind and _in_force(a, case, calendars)]
    for form in FORMS[kind]:
        for agreement in living:
            if _form(agreement) == form and _fits(agreement, ticket):
                return agreement, form
    return None, "none"


def _form(agreement: Json) -> str:
    named = "_service" if agreement.get("services") else ""
    if agreement["kind"] == "OLA":
        return "team" + named
    if agreement["kind"] == "UC":
        return "supplier" + named
    has = [bool(agreement.get(name)) for name in ("services", "customer", "catalogue_items")]
    forms = {(1, 1, 1): "service_customer_item", (1, 1, 0): "service_customer", (1, 0, 0): "service"}
    forms[0, 0, 0] = "default"
    return forms.get((has[0], has[1], has[2]), "no form")


def _fits(agreement: Json, ticket: Json) -> bool:
    for name in ("customer", "team", "supplier"):
        if agreement.get(name) and agreement[name] != ticket.get(name):
            return False
    if agreement.get("services") and ticket.get("service") not in agreement["services"]:
        return False
    return (
        not agreement.get("catalogue_items") or ticket.get("catalogue_item") in agreement["catalogue_items"]
    )


def _knows(case: Json, position: int | None) -> bool:
    if position is None:
        return False
    if case["ticket"]["source"].startswith("import:"):
        return position <= int(case.get("asked_position", position))
    return position < int(case["ticket"]["opening_position"])


def _days(agreement: Json, calendars: Json) -> tuple[datetime, datetime]:
    zone = calendars[agreement["calendar"]]["timezone"]
    begin = local_midnight(agreement["valid_from"], zone)
    return begin, local_midnight(agreement["valid_to"], zone, 1) if agreement.get("valid_to") else FOREVER


def _begun(agreement: Json, case: Json, calendars: Json) -> bool:
    opened = datetime.fromisoformat(case["ticket"]["opened_at"])
    if not _knows(case, agreement.get("signed_position")):
        return False
    imported = case["ticket"]["source"].startswith("import:")
    if not imported and datetime.fromisoformat(agreement["signed_at"]) > opened:
        return False
    return _days(agreement, calendars)[0] <= opened


def _in_force(agreement: Json, case: Json, calendars: Json) -> bool:
    opened = datetime.fromisoformat(case["ticket"]["opened_at"])
    if not _begun(agreement, case, calendars) or opened >= _days(agreement, calendars)[1]:
        return False
    ended = _knows(case, agreement.get("ended_position"))
    if ended and datetime.fromisoformat(agreement["ended_at"]) <= opened:
        return False
    for other in case["agreements"]:
        same = other["key"] == agreement["key"] and other.get("replaces") == agreement["version"]
        if same and _begun(other, case, calendars):
            return False
    return True


def chosen_target(agreement: Json, metric: str, ticket: Json) -> Json | None:
    """The target of the metric with the most conditions, all of which fit."""
    fitting = [
        target
        for target in agreement["targets"]
        if target["metric"] == metric and all(ticket.get(k) == v for k, v in target["conditions"].items())
    ]
    return max(fitting, key=lambda target: len(target["conditions"]), default=None)


def choice(case: Json, calendars: Json) -> dict[str, Any]:
    """What a case of choice is to answer."""
    if case["question"] == "sign":
        return _signed(case, calendars)
    if case["question"] == "submit_for_review":
        return _submitted(case["agreement"]["targets"])
    case = {**case, "ticket": _at_the_end(case["ticket"])}
    agreement, why = applicable(case, calendars)
    target = chosen_target(agreement, case["metric"], case["ticket"]) if agreement else None
    return {
        "agreement": agreement["key"] if agreement else None,
        "version": agreement["version"] if agreement else None,
        "target": target["id"] if target else None,
        "why": why,
    }


def _at_the_end(ticket: Json) -> Json:
    """The ticket with what was changed later."""
    changes = sorted(ticket.get("changes", []), key=lambda item: datetime.fromisoformat(item["at"]))
    return {**ticket, **{name: value for change in changes for name, value in change["set"].items()}}


def _signed(case: Json, calendars: Json) -> dict[str, Any]:
    new = case["candidate"]
    begin, end = _days(new, calendars)
    for other in case["agreements"]:
        if other.get("signed_position") is None or other["kind"] != new["kind"]:
            continue
        if (other["key"], other["version"]) == (new["key"], new["version"]):
            continue
        scopes = [(*(a.get(n) for n in ("customer", "team", "supplier")), *_sets(a)) for a in (new, other)]
        if scopes[0] != scopes[1]:
            continue
        other_begin, other_end = _days(other, calendars)
        if other.get("ended_at"):
            other_end = min(other_end, datetime.fromisoformat(other["ended_at"]))
        for following in (*case["agreements"], new):
            signed = following is new or following.get("signed_position") is not None
            replaces = following["key"] == other["key"] and following.get("replaces") == other["version"]
            if signed and replaces:
                other_end = min(other_end, _days(following, calendars)[0])
        if max(begin, other_begin) < min(end, other_end):
            return {"refused": True, "with": {"key": other["key"], "version": other["version"]}}
    return {"refused": False, "with": None}


def _sets(agreement: Json) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(agreement.get("services") or ()), frozenset(agreement.get("catalogue_items") or ())


def _submitted(targets: Sequence[Json]) -> dict[str, Any]:
    """By trying every case whose attributes are those that some target names, or another value."""
    for metric in dict.fromkeys(target["metric"] for target in targets):
        same = [target for target in targets if target["metric"] == metric]
        names = sorted({name for target in same for name in target["conditions"]})
        values = [
            sorted({target["conditions"].get(name, "another") for target in same} | {"another"})
            for name in names
        ]
        tied: set[str] = set()
        for chosen in product(*values):
            ticket = dict(zip(names, chosen, strict=True))
            fitting = [t for t in same if all(ticket[k] == v for k, v in t["conditions"].items())]
            most = max((len(t["conditions"]) for t in fitting), default=0)
            best = [t["id"] for t in fitting if len(t["conditions"]) == most]
            tied |= {item for pair in combinations(best, 2) for item in pair}
        if tied:
            return {"refused": True, "targets": [t["id"] for t in same if t["id"] in tied]}
    return {"refused": False, "targets": []}
