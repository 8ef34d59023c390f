"""Changes of a correction, in words: the target or case, the figure, before and after. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from app.service_reports.content import ReportChange, ReportContent, ReportTarget, TargetVerdict
from app.service_reports.pages.texts import UNKNOWN, ReportTexts

#: Lists whose entries are compared one by one: added or removed.
ENTRIES = frozenset({"breaches", "exclusions", "causes", "cause_counts"})
#: Lists of names: what is in one is its own value.
NAMED = frozenset({"improvement_needed"})
#: Members that identify the case or target, like the path.
IDENTITIES = frozenset({"case_id", "record_id", "number", "round", "target", "id"})
#: Members that are shares.
SHARES = frozenset({"compliance"})
#: Members that are in the unit of their target.
OF_TARGET = frozenset({"result", "threshold", "below"})
#: Parts whose entries are called as their targets.
BY_TARGET = frozenset({"targets", "consequences"})

#: A figure, before and after.
Line = tuple[str, str, str]


def correction_lines(
    changes: Sequence[ReportChange], report: ReportContent, texts: ReportTexts
) -> Iterator[Line]:
    """Yield the changes, in words. A case that is new, or gone, is one line."""
    together: dict[str, list[ReportChange]] = defaultdict(list)
    for change in changes:
        together[_entry(change.path)].append(change)
    targets = {target.id: target for target in report.targets}
    for path, entry in together.items():
        if path.split("/")[0] in NAMED or (path != entry[0].path and _is_whole(entry)):
            present, absent = texts.sentence("listed"), texts.sentence("not_listed")
            new = entry[0].before is None and all(change.before is None for change in entry)
            yield _label(path, targets, texts), absent if new else present, present if new else absent
            continue
        for change in entry:
            if change.path.rpartition("/")[2] not in IDENTITIES:
                before, after = (
                    _value(change.path, value, targets, texts) for value in (change.before, change.after)
                )
                yield _label(change.path, targets, texts), before, after


def _entry(path: str) -> str:
    """Return the path of the entry of a list that the path is in; without one the path."""
    parts = path.split("/")
    for n, part in enumerate(parts[:-1]):
        if part in ENTRIES:
            return "/".join(parts[: n + 2])
    return path


def _is_whole(changes: Sequence[ReportChange]) -> bool:
    return all(change.before is None for change in changes) or all(change.after is None for change in changes)


def _label(path: str, targets: dict[str, ReportTarget], texts: ReportTexts) -> str:
    """Return what the path is about: `Resolution · P4: INC-2026-000012, due`."""
    parts = path.split("/")
    if parts[0] == "targets" and len(parts) > 1:
        target = targets.get(parts[1])
        about = parts[1] if target is None else f"{parts[1]} · {texts.subject(target)}"
        parts = [about, *(part for part in parts[2:] if part != "breaches")]
    named = [parts[0] if " · " in parts[0] else _member(parts[0], texts)]
    named += [part if ":" in part or "-" in part else _member(part, texts) for part in parts[1:]]
    return ", ".join(part.removesuffix(":1") for part in named)


def _member(name: str, texts: ReportTexts) -> str:
    return texts.label(f"member_{name}", name.replace("_", " "))


def _value(path: str, value: str | None, targets: dict[str, ReportTarget], texts: ReportTexts) -> str:
    """Return the value as the page shows such values elsewhere."""
    if value is None:
        return UNKNOWN
    parts = path.split("/")
    member = parts[-1]
    target = targets.get(parts[1]) if parts[0] in BY_TARGET and len(parts) > 1 else None
    if member == "at" or member.endswith("_at"):
        text = texts.moment(datetime.fromisoformat(value))
    elif member.endswith("_seconds"):
        text = texts.duration(int(value))
    elif member in SHARES:
        text = texts.share(value)
    elif target is not None and member in OF_TARGET:
        text = texts.figure(value, target.unit)
    elif member == "verdict":
        text = TargetVerdict(value).label(texts.language)
    else:
        text = texts.label(f"value_{value}", value)
    return text
