"""The mapping language: what is told, what is not, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.priorities.priority import Priority
from app.common.tickets import HoldReason
from app.common.times.written_times import DateOrder
from app.exchange.mapping import MappingRefused
from app.processes.incidents.records import IncidentState
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.mapping.updates import CommentUpdate, MappingFailed, NamedPerson, TicketUpdate

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
TICKETS = """
[[news]]
kind = "ticket"
case = 'body.id'
at = 'time(body.at)'
status = ['body.status.name', 'body.status.group']
actor = '{"name": body.by, "email": get(body, "mail", null)}'

[news.fields]
title = ['body.title', 'body.summary']
assignee = 'get(body.owner, "login")'
priority = 'body.priority'
team = 'body.team'

[news.values.status]
"Waiting for customer" = { state = "on_hold", hold_reason = "awaiting_requester" }
indeterminate = "in_progress"
parked = "keep"

[news.values.priority]
High = "P2"

[news.values.team]
Network = "NET"
"""
FULL: dict[str, Any] = {
    "id": 7,
    "at": "2026-05-04T10:00:00+02:00",
    "status": {"name": "Waiting for customer", "group": "indeterminate"},
    "by": "ann",
    "title": "Mail is slow",
    "owner": {"login": "bob"},
    "priority": "HIGH",
    "team": "Network",
}


def deliver(body: Any, **settings: Any) -> Delivery:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Delivery({"Content-Type": "application/json"}, raw, NOW, **settings)


def ticket(changes: dict[str, Any], *without: str, mapping: str = TICKETS, **settings: Any) -> TicketUpdate:
    body = {name: value for name, value in (FULL | changes).items() if name not in without}
    (news,) = parse_mapping(mapping, "test").evaluate(deliver(body, **settings)).news
    assert isinstance(news, TicketUpdate)
    return news


def failure(body: Any, mapping: str = TICKETS, **settings: Any) -> MappingFailed:
    with pytest.raises(MappingFailed) as failed:
        parse_mapping(mapping, "test").evaluate(deliver(body, **settings))
    return failed.value


def refusal(mapping: str) -> str:
    with pytest.raises(MappingRefused) as refused:
        parse_mapping(mapping, "test")
    return str(refused.value)


def test_a_delivery_becomes_news_in_our_own_codes() -> None:
    news = ticket({})
    assert (news.case, news.occurred_at) == ("7", datetime(2026, 5, 4, 8, tzinfo=UTC))
    assert (news.state, news.actor) == (IncidentState.on_hold, NamedPerson(name="ann"))
    assert news.fields == {
        "title": "Mail is slow",
        "assignee": NamedPerson(name="bob"),
        "priority": Priority.P2,
        "team": "NET",
        "hold_reason": HoldReason.awaiting_requester,
    }
    assert (news.columns["status"], news.columns["priority"]) == ("Waiting for customer", "HIGH")
    assert news.irregular == ()


def test_what_is_not_there_is_not_told_and_what_is_null_is_told_as_empty() -> None:
    assert "assignee" not in ticket({}, "owner").fields
    assert ticket({"owner": None}).fields["assignee"] is None
    assert ticket({"priority": None}).fields["priority"] is None


def test_a_text_comes_from_the_first_alternative_that_tells_something() -> None:
    assert ticket({"summary": "Slow"}, "title").fields["title"] == "Slow"
    assert ticket({"title": "", "summary": "Slow"}).fields["title"] == "Slow"


def test_a_status_without_meaning_falls_back_on_a_coarser_one() -> None:
    news = ticket({"status": {"name": "Escalated", "group": "indeterminate"}})
    assert (news.state, news.columns["status"]) == (IncidentState.in_progress, "Escalated")


def test_a_status_that_is_not_told_does_not_fall_back() -> None:
    assert ticket({"status": {"group": "indeterminate"}}).state is None


def test_unknown_codes_are_marked_and_tell_nothing() -> None:
    news = ticket({"status": {"name": "Odd", "group": "odd"}, "priority": "Mega"})
    assert (news.state, "priority" in news.fields) == (None, False)
    assert set(news.irregular) == {"unknown_state", "unknown_priority"}


def test_a_status_that_is_kept_says_nothing_and_is_no_irregularity() -> None:
    news = ticket({"status": {"name": "parked", "group": "x"}})
    assert (news.state, news.irregular) == (None, ())


def test_a_ticket_without_its_id_or_time_fails_with_the_reason() -> None:
    without_id = failure({**FULL, "id": None})
    assert (without_id.code, without_id.key) == ("untold", "news 1, case")
    assert failure({k: v for k, v in FULL.items() if k != "at"}).code == "not_a_time"
    assert failure({**FULL, "at": "0001-01-01T00:00:00Z"}).code == "not_a_time"
    bad = failure({**FULL, "at": "another time"})
    assert "time(body.at)" in bad.words


def test_without_a_time_in_the_mapping_the_receipt_counts() -> None:
    news = ticket({}, mapping=TICKETS.replace("at = 'time(body.at)'", ""))
    assert (news.occurred_at, news.dated_by_receipt) == (NOW, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2017-12-10 16:41:28 UTC", "2017-12-10T16:41:28"),
        ("2022-06-17T00:41:00.782137894Z", "2022-06-17T00:41:00.782137"),
        ("2018-03-07T06:33:21.873077559-05:00", "2018-03-07T11:33:21.873077"),
        (1724179662935, "2024-08-20T18:47:42.935"),
        ("1614265330", "2021-02-25T15:02:10"),
        ("12/13/2016 18:46:44", "2016-12-13T18:46:44"),
        ("2024-10-21 15:31:46", "2024-10-21T15:31:46"),
    ],
)
def test_times_of_many_tools_are_read(text: Any, expected: str) -> None:
    news = ticket({"at": text}, zone="UTC")
    assert news.occurred_at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_an_ambiguous_date_is_not_guessed_unless_another_one_proves_the_order() -> None:
    assert failure({**FULL, "at": "04/05/2026 10:00"}, zone="UTC").code == "expression_failed"
    proved = ticket({"at": "04/05/2026 10:00", "due": "30/05/2026 10:00"}, zone="UTC")
    assert proved.occurred_at == datetime(2026, 5, 4, 10, tzinfo=UTC)
    update = ticket({"at": "04/05/2026 10:00"}, zone="UTC", date_order=DateOrder.mdy)
    assert update.occurred_at == datetime(2026, 4, 5, 10, tzinfo=UTC)


def test_a_local_time_needs_the_zone_of_its_source() -> None:
    local = {"at": "2026-05-04 10:00:00"}
    assert "no_zone" in failure({**FULL, **local}).words
    assert ticket(local, zone="Asia/Shanghai").occurred_at == datetime(2026, 5, 4, 2, tzinfo=UTC)


def test_a_field_of_null_is_an_error_that_says_how_to_write_it() -> None:
    failed = failure({**FULL, "status": None})
    assert (failed.code, failed.key) == ("expression_failed", "news 1, status")
    assert "get(body.a" in failed.words


def test_numbers_texts_and_loose_json_are_read() -> None:
    mapping = """
[[news]]
kind = "comment"
case = 'number("1,000,000")'
id = 'loose_json("{status:{from:4,to:6},note:a b}").status.to'
text = 'html_to_text("<p>One<br>two &amp; three</p><script>x</script>")'
author = 'truncate("abcdef", 4)'
"""
    (news,) = parse_mapping(mapping, "test").evaluate(deliver({})).news
    assert isinstance(news, CommentUpdate)
    assert (news.case, news.id, news.text) == ("1000000", "6", "One\ntwo & three")
    assert news.author == NamedPerson(name="abc…")


def test_a_list_gives_news_for_each_of_its_elements_up_to_a_thousand() -> None:
    mapping = "[[news]]\nkind='ticket'\neach='body.all'\nwhen='item.ok'\ncase='item.id'\n"
    some = [{"id": n, "ok": n % 2 == 0} for n in range(6)]
    news = parse_mapping(mapping, "test").evaluate(deliver({"all": some})).news
    assert [each.case for each in news if isinstance(each, TicketUpdate)] == ["0", "2", "4"]
    many = parse_mapping(mapping, "test").evaluate(
        deliver({"all": [{"id": n, "ok": True} for n in range(1003)]})
    )
    assert len(many.news) == 1000
    assert [(n, part.code, part.key) for n, part in many.failed.items()] == [
        (1000, "items_left_out", "news 1, items 1001 to 1003")
    ]
    empty = parse_mapping(mapping, "test").evaluate(deliver({"all": []}))
    assert (empty.news, empty.ignored) == ((), "its list is empty")


def test_what_no_entry_takes_is_ignored_with_its_reason_or_fails() -> None:
    mapping = "[[news]]\nkind='ticket'\nwhen='has(body.id)'\ncase='body.id'\n"
    assert failure({"x": 1}, mapping).code == "unmapped"
    expected = mapping + "[[ignored]]\nwhen='has(body.x)'\nwhy='An x is nothing.'\n"
    assert parse_mapping(expected, "test").evaluate(deliver({"x": 1})).ignored == "An x is nothing."


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"id": ' + b"9" * 5_000 + b"}",
        b"[1, 2]",
        b"null",
        b'"text"',
        b'{"id": {"a": 1}, "at": 1}',
        b'{"id": "\\u0000", "at": true}',
    ],
)
def test_a_body_of_any_shape_fails_with_a_reason(body: bytes) -> None:
    assert failure(body).words


def test_numbers_and_characters_that_cannot_be_kept_harm_nothing_else() -> None:
    news = ticket({"id": 2**80, "title": "a\0b\ud800c", "other": [2**90]})
    assert (news.case, news.fields["title"]) == (str(2**80), "a�b�c")


def test_forms_are_maps_and_a_payload_in_one_is_the_body() -> None:
    mapping = parse_mapping("[[news]]\nkind='ticket'\ncase='body.id'\n", "test")
    headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    for raw in (b"id=12&x=1", b"payload=%7B%22id%22%3A12%7D", b'{"id": 12, "text": "1+1 & more"}'):
        (news,) = mapping.evaluate(Delivery(headers, raw, NOW)).news
        assert isinstance(news, TicketUpdate)
        assert news.case == "12"


def test_a_mapping_in_json_means_the_same() -> None:
    document = {"news": [{"kind": "ticket", "case": "body.id", "fields": {"title": "body.title"}}]}
    assert ticket({}, mapping=json.dumps(document)).fields == {"title": "Mail is slow"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("case = 'body.id'", "case = 'body.'"), ("line 4", "news 1, case", "body.", "Syntax error")),
        (("case = 'body.id'", "case = 'nope(1)'"), ("line 4", "undeclared reference to 'nope'")),
        (("title =", "titel ="), ("line 10", "fields.titel", "this key is unknown", "title")),
        (("case = 'body.id'", ""), ("news 1", "case is required")),
        (('"in_progress"', '"working"'), ("working", "in_progress")),
        (('High = "P2"', 'High = "P9"'), ("values.priority", "P9", "P1, P2")),
        (('kind = "ticket"', 'kind = "tickets"'), ("line 3", "tickets", "comment")),
        (("case = 'body.id'", "case = 'body.id'\nsource = '1'"), ("source is not possible for", "ticket")),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_key_and_what_is_allowed(
    change: tuple[str, str], words: tuple[str, ...]
) -> None:
    message = refusal(TICKETS.replace(*change))
    for word in words:
        assert word in message


def test_a_mapping_is_bounded_in_size_and_depth() -> None:
    assert "longer than" in refusal("#" * 300_000)
    assert "recursion" in refusal(TICKETS.replace("'body.id'", f"'{'(' * 500}1{')' * 500}'"))
    assert refusal("{" * 10_000)


def test_an_endless_expression_stops() -> None:
    ten = "[1,2,3,4,5,6,7,8,9,10]"
    bomb = "1"
    for name in "abcdefg":
        bomb = f"{ten}.map({name}, {bomb})"
    assert failure(FULL, TICKETS.replace("'body.id'", f"'{bomb}.size()'")).code == "too_much"
