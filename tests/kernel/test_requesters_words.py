"""Requesters write as they like, and nobody has to fill a note."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks, part_types
from app.processes.requests.payloads import CriterionAssessment
from app.registry import LIFECYCLES
from tests.client import Api, an_incident

#: What customers write: a word, a code, an address, a number, an answer.
PLAIN_WORDS = (
    *("卡", "慢", "急急急", "重要重要重要", "见附件", "好了", "已解决", "错", "无", "没有", "同上", "不行"),
    *("404", "0x80070005", "E-1234", "192.168.1.7", "+86 139 1234 5678", '2x27"', "x", "1", "🔥"),
    *("see attachment", "fixed", "done", "no", "same", "none", "OK", "ok", "test", "asdf", "n/a"),
)
ONLY_PUNCTUATION = ("-", "...", "……", "？！", "—", " . ", "\u200b\u200b", "~")


@pytest.mark.parametrize("text", PLAIN_WORDS)
def test_any_word_or_number_of_a_requester_counts(text: str) -> None:
    assert DemandedText(in_full=True).fault(text, by_requester=True) is None
    assert DemandedText(is_note=True).fault(text) is None


@pytest.mark.parametrize("text", ONLY_PUNCTUATION)
def test_punctuation_alone_says_nothing(text: str) -> None:
    assert DemandedText(in_full=True).fault(text, by_requester=True) == "only_punctuation"
    assert DemandedText(is_note=True).fault(text) == "only_punctuation"
    assert DemandedText(in_full=True).fault(text) == "says_nothing"


def test_a_requester_still_names_a_number_where_one_is_demanded() -> None:
    assert DemandedText(letters=1, is_number=True).fault("SNOW", by_requester=True) == "no_number"


#: Rows of incidents and requests in which the texts of a requester are their own words.
ROWS_OF_REQUESTERS = {
    *("incident.report", "incident.reopen", "incident.cancel", "incident.edit", "incident.complain"),
    *("request.submit", "request.reopen", "request.cancel", "request.edit", "request.complain"),
    *("request.return_requirements", "request.change_requirements", "request.record_acceptance"),
    *("request.edit_task", "request.drop_task"),
}


def test_requesters_have_own_words_in_incidents_and_requests() -> None:
    admitting = set()
    for lifecycle in LIFECYCLES:
        if not lifecycle.is_ticket or Relation.anybody not in lifecycle.rows[0].policy.relations:
            continue
        for row in lifecycle.rows:
            relations = row.policy.relations
            is_theirs = row.opens or Relation.reporter in relations
            is_theirs |= any(isinstance(each, ProcessRelation) and each.of_requesters for each in relations)
            payload: type[BaseModel] = row.body
            bodies = (payload, *part_types(payload).values())
            if is_theirs and any(marks(body, DemandedText) for body in bodies):
                admitting.add(f"{lifecycle.kind}.{row.name}")
    assert admitting == ROWS_OF_REQUESTERS


async def test_a_requester_reports_corrects_cancels_and_reopens_in_plain_words(api: Api) -> None:
    agent, customer = await api.client("Ann", "agent"), await api.client("Yan")
    words = ("卡", "404", "急急急", "见附件", "192.168.1.7")
    incidents = [
        await customer.post_ok("/v1/incidents", an_incident(title=word, description=word)) for word in words
    ]
    first, second = (incident["id"] for incident in incidents[:2])

    for word in ("慢", "E-1234"):
        edited = await customer.patch(
            f"/v1/incidents/{first}", json={"description": word}, headers={"If-Match": "*"}
        )
        assert edited.status_code == 200, edited.text
    await customer.post_ok(f"/v1/incidents/{first}/cancel", {"reason": "已解决"})
    refused = await agent.post(f"/v1/incidents/{second}/cancel", json={"reason": "done"})

    assert refused.status_code == 422, refused.text
    assert refused.json()["errors"][0]["code"] == "says_nothing"


async def test_staff_with_an_incident_of_their_own_are_its_requester_only_in_what_requesters_do(
    api: Api,
) -> None:
    agent = await api.client("Ann", "agent")
    incident = await agent.post_ok("/v1/incidents", an_incident(description="404"))
    path = f"/v1/incidents/{incident['id']}"
    await agent.post_ok(f"{path}/assign", {"person": "me"})
    await agent.post_ok(f"{path}/start")

    resolution = {"resolution_code": "fixed", "done": "done"}
    assert (await agent.post(f"{path}/resolve", json=resolution)).status_code == 422
    await agent.post_ok(f"{path}/resolve", resolution | {"done": "The relay was restarted."})
    await agent.post_ok(f"{path}/reopen", {"reason": "no"})


def test_an_acceptance_has_no_demanded_note() -> None:
    assert marks(CriterionAssessment, DemandedText)["note"].fault("OK") is None
