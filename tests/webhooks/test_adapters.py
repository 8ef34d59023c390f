"""What the shipped adapters make of payloads that others published."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from app.common.children import Visibility
from app.webhooks.adapters import adapter, tools
from app.webhooks.mapping.deliveries import Delivery
from app.webhooks.mapping.updates import (
    AlertSignal,
    CommentUpdate,
    DeploymentUpdate,
    Evaluation,
    MappingFailed,
    ParsedUpdate,
    TicketUpdate,
)
from tests.selection import selected
from tests.webhooks.payloads import FOLDER, RECEIVED_AT, brief, names, payload, tool_of

ZONES = {"glpi": "America/Sao_Paulo"}
#: These hold maps whose every name is part of what they identify.
OPEN_MAPS = {"annotations", "labels", "values"}

GITHUB_ISSUE = ("444500041", "new", "2019-05-15T15:20:18", "Spelling error in the README file")
#: By payload, of each news: the case or the alert's key, its state, its time (None: of receipt), its title.
EXPECTED: dict[str, list[tuple[str, str | None, str | None, str]]] = {
    "jira/01_issue_created.json": [("10040", "new", "2019-02-16T03:01:53.023", "Unit test summary")],
    "jira/02_issue_edited.json": [("10040", "new", "2019-02-16T03:10:01.840", "Unit test summary 1")],
    "jira/03_issue_started_working.json": [
        ("10040", "in_progress", "2019-02-16T03:14:22.039", "Unit test summary 1")
    ],
    "jira/04_issue_resolved.json": [("10040", "resolved", "2019-02-16T03:15:40.507", "Unit test summary 1")],
    "jira/05_issue_reopened.json": [("10040", "new", "2019-02-16T03:17:06.531", "Unit test summary 1")],
    "jira/06_issue_assigned.json": [("10040", "new", "2019-02-16T03:18:01.752", "Unit test summary 1")],
    "jira/07_lowered_priority.json": [("10040", "new", "2019-02-16T21:13:52.565", "Unit test summary 1")],
    "jira/08_issue_assigned_empty_changelog.json": [
        ("10001", "new", "2024-08-20T18:47:42.935", "Test issue for empty changelog assignment")
    ],
    "github/01_issues_opened.json": [GITHUB_ISSUE],
    "github/02_issues_labeled.json": [GITHUB_ISSUE],
    "github/03_issues_assigned.json": [GITHUB_ISSUE],
    "github/04_issues_edited.json": [GITHUB_ISSUE],
    "github/05_issues_reopened.json": [
        ("444500041", "new", "2021-10-11T16:40:56", "Spelling error in the README file")
    ],
    "github/06_issues_unlabeled.json": [
        ("444500041", "new", "2019-05-15T15:20:26", "Spelling error in the README file")
    ],
    "gitea/01_issues_opened.json": [("47", "new", "2017-12-09T01:30:43", "Problem")],
    "gitlab/01_issue_open.json": [("8131350", "new", "2017-12-10T16:37:38", "found a bug")],
    "gitlab/02_issue_update.json": [("8131350", "new", "2017-12-10T16:38:25", "found a bug")],
    "gitlab/03_issue_close.json": [("8131350", "closed", "2017-12-10T16:41:28", "found a bug")],
    "gitlab/04_issue_reopen.json": [("8131350", "new", "2017-12-10T16:41:55", "found a bug")],
    "gitlab/05_issue_comment.json": [
        ("8131350", "new", "2017-12-10T16:43:38", "found a bug"),
        ("8131350", "public", "2017-12-10T16:43:38", "bump"),
    ],
    "pagerduty_v3/01_incident_triggered.json": [
        ("PFQZPSY", "new", "2021-06-04T13:35:29.781", "Test Incident 3")
    ],
    "pagerduty_v3/02_incident_acknowledged.json": [
        ("PQ1K5C8", "acknowledged", "2021-06-04T13:55:30.394", "Test Incident")
    ],
    "pagerduty_v3/03_incident_unacknowledged.json": [
        ("PQ1K5C8", "new", "2021-06-04T13:54:23.185", "Test Incident")
    ],
    "pagerduty_v3/04_incident_resolved.json": [
        ("PCPZE64", "resolved", "2021-06-04T13:16:53.816", "Test Incident")
    ],
    "pagerduty_v3/05_incident_priority_updated.json": [
        ("PGR0VU2", "new", "2020-10-02T18:45:22.169", "A little bump in the road"),
        (
            "PGR0VU2",
            "internal",
            "2020-10-02T18:45:22.169",
            "Conference / 会议: +1 1234123412,,987654321#, https://example.com",
        ),
    ],
    "zendesk/01_ticket_created_event.json": [
        ("5158", "in_progress", "2025-01-08T10:12:07.672717", "ticketinfo_2294a6e9ece2")
    ],
    "zendesk/02_rest_ticket.json": [
        ("1", "on_hold", "2015-07-25T02:23:13", "This is a sample ticket requested and submitted by you"),
        (
            "1",
            "internal",
            "2015-07-25T02:21:13",
            "This is the first comment. Feel free to delete this sample ticket.",
        ),
    ],
    "zendesk/03_rest_ticket_audit.json": [
        ("7", "in_progress", "2015-08-29T03:45:36", "OMG I MADE A TICKET"),
        ("7", "internal", "2015-08-29T03:45:36", "THIS IS MY FUNCY COMMENT"),
    ],
    "zammad/01_ticket_webhook_default.json": [
        ("81", "in_progress", "2020-11-13T14:34:35.333", "Webhook-Test")
    ],
    "zammad/rest_ticket_doc_1.json": [("3", "closed", "2021-11-03T11:57:17.997", "Order 787556")],
    "servicenow/01_incident_closed_mmdd.json": [
        ("1c741bd70b2322007518478d83673af3", "closed", "2016-12-13T18:46:44", "Unable to connect to email")
    ],
    "freshservice/01_ticket_created.json": [("11", "on_hold", None, "Test ticket subject ☃")],
    "freshservice/02_status_changed.json": [("11", "on_hold", None, "Test ticket subject ☃")],
    "glpi/rest_ticket_reponse.json": [
        (
            "13123",
            "in_progress",
            "2024-10-23T02:15:11",
            "***** RECORRENTE****  FAVOR VERIFICAR QUEDA DE LIGAÇÕES (ESTE É O TERC",
        )
    ],
    "glpi/rest_tickets_response.json": [
        (
            "10",
            "closed",
            "2019-03-27T00:53:09",
            "Criar rotina para backup em storage disponibilizado pelo cliente",
        ),
        ("12", "closed", "2019-03-27T00:49:46", "Atualizar versão do GNEW"),
        ("13", "closed", "2020-02-24T14:03:53", "Término de ativação Agendado para o dia 25/03 às 10:00"),
        ("14", "closed", "2019-03-27T01:07:11", "Alterar código de pausas."),
        (
            "15",
            "closed",
            "2019-07-16T20:05:23",
            "Disponibilizar ambiente de testes com notificação de caixa postal por",
        ),
        ("16", "closed", "2019-11-08T15:21:26", "Problemas com identificação de chamadas"),
        (
            "17",
            "closed",
            "2019-03-27T00:59:34",
            "O ramal 253 não está recebendo chamadas no grupo dos vendedores.",
        ),
        ("18", "closed", "2019-07-16T20:06:02", "Criar regras de transbordo. Solicitante: Vanildo"),
        (
            "19",
            "closed",
            "2019-07-16T20:06:02",
            "Verificar problemas nas unidades abaixo BEBEDOURO (FABRICIO) TAUBATE (",
        ),
        ("20", "closed", "2019-03-27T01:06:28", "Configurar aparelhos IP adquiridos pelo cliente"),
        (
            "21",
            "closed",
            "2019-03-27T01:06:51",
            "Configurar 03 softphones e verificar direcionamento de chamadas.",
        ),
        (
            "22",
            "closed",
            "2019-03-27T23:52:52",
            "Alterar forma de registro de protocolo nos clientes:JOCKEYJEEPREALIZA",
        ),
        ("23", "closed", "2019-03-27T01:03:01", "Ativar anúncio com posição em fila."),
        (
            "24",
            "closed",
            "2019-03-27T01:03:26",
            "Solicitante: Vanildo Dúvidas sobre a possibilidade abaixo:  A Adriana",
        ),
        ("25", "closed", "2019-03-27T01:04:17", "Levantar dados de tronco SIP Backup"),
        (
            "26",
            "closed",
            "2019-03-27T01:05:06",
            "Verificar problemas com BLF, ramais mostram livres mesmo com chamadas",
        ),
    ],
    "alertmanager/firing_v3.json": [
        (
            "980659acd50ca06152648ca21bb9c268",
            "firing",
            "2016-04-27T20:46:37.903",
            "Oops, something happened!",
        ),
        ("c07226ff0845def6f0a88576875bba73", "firing", "2016-04-27T20:49:37.903", "Oops, something happend!"),
    ],
    "alertmanager/firing_v4_no_alert_status.json": [
        (
            "9eb173f2f78853d63f07a4d3c19ad638",
            "firing",
            "2018-03-07T11:33:21.873077",
            "Server High Memory usage",
        )
    ],
    "alertmanager/firing_v4_same_group_two_series.json": [
        ("a1bc48475b20e73d", "firing", "2020-02-06T00:17:58.432911", "High CPU core temperature"),
        ("c2ea85182f28cbd9", "firing", "2020-02-06T00:17:58.432911", "High CPU core temperature"),
    ],
    "alertmanager/firing_v4_two_alerts.json": [
        ("f404ecabc8dd5cd7", "firing", "2023-06-12T08:24:38.326", "Instance localhost:8081 down"),
        ("f8f08d4e32c61a9d", "firing", "2023-06-12T08:24:38.326", "Instance localhost:8082 down"),
    ],
    "grafana/01_firing_two_alerts.json": [
        (
            "c6eadffa33fcdf37",
            "firing",
            "2021-10-12T07:51:03.157076",
            "This alert was triggered for zone us-1",
        ),
        (
            "bc97ff14869b13e3",
            "firing",
            "2021-10-12T07:56:03.157076",
            "This alert was triggered for zone eu-1",
        ),
    ],
    "grafana/02_resolved.json": [
        (
            "d8a21484c9c25a60",
            "cleared",
            "2022-06-17T00:51:24.067337",
            "This is a summary field, failure on <no value>",
        )
    ],
    "grafana/03_oncall_example.json": [
        ("f404ecabc8dd5cd7", "firing", "2023-06-12T08:24:38.326", "Instance localhost:8081 down"),
        ("f8f08d4e32c61a9d", "firing", "2023-06-12T08:24:38.326", "Instance localhost:8082 down"),
        ("39f38c0611ee7abd", "firing", "2023-06-12T08:24:38.326", "Instance localhost:8083 down"),
    ],
}
CLOUDEVENTS_CASE = 'news 1, item 1, case: get(item.data, "id") | item.subject'
#: By payload that tells of no ticket, why none comes of it: why it is ignored, or how it fails.
SILENT = {
    "jsm/rest_request_sla_page.json": (
        "The event is about service levels in Jira, not about the state of a ticket."
    ),
    "zendesk/04_rest_ticket_metric.json": (
        "The event is about the history or metrics of a ticket, not about the ticket itself."
    ),
    "servicenow/02_change_request_display_values.json": "The record is not in the incident table.",
    "cloudevents/json_format_1.json": "bad_base64.",
    "cloudevents/json_format_2.json": f"{CLOUDEVENTS_CASE}: not_a_map.",
    "cloudevents/json_format_3.json": f"{CLOUDEVENTS_CASE}: it is empty.",
    "cloudevents/json_format_4.json": f"{CLOUDEVENTS_CASE}: not_a_map.",
    # One alert, out of a delivery.
    "alertmanager/malformed_resolved_endsAt_text.json": (
        "news: no entry of the mapping matches, and the event is not listed under ignored."
    ),
    # A delivery, how it is signed, and by what: see test_verification.
    "standard_webhooks/sign_vector.json": "news 1, case: body.data.id: it is missing.",
}
SHARED = sorted(EXPECTED)
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"needs real data: real payloads are not in {FOLDER}"
)


def evaluate(tool: str, body: Any, headers: dict[str, str] | None = None) -> Evaluation:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return adapter(tool).evaluate(Delivery(headers or {}, raw, RECEIVED_AT, zone=ZONES.get(tool)))


def outcome(tool: str, body: Any) -> Evaluation | str:
    """Return what the body tells, or the words with which it fails; never another exception."""
    try:
        return evaluate(tool, body)
    except MappingFailed as failed:
        return str(failed)


def key(news: ParsedUpdate) -> str:
    return news.dedup_key if isinstance(news, AlertSignal) else news.case


def standing(news: ParsedUpdate) -> str | None:
    if isinstance(news, AlertSignal):
        return news.status
    if isinstance(news, CommentUpdate):
        return news.visibility.value
    if isinstance(news, DeploymentUpdate):
        return None if news.outcome is None else news.outcome.value
    return None if news.state is None else news.state.value


def title(news: ParsedUpdate) -> Any:
    if isinstance(news, CommentUpdate):
        return news.text
    if isinstance(news, DeploymentUpdate):
        return news.environment
    return news.title if isinstance(news, AlertSignal) else news.fields.get("title")


def paths(value: Any, instant: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each part of a payload."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield (*instant, name)
        yield from paths(inner, (*instant, name))


def leaves(value: Any) -> Iterator[Any]:
    """Yield the texts and numbers of a payload."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    if inner is None:
        yield value
    else:
        for each in inner:
            yield from leaves(each)


def without(body: Any, path: tuple[Any, ...]) -> Any:
    changed = copy.deepcopy(body)
    part = changed
    for name in path[:-1]:
        part = part[name]
    del part[path[-1]]
    return changed


@pytest.mark.parametrize("name", SHARED)
def test_a_payload_tells_what_a_person_reads_in_it(name: str) -> None:
    result = evaluate(tool_of(name), payload(name)).news
    assert [
        (key(each), standing(each), None if each.dated_by_receipt else each.occurred_at, title(each))
        for each in result
    ] == [
        (k, s, None if instant is None else datetime.fromisoformat(instant).replace(tzinfo=UTC), t)
        for k, s, instant, t in EXPECTED[name]
    ]
    # A ticket of the interface does not say who reads its first comment.
    codes = {code for each in result for code in each.irregular}
    assert codes == ({"unknown_visibility"} if name.startswith("zendesk/0") and len(result) > 1 else set())


@pytest.mark.parametrize("name", SILENT)
def test_a_payload_that_tells_of_no_ticket_gives_none_and_says_why(name: str) -> None:
    result = outcome(tool_of(name), payload(name))
    if isinstance(result, Evaluation):
        assert result.news == ()
        result = result.ignored or ""
    assert result.endswith(SILENT[name])


def test_every_payload_has_a_row() -> None:
    assert sorted([*EXPECTED, *SILENT]) == names()


def test_an_alert_whose_end_is_no_time_clears_at_its_receipt_and_says_so() -> None:
    alert = payload("alertmanager/malformed_resolved_endsAt_text.json")
    (signal,) = evaluate("alertmanager", {"alerts": [alert]}).news
    assert (standing(signal), signal.occurred_at, signal.dated_by_receipt) == ("cleared", RECEIVED_AT, True)
    assert signal.irregular == ("bad_cleared_at",)
    assert signal.altered["cleared_at"] == ["unreadable"]


TAKEN_FROM = selected("a field is taken away", SHARED, tool_of)


@pytest.mark.parametrize("name", TAKEN_FROM)
def test_a_field_that_is_taken_away_makes_no_other_state(name: str) -> None:
    tool, body = tool_of(name), brief(name)
    full = {(type(n), key(n)): standing(n) for n in evaluate(tool, body).news}
    states = {kind: {s for (k, _), s in full.items() if k is kind} for kind, _ in full}
    for path in paths(body):
        result = outcome(tool, without(body, path))
        if isinstance(result, str):
            assert result, path
            continue
        assert result.news or result.ignored, path
        for news in result.news:
            expected = full.get((type(news), key(news)))
            if isinstance(news, CommentUpdate):
                # Where it is not told any more who may read it, only the staff may.
                assert news.visibility is Visibility.internal or expected in {None, "public"}, path
                continue
            allowed = states[type(news)] if expected is None else {expected}
            assert standing(news) in {None, *allowed}, path


def widened(value: Any, name: str = "") -> Any:
    if isinstance(value, list):
        return [widened(each) for each in value]
    if not isinstance(value, dict) or name in OPEN_MAPS:
        return value
    more = {"x_unheard_of": {"state": "closed", "n": [2**70, None]}, "x_extra": "2001-01-01 00:00"}
    return {k: widened(v, k) for k, v in value.items()} | more


@pytest.mark.parametrize("name", SHARED)
def test_unknown_fields_change_nothing(name: str) -> None:
    body = brief(name)
    assert evaluate(tool_of(name), widened(body)) == evaluate(tool_of(name), body)


def exchanged(value: Any, words: dict[str, str]) -> Any:
    """Return the value with each of these words exchanged: as a whole, and longer ones within others, too."""
    if isinstance(value, dict):
        return {k: exchanged(v, words) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(exchanged(each, words) for each in value)
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in words:
        return int(words[str(value)])
    if not isinstance(value, str) or isinstance(value, CODES):
        return value
    if value in words:
        return words[value]
    for old in sorted(words, key=len, reverse=True):
        if len(old) >= 7:
            value = value.replace(old, words[old])
    return re.sub(r"\b20([12]\d)(?=-\d\d-)", lambda result: f"20{int(result[1]) - 2:02}", value)


CODES = (Visibility,)


@pytest.mark.parametrize("name", [name for name in SHARED if not name.startswith(("jira", "servicenow"))])
def test_other_ids_names_times_and_texts_give_the_same_with_these(name: str) -> None:
    tool, body = tool_of(name), brief(name)
    words: dict[str, str] = {}
    before = evaluate(tool, body).news
    expected = {str(part) for part in leaves(body)}
    for news in before:
        if key(news) in expected:
            words[key(news)] = f"9{key(news)}" if key(news).isdigit() else f"{key(news)}X"
        if not isinstance(news, CommentUpdate) or title(news) in expected:
            words[title(news)] = f"Another matter of {len(words)}"
        texts = {part for part in leaves(body) if isinstance(part, str | int)}
        for person in (v for v in asdict(news).get("fields", {}).values() if isinstance(v, dict)):
            words |= {text: f"7{text}" for text in person.values() if text in texts and text not in words}
    after = evaluate(tool, exchanged(body, words)).news
    assert [exchanged((key(n), standing(n), title(n)), words) for n in before] == [
        (key(n), standing(n), title(n)) for n in after
    ]
    for old, new in zip(before, after, strict=True):
        if not old.dated_by_receipt:
            assert new.occurred_at == old.occurred_at.replace(year=old.occurred_at.year - 2)
        if isinstance(old, TicketUpdate) and isinstance(new, TicketUpdate):
            assert exchanged(asdict(old)["fields"].get("assignee"), words) == asdict(new)["fields"].get(
                "assignee"
            )


def test_every_adapter_names_its_tool_verification_and_guide() -> None:
    for tool in tools():
        document = adapter(tool).document
        assert document.tool == tool
        assert document.title
        assert document.verification
        assert document.guide is not None


def test_a_github_comment_tells_its_issue_and_itself() -> None:
    issue = payload("github/01_issues_opened.json")
    body = issue | {
        "action": "created",
        "issue": issue["issue"] | {"state": "closed", "state_reason": "completed"},
        "comment": {"id": 3, "body": "Done", "user": {"login": "ann"}, "updated_at": "2026-01-02T03:04:05Z"},
    }
    ticket, comment = evaluate("github", body, {"X-GitHub-Event": "issue_comment"}).news
    assert (standing(ticket), key(comment), title(comment)) == ("closed", "444500041", "Done")


def test_pull_requests_and_pushes_are_ignored_and_a_lost_issue_is_not() -> None:
    issue = payload("github/01_issues_opened.json")
    pull = issue | {"issue": issue["issue"] | {"pull_request": {"url": "x"}}}
    assert evaluate("github", pull).ignored == "The event is about a pull request."
    assert evaluate("github", {"ref": "main"}, {"X-GitHub-Event": "push"}).ignored
    with pytest.raises(MappingFailed):
        evaluate("github", {"action": "opened"}, {"X-GitHub-Event": "issues"})


def test_cloudevents_come_structured_in_batches_and_binary() -> None:
    data = {"id": "T1", "status": "resolved", "title": "Down"}
    event = {"specversion": "1.0", "id": "1", "source": "/s", "time": "2026-01-02T03:04:05Z", "data": data}
    binary = {"ce-id": "1", "ce-source": "/s", "ce-time": "2026-01-02T03:04:05Z", "ce-specversion": "1.0"}
    for body, headers, count in ((event, {}, 1), ([event, event], {}, 2), (data, binary, 1)):
        result = evaluate("cloudevents", body, headers).news
        assert [(key(n), standing(n), n.occurred_at.year) for n in result] == [
            ("T1", "resolved", 2026)
        ] * count
    delivery = Delivery(binary, b"{}", RECEIVED_AT)
    assert adapter("cloudevents").delivery_id(delivery) == "/s 1"


def test_a_pagerduty_note_is_a_comment_and_a_ping_is_ignored() -> None:
    note = {"id": "N1", "content": "Looking", "type": "incident_note", "incident": {"id": "P1"}}
    event = {"event_type": "incident.annotated", "occurred_at": "2026-01-02T03:04:05Z", "agent": None}
    (comment,) = evaluate("pagerduty", {"event": event | {"data": note}}).news
    assert (key(comment), title(comment), standing(comment)) == ("P1", "Looking", "internal")
    ping = {"event": {"event_type": "pagey.ping", "data": {"type": "ping"}}}
    assert evaluate("pagerduty", ping).ignored


def test_a_jira_comment_that_the_portal_hides_is_internal() -> None:
    issue = payload("jira/01_issue_created.json")["issue"]
    comment = {
        "id": "8",
        "body": "Hi",
        "author": {"displayName": "Ann"},
        "updated": "2026-01-02T03:04:05+0000",
    }
    body = {"timestamp": 1724179662935, "webhookEvent": "comment_created", "issue": issue}
    for hidden, visibility in ((False, "internal"), (True, "public")):
        result = evaluate("jira", body | {"comment": comment | {"jsdPublic": hidden}}).news
        assert [standing(n) for n in result] == ["new", visibility]


def test_a_jira_comment_that_is_a_document_is_told_by_its_text() -> None:
    issue = copy.deepcopy(payload("jira/01_issue_created.json")["issue"])
    inline = [{"type": "mention", "attrs": {"id": "5b", "text": "@Ann"}}, {"type": "text", "text": " look"}]
    document = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": inline}]}
    issue["fields"]["description"] = document
    comment = {"id": "8", "body": document, "author": {"displayName": "Ann"}, "jsdPublic": True}
    comment["updated"] = "2026-01-02T03:04:05+0000"
    body = {"timestamp": 1724179662935, "webhookEvent": "comment_created", "issue": issue, "comment": comment}
    ticket, comment_update = evaluate("jira", body).news
    assert isinstance(ticket, TicketUpdate)
    assert (ticket.fields["description"], title(comment_update)) == ("@Ann look", "@Ann look")


def test_words_that_no_key_names_reach_the_incident() -> None:
    """Annotations of one's own, a second text, the rule and the value of an alert without data."""
    alert: Any = {"status": "firing", "startsAt": RECEIVED_AT.isoformat(), "fingerprint": "f1"}
    alert["labels"] = {"alertname": "DatasourceNoData", "rulename": "Disk usage"}
    own = {"impact": "Orders fail", "value": 97, "__orgId__": "1", "runbook_url": "https://r.example"}
    for tool in ("alertmanager", "grafana"):
        (news,) = evaluate(tool, {"alerts": [alert | {"annotations": own}]}).news
        assert isinstance(news, AlertSignal)
        assert news.description == "impact: Orders fail\nvalue: 97\n\nRunbook: https://r.example"
        texts = {"summary": "Sum", "title": "Tit", "description": "Desc", "message": "Mess"}
        (news,) = evaluate(tool, {"alerts": [alert | {"annotations": texts}]}).news
        assert isinstance(news, AlertSignal)
        assert (news.title, news.description) == ("Sum", "Desc\n\nMess\n\ntitle: Tit")
    (news,) = evaluate(
        "grafana", {"alerts": [alert | {"annotations": {}, "valueString": "[ value=92.5 ]"}]}
    ).news
    assert isinstance(news, AlertSignal)
    assert (news.title, news.description) == ("DatasourceNoData: Disk usage", "[ value=92.5 ]")


def test_files_of_a_tool_are_named_with_their_addresses() -> None:
    files = [{"id": 5, "filename": "a.pdf", "url": "https://z.example/5"}]
    ticket = {
        "id": 1,
        "title": "T",
        "state": "new",
        "updated_at": RECEIVED_AT.isoformat(),
        "article_count": 1,
    }
    article = {"id": 2, "body": "<p>See</p>", "attachments": files, "created_at": RECEIVED_AT.isoformat()}
    (first,) = evaluate("zammad", {"ticket": ticket, "article": article}).news
    assert isinstance(first, TicketUpdate)
    assert first.fields["description"] == "See\n\n[a.pdf] <https://z.example/5>"
    _, later = evaluate("zammad", {"ticket": ticket | {"article_count": 2}, "article": article}).news
    assert isinstance(later, CommentUpdate)
    assert later.text == first.fields["description"]
    fields = {
        "summary": "S",
        "attachment": [{"id": 7, "filename": "b.log", "content": "https://j.example/7"}],
    }
    body: dict[str, Any] = {
        "issue": {"id": 3, "key": "A-3", "self": "https://j.example/rest/api/2/issue/3", "fields": fields}
    }
    body |= {"timestamp": 1_795_941_429_134, "webhookEvent": "jira:issue_updated"}
    assert len(evaluate("jira", body).news) == 1
    changed = body | {"changelog": {"items": [{"field": "Attachment", "to": "7"}]}}
    for sent in (changed, body | {"webhookEvent": "jira:issue_created"}):
        _, comment = evaluate("jira", sent).news
        assert isinstance(comment, CommentUpdate)
        assert (comment.id, comment.text) == ("attachment 7", "[b.log] <https://j.example/7>")
