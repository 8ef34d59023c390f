"""Requesters write as they like, and nobody has to fill a note."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from app.kernel.actions.actor_policy import ProcessRelation, Relation
from app.kernel.actions.payload_fields import DemandedText
from app.kernel.actions.payloads import marks, part_types
from app.processes.requests.payloads import CriterionAssessment
from app.registry import LIFECYCLES

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


def test_an_acceptance_has_no_demanded_note() -> None:
    assert marks(CriterionAssessment, DemandedText)["note"].fault("OK") is None
