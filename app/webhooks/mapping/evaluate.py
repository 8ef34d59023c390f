"""Evaluation of a mapping on a delivery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Dictionary
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.common.children import Visibility
from app.common.files.data_files import collecting
from app.common.tickets import HoldReason
from app.exchange.kinds import KEEP_STATE, StatusMeaning
from app.expressions.functions import time as time_text
from app.expressions.language import (
    MISSING,
    Expression,
    ExpressionEnvironment,
    Variables,
)
from app.expressions.times import TimeSettings, time_settings
from app.foundation.environments import environment_key
from app.kernel.actions.made_fit import Alteration, fit_paragraph
from app.processes.deployments.records import DeploymentOutcome, DeploymentState
from app.processes.incidents.records import IncidentState
from app.processes.requests.records import RequestState
from app.webhooks.mapping.deliveries import Delivery, is_guessed, order_of_dates, read_body
from app.webhooks.mapping.document import (
    CODED_FIELDS,
    MEANINGS,
    NAMING_FIELDS,
    PERSON_FIELDS,
    TEXT_FIELDS,
    Entry,
    MappingDocument,
    TicketFields,
)
from app.webhooks.mapping.reader import LONG_KEYS, LONGEST_ID, LONGEST_LINE, LONGEST_PARAGRAPH, EntryReader
from app.webhooks.mapping.ticket_kinds import as_kind
from app.webhooks.mapping.updates import (
    ALERT_STATUSES,
    AlertSignal,
    CommentUpdate,
    DeploymentUpdate,
    Evaluation,
    FailedPart,
    MappingFailed,
    NamedPerson,
    ParsedUpdate,
    TicketUpdate,
    UpdateKind,
)

#: `item` is an element of a list that an entry goes through; `received_at` is text as the function time gives
#: it.
ENVIRONMENT: Final = ExpressionEnvironment(("body", "headers", "item", "received_at"))
MOST_ITEMS = 1_000
NO_TEXT = "(no text)"
#: Why a delivery whose alerts all stay as they are is ignored.
KEEPS_STATE = "its status changes nothing"
TRUNCATED_ALERTS = "Alerts left out by the tool / 工具省略的告警数: {number}"
_ALERT_STATUSES = {each: each for each in ALERT_STATUSES} | {"resolved": "cleared"}
_STATES = {
    UpdateKind.ticket: {state.value: state.value for state in IncidentState},
    UpdateKind.request: {state.value: state.value for state in RequestState},
}


class Mapping:
    """A mapping that is ready to be evaluated. `document` is its content."""

    def __init__(
        self, name: str, document: MappingDocument, compiled: dict[tuple[str | int, ...], Expression]
    ) -> None:
        self.name = name
        self.document = document
        self._compiled = compiled

    def delivery_id(self, delivery: Delivery) -> str | None:
        """Return the delivery's id as the tool gives it, or None. Raises MappingFailed."""
        reader = _Reader(
            self._compiled, ("delivery",), "delivery", _variables(delivery, read_body(delivery).value)
        )
        delivery_id = reader.text("id", self.document.delivery.id, LONGEST_ID)
        return delivery_id if isinstance(delivery_id, str) else None

    def evaluate(self, delivery: Delivery) -> Evaluation:
        """Return the alerts or ticket changes that the mapping reads from it. Raises MappingFailed."""
        body, altered = read_body(delivery)
        order = delivery.date_order or self.document.date_order or order_of_dates(body)
        with time_settings(TimeSettings(delivery.zone or self.document.zone or delivery.usual_zone, order)):
            news: list[ParsedUpdate] = []
            failed: dict[int, FailedPart] = {}
            applied, has_kept = False, False
            for number, entry in enumerate(self.document.news):
                left_out: list[FailedPart] = []
                for reader in self._readers(delivery, body, number, entry, left_out):
                    applied = True
                    if reader is None:
                        continue
                    try:
                        with collecting(reader.data_files):
                            update = reader.news(entry, delivery.received_at)
                        news += [] if update is None else [update]
                        has_kept = has_kept or update is None
                    except MappingFailed as error:
                        is_one_of_many = entry.kind is UpdateKind.alert and entry.each is not None
                        if not is_one_of_many and entry.kind is not UpdateKind.comment:
                            raise
                        # One alert of a group fails alone, and so does the comment that comes with a ticket.
                        part = FailedPart(error.code, error.key, error.words)
                        failed[len(news) + len(failed)] = part
                for part in left_out:
                    failed[len(news) + len(failed)] = part
                    news = [*news[:-1], _with_left_out(news[-1], part)] if news else news
            if is_guessed(delivery):
                _mark_texts(news, Alteration.guessed, lambda text: not text.isascii())
            if Alteration.characters_removed in altered:
                _mark_texts(news, Alteration.characters_removed, lambda text: "\ufffd" in text)
            if failed and not news:
                first = failed[min(failed)]
                raise MappingFailed(first.code, first.key, first.words)
            if applied:
                why = KEEPS_STATE if has_kept else "its list is empty"
                return Evaluation(tuple(news), None if news else why, failed, altered)
            return Evaluation((), self._why_ignored(delivery, body))

    def _readers(
        self, delivery: Delivery, body: Any, number: int, entry: Entry, left_out: list[FailedPart]
    ) -> Iterator[_Reader | None]:
        """Yield a reader for each element that the entry goes through, or one; None if there is no
        element. Elements beyond the bound are added to `left_out`, as one part.
        """
        path, place = ("news", number), f"news {number + 1}"
        body_reader = _Reader(self._compiled, path, place, _variables(delivery, body))
        if entry.each is None:
            if body_reader.applies(entry.when):
                yield body_reader
            return
        # `when` of an entry with `each` is asked of each element; without a list there is nothing to ask it
        # of.
        items = body_reader.raw("each", (entry.each,))
        if items is MISSING or items is None:
            return
        if not isinstance(items, list):
            raise body_reader.failed("wrong_type", "each", "it is not a list", items)
        if len(items) > MOST_ITEMS:
            left_out.append(
                _left_out(f"{place}, items {MOST_ITEMS + 1} to {len(items)}", len(items) - MOST_ITEMS)
            )
        if not items:
            yield None
        rest = _without(body, items)
        for n, item in enumerate(items[:MOST_ITEMS]):
            reader = _Reader(self._compiled, path, f"{place}, item {n + 1}", _variables(delivery, rest, item))
            if reader.applies(entry.when):
                yield reader

    def _why_ignored(self, delivery: Delivery, body: Any) -> str:
        variables = _variables(delivery, body)
        for number, ignored in enumerate(self.document.ignored):
            place = f"ignored {number + 1}"
            if _Reader(self._compiled, ("ignored", number), place, variables).applies(ignored.when):
                return ignored.why
        raise MappingFailed(
            "unmapped", "news", "no entry of the mapping matches, and the event is not listed under ignored."
        )


class _Reader(EntryReader):
    """Evaluates the expressions of one entry on one element of a delivery."""

    def news(self, entry: Entry, received_at: datetime) -> ParsedUpdate | None:
        """Return the news that the entry gives; None: an alert stays in the state that it is in."""
        if entry.kind in MEANINGS:
            return self._ticket(entry, received_at)
        if entry.kind is UpdateKind.deployment:
            return self._deployment(entry, received_at)
        return (self._comment if entry.kind is UpdateKind.comment else self._alert)(entry, received_at)

    def _ticket(self, entry: Entry, received_at: datetime) -> TicketUpdate:
        case = self.required_text("case", entry.case)
        dated = self.event_time("at", entry.at, received_at)
        fields = self._fields(entry)
        meanings = _folded(entry.values.status) or _STATES[entry.kind]
        stated = self.mapped_code("status", entry.status, meanings)
        state = None
        if stated is not MISSING and stated is not None:
            meaning = MEANINGS[entry.kind].model_validate(stated)
            state = meaning.meant_state
            fields |= _fields_of_state(meaning, meanings)
        actor = self.person("actor", entry.actor)
        is_request = entry.kind is UpdateKind.request
        news = TicketUpdate(
            case=case,
            process="request" if is_request else "incident",
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            number=self.optional("number", entry.number),
            url=self.optional("url", entry.url, 2_000),
            opened_at=self.readable_time("opened_at", entry.opened_at),
            resolved_at=self.readable_time("resolved_at", entry.resolved_at),
            actor=actor if isinstance(actor, NamedPerson) else None,
            state=state,
            fields=fields,
            columns=self.columns,
            irregular=tuple(self.irregular),
            altered=self.altered,
            whole_texts=self.whole_texts,
            files=self.files,
            tags=self.tags(entry.fields.tags),
            custom=self.custom_values(entry.custom),
            assignees=self.all_assignees(entry.fields.assignees),
        )
        becomes_request = entry.is_request is not None and self.applies(entry.is_request, "is_request")
        return as_kind(news, "request") if becomes_request else news

    def _fields(self, entry: Entry) -> dict[str, Any]:
        fields: dict[str, Any] = {}
        for name in (n for n in TicketFields.model_fields if getattr(entry.fields, n) is not None):
            sources, key = getattr(entry.fields, name), f"fields.{name}"
            if name in CODED_FIELDS:
                fields[name] = self._own_code(key, name, sources, entry)
            elif name in PERSON_FIELDS:
                fields[name] = self.person(key, sources)
            elif name in TEXT_FIELDS:
                fields[name] = self._naming(key, name, sources, entry)
        return {name: value for name, value in fields.items() if value is not MISSING}

    def _own_code(self, key: str, name: str, sources: tuple[str, ...] | None, entry: Entry) -> Any:
        kind = CODED_FIELDS[name]
        meanings = _folded(getattr(entry.values, name)) or {code.value.lower(): code.value for code in kind}
        meaning = self.mapped_code(key, sources, meanings)
        return meaning if meaning is MISSING or meaning is None else kind(meaning)

    def _naming(self, key: str, name: str, sources: tuple[str, ...] | None, entry: Entry) -> Any:
        text = self.text(key, sources, LONGEST_PARAGRAPH if name in LONG_KEYS else LONGEST_LINE)
        if name in NAMING_FIELDS and isinstance(text, str):
            meaning = _folded(getattr(entry.values, name)).get(text.lower(), text)
            return MISSING if meaning == KEEP_STATE else meaning
        return text

    def _comment(self, entry: Entry, received_at: datetime) -> CommentUpdate:
        dated = self.event_time("at", entry.at, received_at)
        author = self.person("author", entry.author)
        meanings = _folded(entry.values.visibility) or {each.value: each.value for each in Visibility}
        visibility = self.mapped_code("visibility", entry.visibility, meanings)
        if "unknown_visibility" in self.irregular:
            self.altered["visibility"] = [Alteration.unreadable.value]
        return CommentUpdate(
            case=self.required_text("case", entry.case),
            id=self.required_text("id", entry.id),
            text="" if entry.text is None else self._comment_text(entry.text),
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            author=author if isinstance(author, NamedPerson) else None,
            visibility=Visibility(visibility) if isinstance(visibility, str) else Visibility.internal,
            changes=entry.changes,
            ignored_if_unknown=entry.if_unknown == "ignore",
            columns=self.columns,
            irregular=tuple(self.irregular),
            altered=self.altered,
            whole_texts=self.whole_texts,
            files=self.files,
        )

    def _comment_text(self, sources: tuple[str, ...]) -> str:
        """Return the words of a comment; for one without words, such as a file alone, a text that describes
        it.
        """
        text = self.optional("text", sources, LONGEST_PARAGRAPH)
        if text is None:
            self.altered["text"] = [Alteration.left_out.value]
        return text or NO_TEXT

    def _deployment(self, entry: Entry, received_at: datetime) -> DeploymentUpdate | None:
        own_states = {state.value: state.value for state in DeploymentState}
        meaning = self.mapped_code("status", entry.status, _folded(entry.values.status) or own_states)
        if "status" in self.kept_keys:
            return None
        if not isinstance(meaning, str):
            raise self.failed("unknown_status", "status", "it is neither running nor an outcome")
        dated = self.event_time("at", entry.at, received_at)
        service = self._naming("service", "service", entry.service, entry)
        return DeploymentUpdate(
            # A key has no slash, and a repository's name has one.
            pipeline=self.required_text("pipeline", entry.pipeline).replace("/", "."),
            run=self.required_text("run", entry.run),
            environment=environment_key(
                self.required_text("environment", entry.environment).replace("/", "-")
            ),
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            outcome=None if meaning == DeploymentState.running else DeploymentOutcome(meaning),
            started_at=self.readable_time("started_at", entry.started_at),
            service=service if isinstance(service, str) else None,
            columns=self.columns,
            irregular=tuple(self.irregular),
            altered=self.altered,
        )

    def _alert(self, entry: Entry, received_at: datetime) -> AlertSignal | None:
        meaning = self.mapped_code("status", entry.status, _folded(entry.values.status) or _ALERT_STATUSES)
        status = next((each for each in ALERT_STATUSES if each == meaning), None)
        if "status" in self.kept_keys:
            return None
        if status is None:
            raise self.failed("unknown_status", "status", "the status is neither firing nor cleared")
        # A firing alert may have a time of clearing that is still to come or nonsense: only what happened
        # counts.
        cleared = status == "cleared"
        key = "cleared_at" if cleared else "alerted_at"
        dated = self.alert_time(key, getattr(entry, key), received_at)
        codes = {n: self._own_code(n, n, getattr(entry, n), entry) for n in ("impact", "urgency", "effect")}
        names = {n: self._naming(n, n, getattr(entry, n), entry) for n in ("service", "ci", "category")}
        optional_fields = {n: None if value is MISSING else value for n, value in (codes | names).items()}
        dedup_key = self.required_text("dedup_key", entry.dedup_key)
        labels = self.labels(entry.labels)
        return AlertSignal(
            source=self.required_text("source", entry.source),
            dedup_key=dedup_key,
            status=status,
            title=self._alert_title(entry, dedup_key),
            occurred_at=dated.instant,
            dated_by_receipt=dated.by_receipt,
            alerted_at=dated.instant if not cleared and not dated.by_receipt else None,
            cleared_at=dated.instant if cleared and not dated.by_receipt else None,
            description=self._alert_description(entry),
            labels=labels,
            columns=self.columns,
            irregular=tuple(self.irregular),
            altered=self.altered,
            whole_texts=self.whole_texts,
            files=self.files,
            **optional_fields,
        )

    def _alert_title(self, entry: Entry, dedup_key: str) -> str:
        """Return the title of an alert, or its key, so that somebody is called even if the title is
        unreadable.
        """
        title = self.optional("title", entry.title)
        if title is None:
            self.altered["title"] = [Alteration.unreadable.value]
        return title or dedup_key

    def _alert_description(self, entry: Entry) -> str | None:
        """Return the description of an alert; below it its links, what no other field can hold whole, and how
        many alerts the tool left out.
        """
        text = self.optional("description", entry.description, LONGEST_PARAGRAPH) or ""
        described = self.whole_texts.pop("description", text)
        title = self.whole_texts.pop("title", "")
        if title and title not in described:
            described = f"{title}\n\n{described}".strip()
        lines = self.links(entry.links)
        lines += [f"{name}: {words}" for name, words in sorted(self.whole_texts.items())]
        lines += [line for line in self.odd_labels if line not in described]
        self.whole_texts.clear()
        left_out = self.optional("truncated", entry.truncated)
        if left_out not in (None, "0"):
            lines.append(TRUNCATED_ALERTS.format(number=left_out))
        below = self.fit("links", "\n".join(lines), LONGEST_PARAGRAPH // 2)
        text = self.fit("description", described, LONGEST_PARAGRAPH - len(below) - 2)
        return "\n\n".join(part for part in (text, below) if part) or None


def _left_out(place: str, number: int) -> FailedPart:
    return FailedPart("items_left_out", place, f"{number:,} elements beyond {MOST_ITEMS:,} were left out.")


def _with_left_out(update: ParsedUpdate, part: FailedPart) -> ParsedUpdate:
    """Return the last alert that was taken, with what was left out behind it; any other update unchanged."""
    if not isinstance(update, AlertSignal):
        return update
    note = f"{part.key}: {part.words}"
    text = fit_paragraph(update.description or "", LONGEST_PARAGRAPH - len(note) - 2).text
    altered = update.altered | {"description": [Alteration.left_out.value]}
    return replace(update, description="\n\n".join(each for each in (text, note) if each), altered=altered)


def _variables(delivery: Delivery, body: Any, item: Any = None) -> Variables:
    headers = {name.lower(): value for name, value in delivery.headers.items()}
    received_at = time_text(delivery.received_at.isoformat())
    values = {"body": body, "headers": headers, "item": item, "received_at": received_at}
    return ENVIRONMENT.variables(values)


def _without(body: Any, items: list[Any]) -> Any:
    """Return the body without the list: to hand it to each of its elements would take the list's length
    squared.
    """
    if not isinstance(body, dict):
        return None
    return {name: value for name, value in body.items() if value != items}


def _mark_texts(news: list[ParsedUpdate], mark: Alteration, differs: Callable[[str], bool]) -> None:
    """Mark the texts of the news that differ from what the tool has sent."""
    for update in news:
        fields = update.fields if isinstance(update, TicketUpdate) else vars(update)
        for name in ("title", *sorted(LONG_KEYS)):
            if isinstance(text := fields.get(name), str) and differs(text):
                update.altered.setdefault(name, []).append(mark.value)


def _folded(values: Dictionary[str, Any]) -> dict[str, Any]:
    return {value.lower(): meaning for value, meaning in values.items()}


def _fields_of_state(meaning: StatusMeaning, meanings: Dictionary[str, Any]) -> dict[str, Any]:
    """Return the fields that go with a state, as with the import of a file."""
    state = meaning.meant_state
    if state is None:
        return {}
    # Further fields of the model: requests have no resolution.
    codes: dict[str, Any] = {name: value for name, value in vars(meaning).items() if name != "state"}
    fields = {"hold_reason": codes["hold_reason"]}
    if state.value == IncidentState.on_hold and fields["hold_reason"] is None:
        fields["hold_reason"] = HoldReason.other
    if codes.get("resolution_code") is not None:
        fields["resolution_code"] = codes["resolution_code"]
    return fields
