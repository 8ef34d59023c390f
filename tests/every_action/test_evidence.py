"""Each field that names documents as evidence refuses a number of nothing, a document of another matter, a
draft, a withdrawn one, one from before the question, and one that the caller may not see.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from app.common.people import Caller, Role
from app.common.records import ForeignRef, Record, empty
from app.common.state_fields import EvidenceRef
from app.foundation.documents.evidence import ExternalNumbers, RegisteredDocuments
from app.foundation.documents.records import DocumentClass
from app.foundation.own_numbers import RECORD_CODES, is_own_number
from app.kernel.access.reads import ReadContext
from app.kernel.actions.payloads import Payload, marks
from app.kernel.actions.refusals import WrongValue
from app.kernel.commands.references.evidence import require_evidence
from app.kernel.named_evidence import EvidenceQuestion, NamedEvidence
from app.kernel.named_records import is_stream_visible
from app.log.ids import uuid7
from app.registry import LIFECYCLES
from tests.client import Api, Json
from tests.governance.documents.conftest import Office, calendar, office
from tests.people import add_caller
from tests.processes.releases.samples import makers_in_team
from tests.processes.trainings.conftest import said

__all__ = ["calendar", "office"]

#: The fields whose documents must not be older than the question, with the field that has its time.
SINCE = {
    "StandardiseImprovement/document_numbers": "approved_at",
    "CompleteRolloutStepImprovement/numbers": "approved_at",
    "AskHandOverImprovement/numbers": "approved_at",
    "StartPilotImprovement/standards": "approved_at",
    "FixImprovement/numbers": "cutover_at",
    "PassGateRelease/document_numbers": "opened_at",
    "SubmitForAcceptanceRequest/manual": "solution_approved_at",
}
#: Those that have no such time: the material of a training.
WITHOUT_SINCE = {"PlanTraining/material_number"}
#: Those that take documents of some classes from before the question, if they stand for the record's service.
STANDING = {"PassGateRelease/document_numbers", "SubmitForAcceptanceRequest/manual"}
#: Those that take documents for all processes and services: material, a manual, and deliverables of a stage.
WITHOUT_MATTER = {*WITHOUT_SINCE, *STANDING}
#: Texts that look like numbers of documents and name none as evidence.
OTHER_NUMBERS = {
    "DraftDocument/external_number": "the document's own number elsewhere",
    "ReportWorkTeam/numbers": "numbers of the records on which the team works",
    **{
        f"{payload}/{field}": "only a rule says them: those of the step that published"
        for payload in ("AnnouncePublicationImprovement", "TellNewcomerImprovement")
        for field in ("document_numbers", "external_numbers")
    },
}


#: Numbers of ours in the ways in which people write them.
OURS = (
    *(
        "PR2026001",
        "pr2026001",
        "ＰＲ２０２６００１",
        "PR 2026001",
        "PR-2026-001",
        "PR2026001.",
        "PR2026001/1.0",
    ),
    *("No. TE2026001", "TE2026001 v1", "PR2026001,PR2026002", "INC-2026-000001", "chg-2026-000001"),
    *("CHG2026000001", "CHG–2026–000001", "CHG-2026-1"),
    *("PR-NOSUCH", "pr-nosuch", "ＰＲ－ＮＯＳＵＣＨ", "TE.draft", "TE: draft", "PR-1", "CHG-0030045"),
    *(f"{code}-draft" for code in sorted({*DocumentClass, *RECORD_CODES})),
)

#: Numbers of other systems, some of which begin as ours do.
THEIRS = (
    *("SOP-12", "CHG0030045", "INC2000123", "PR 1834567", "QMS-2024-118", "git 4f2a91c", "Jira CHG-12"),
    "https://wiki.example/PRINT2024001",
)


@dataclass(frozen=True)
class Reference:
    """A field that names evidence: the kind of record, the payload, and the mark."""

    kind: str
    payload: type[Payload]
    field: str
    mark: NamedEvidence

    @property
    def name(self) -> str:
        return f"{self.payload.__name__}/{self.field}"


def references() -> list[Reference]:
    """All fields that name evidence."""
    return [
        Reference(lifecycle.kind, row.body, field, mark)
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for field, mark in marks(row.body, NamedEvidence).items()
    ]


@pytest.mark.parametrize("text", ["later", "to be written", "none, because of 2 notes", "Confluence"])
async def test_a_document_elsewhere_has_a_number_or_an_address(text: str) -> None:
    mark = RegisteredDocuments(or_elsewhere=True)
    question: Any = SimpleNamespace(body=SimpleNamespace(manual=text))
    with pytest.raises(WrongValue) as refused:
        await mark.kept_numbers(question, "manual", [text])
    assert (refused.value.pointer, refused.value.because) == ("/manual", "no_number")
    assert await mark.kept_numbers(question, "manual", ["SOP-12"]) == ["SOP-12"]


@dataclass
class Documents:
    """Numbers of documents, each of which fails in one way but the first."""

    good: str
    older: str
    draft: str
    withdrawn: str
    other_matter: str
    other_service: str
    of_no_matter: str
    hidden: str
    later: str
    boundary: datetime


async def documents(office: Office, api: Api) -> Documents:
    """Documents of the register, with the time between the older and the others."""
    for key in ("mail", "portal"):
        names = {"key": key, "name_en": key, "name_zh": key, "owner": "me"}
        manager = await api.client(f"Owner of {key}", Role.service_level_manager)
        await manager.post_ok("/v1/services", {**names, "criticality": "high"})
    internal: dict[str, Any] = {
        "confidentiality": "internal",
        "readers": [],
        "process": "incident",
        "service": "mail",
    }

    async def number(path: str) -> str:
        return str((await office.author.read(path))["number"])

    older = await number(await office.published(**internal))
    withdrawn_path = await office.published(**internal)
    await office.quality.post_ok(f"{withdrawn_path}/archive", {"reason": "Replaced."})
    boundary = datetime.now(UTC)
    office.calendar.move_on(seconds=1)
    return Documents(
        good=await number(await office.published(**internal)),
        older=older,
        draft=await number(await office.drafted(**internal)),
        withdrawn=await number(withdrawn_path),
        other_matter=await number(await office.published(**{**internal, "process": "problem"})),
        other_service=await number(await office.published(**{**internal, "service": "portal"})),
        of_no_matter=await number(await office.published(**{**internal, "process": None, "service": None})),
        hidden=await number(await office.published()),
        later=await number(await office.published(in_days=30, **internal)),
        boundary=boundary,
    )


async def found(api: Api, caller: Caller, reference: Reference, name: str, asked_at: datetime) -> str:
    """The number that the field keeps for the name, or the code with which it refuses it. The caller names it
    for a record of incidents and mail whose question was put at that time.
    """
    ledger = api.ledger
    record: Any = empty(ledger.lifecycles[reference.kind].record, uuid7())
    times = dict.fromkeys(("approved_at", "cutover_at", "opened_at"), asked_at)
    for field, value in {"process": "incident", "service": "mail", **times}.items():
        if field in type(record).model_fields:
            setattr(record, field, value)
    if reference.kind == "request":
        record.solution_approval.solution_approved_at = asked_at
    named: dict[str, Any] = {reference.field: (name,)}
    body: Any = reference.payload.model_construct(**named)
    question = EvidenceQuestion(
        ReadContext(ledger.db, ledger.lifecycles, ledger.directory),
        record,
        body,
        caller,
        asked_at + timedelta(days=1),
        lambda stream, audience: is_stream_visible(ledger, caller, stream, audience),
    )
    try:
        [number] = await reference.mark.kept_numbers(question, reference.field, (name,))
    except WrongValue as refused:
        return str(refused.because)
    return number


async def test_evidence_counts_only_if_it_exists_is_visible_in_force_of_the_matter_and_new(
    office: Office, api: Api
) -> None:
    named = await documents(office, api)
    caller = await add_caller(api.ledger, "Engineer", Role.engineer)
    registered = [reference for reference in references() if isinstance(reference.mark, RegisteredDocuments)]
    assert {reference.name for reference in registered} == {*SINCE, *WITHOUT_SINCE}
    for reference in registered:
        tried = {
            name: await found(api, caller, reference, value, named.boundary)
            for name, value in {
                "good": named.good,
                "nothing": "PR2026999",
                "a ticket": "INC-2026-000001",
                "draft": named.draft,
                "withdrawn": named.withdrawn,
                "other matter": named.other_matter,
                "other service": named.other_service,
                "of no matter": named.of_no_matter,
                "hidden": named.hidden,
                "older": named.older,
                "later": named.later,
            }.items()
        }
        kept_fields = api.ledger.lifecycles[reference.kind].record.model_fields
        assert tried == {
            "good": named.good,
            "nothing": "unknown_reference",
            "a ticket": "unknown_reference",
            "draft": "document_not_in_force",
            "withdrawn": "document_not_in_force",
            "other matter": "document_of_other_matter" if "process" in kept_fields else named.other_matter,
            "other service": "document_of_other_matter" if "service" in kept_fields else named.other_service,
            "of no matter": "document_names_no_service"
            if getattr(reference.mark, "of_service", False)
            else named.of_no_matter
            if reference.name in WITHOUT_MATTER
            else "document_names_no_process",
            "hidden": "unknown_reference",
            "older": named.older
            if reference.name in WITHOUT_SINCE or DocumentClass.PR in getattr(reference.mark, "standing", ())
            else "document_too_old",
            "later": named.later
            if getattr(reference.mark, "ahead", False)
            else "document_takes_effect_later",
        }, reference.name


@dataclass
class FiledElsewhere:
    """Reads that find one document of today, which another record of this kind has filed."""

    kind: str

    async def row(self, *_: object, **__: object) -> Json:
        entry = {"number": "TE2026001", "document_class": "TE", "state": "published", "audience": []}
        return {**entry, "stream": f"{self.kind}/1", "published_at": datetime.now(UTC)}

    async def value(self, *_: object, **__: object) -> None:
        return None

    async def record(self, *_: object) -> Any:
        return SimpleNamespace(record=SimpleNamespace(KIND=self.kind, process="incident", service="mail"))


async def test_a_document_of_another_release_or_improvement_shows_nothing() -> None:
    tried = set()
    for reference in references():
        if not isinstance(reference.mark, RegisteredDocuments) or reference.name not in SINCE:
            continue
        record = SimpleNamespace(KIND=reference.kind, row_key=f"{reference.kind}/2", process="incident")
        times = dict.fromkeys(("approved_at", "cutover_at", "opened_at"), datetime(2026, 3, 1, tzinfo=UTC))
        approval = SimpleNamespace(solution_approved_at=times["approved_at"])
        vars(record).update({**times, "service": "mail", "solution_approval": approval})
        question: Any = SimpleNamespace(
            reads=FiledElsewhere(reference.kind),
            record=record,
            body=SimpleNamespace(**{reference.field: ("TE2026001",)}),
            now=datetime.now(UTC) + timedelta(days=1),
            is_visible=lambda *_: True,
        )
        with pytest.raises(WrongValue) as refused:
            await reference.mark.kept_numbers(question, reference.field, ("TE2026001",))
        assert refused.value.because == "document_of_other_matter", reference.name
        tried.add(reference.name)
    assert tried == SINCE.keys()


@pytest.mark.parametrize(("step", "since"), [("publish", "approved_at"), ("manage_daily", "cutover_at")])
def test_documents_of_daily_management_follow_the_cutover(step: str, since: str) -> None:
    [mark] = [each.mark for each in references() if each.name == "CompleteRolloutStepImprovement/numbers"]
    assert isinstance(mark, RegisteredDocuments)
    assert mark.since is not None
    times = {"approved_at": datetime(2026, 3, 1, tzinfo=UTC), "cutover_at": datetime(2026, 5, 1, tzinfo=UTC)}
    assert mark.since(SimpleNamespace(**times), SimpleNamespace(step=step)) == times[since]


async def test_a_document_that_stands_for_the_service_may_be_older_until_its_review_is_due(
    office: Office, api: Api
) -> None:
    named = await documents(office, api)
    caller = await add_caller(api.ledger, "Engineer", Role.engineer)
    marked = {
        reference.name: reference
        for reference in references()
        if isinstance(reference.mark, RegisteredDocuments) and reference.mark.standing
    }
    assert marked.keys() == STANDING
    internal: dict[str, Any] = {"confidentiality": "internal", "readers": []}
    evidence = {}
    for document_class, service in (("OP", "mail"), ("OP", None), ("TE", "mail"), ("AC", "mail")):
        path = await office.published(**internal, document_class=document_class, service=service)
        number = (await office.author.read(path))["number"]
        evidence[document_class, service] = number, path
    asked_at = office.calendar.now() + timedelta(seconds=1)
    manual, _ = evidence["OP", "mail"]
    for (document_class, service), (number, _) in evidence.items():
        code = number if number == manual else "document_too_old"
        for each in marked.values():
            assert await found(api, caller, each, number, asked_at) == code, (document_class, service)
    overdue_at = asked_at + timedelta(days=400)
    for each in marked.values():
        assert await found(api, caller, each, manual, overdue_at) == "document_review_overdue"
    gate = marked["PassGateRelease/document_numbers"]
    assert await found(api, caller, gate, named.older, asked_at) == named.older


async def test_a_ticket_takes_no_document_of_another_process_that_names_no_service(
    office: Office, api: Api
) -> None:
    internal: dict[str, Any] = {"confidentiality": "internal", "readers": []}
    caller = await add_caller(api.ledger, "Engineer", Role.engineer)
    [gate] = [each for each in references() if each.name == "PassGateRelease/document_numbers"]
    asked_at = datetime.now(UTC)
    office.calendar.move_on(seconds=1)
    for process, code in (
        ("problem", "document_of_other_matter"),
        ("release", "document_names_no_service"),
        (None, "document_names_no_service"),
    ):
        path = await office.published(**internal, process=process)
        number = (await office.author.read(path))["number"]
        assert await found(api, caller, gate, number, asked_at) == code, process


async def test_a_number_elsewhere_has_not_the_form_of_ours(api: Api) -> None:
    caller = await add_caller(api.ledger, "Engineer", Role.engineer)
    external = [reference for reference in references() if isinstance(reference.mark, ExternalNumbers)]
    assert {reference.field for reference in external} == {"external_numbers", "external_number"}
    for reference in external:
        for ours in (*OURS, str(uuid7())):
            assert await found(api, caller, reference, ours, datetime.now(UTC)) == "number_of_ours", ours
        for theirs in THEIRS:
            assert await found(api, caller, reference, theirs, datetime.now(UTC)) == theirs


def test_every_code_in_front_of_our_numbers_is_known() -> None:
    assert {lifecycle.code for lifecycle in LIFECYCLES if lifecycle.code} == set(RECORD_CODES)


@pytest.mark.parametrize(("name", "is_ours"), [("CHG-NOSUCH", True), ("chg_nosuch", True), ("CHG-7", False)])
def test_other_tools_number_their_changes_as_we_do(name: str, *, is_ours: bool) -> None:
    assert is_own_number(name) is is_ours


def test_every_number_of_a_document_in_a_payload_is_marked_as_evidence() -> None:
    for lifecycle in LIFECYCLES:
        for row in lifecycle.rows:
            marked = marks(row.body, NamedEvidence)
            for field, declared in row.body.model_fields.items():
                looks_alike = field.endswith(("numbers", "_number")) and "str" in str(declared.annotation)
                name = f"{row.body.__name__}/{field}"
                assert not looks_alike or field in marked or name in OTHER_NUMBERS, name


async def test_a_training_keeps_the_number_of_its_material(office: Office, api: Api) -> None:
    named = await documents(office, api)
    owner = await api.client("Owner", Role.process_owner)

    async def planned(**material: str) -> Json | list[str]:
        body = {**said(persons=[owner.id], teams=[]), "material": None, **material}
        answer = await owner.post("/v1/trainings", json=body)
        refused = [error["code"] for error in answer.json().get("errors", ())]
        return refused or answer.json()

    document_id = (await owner.read(f"/v1/documents/{named.good}"))["id"]
    record = await planned(material_number=document_id)
    assert isinstance(record, dict)
    assert record["material_number"] == named.good
    assert await planned(material_number="PR2026999") == ["unknown_reference"]
    assert await planned(material_number=named.hidden) == ["unknown_reference"]
    assert await planned(material_number=named.other_matter) == ["document_of_other_matter"]
    assert await planned(external_number=named.good) == ["number_of_ours"]
    assert isinstance(await planned(external_number="SOP-12"), dict)


async def test_a_gate_takes_nothing_older_than_the_plan_only_and_no_question_is_dated_back(
    office: Office, api: Api
) -> None:
    """A document that stands for the service goes with what was made for the release."""
    internal: dict[str, Any] = {"confidentiality": "internal", "readers": [], "service": "mail"}
    names = {"key": "mail", "name_en": "Mail", "name_zh": "邮件", "owner": "me", "criticality": "high"}
    await (await api.client("Owner", Role.service_level_manager)).post_ok("/v1/services", names)
    numbers = {}
    for document_class in ("IM", "OP"):
        path = await office.published(**internal, document_class=document_class)
        numbers[document_class] = (await office.author.read(path))["number"]
    makers = await makers_in_team(api)
    # The documents are published by the real clock, as the release is recorded.
    asked_at = datetime.now(UTC) - timedelta(days=5)
    path = await makers.planned(occurred_at=asked_at.isoformat())
    gate = {"author": makers.developer.id}
    for evidence, code in (
        ({"document_numbers": [numbers["IM"]]}, "document_too_old"),
        ({"document_numbers": [numbers["OP"]]}, "nothing_made_for_release"),
        ({"document_numbers": [numbers["OP"]], "external_numbers": ["git 4f2a91c"]}, None),
    ):
        answer = await makers.manager.post(f"{path}/pass_gate", json={**gate, **evidence})
        refused = [error["code"] for error in answer.json().get("errors", ())]
        assert refused == ([] if code is None else [code]), evidence
    assert answer.status_code == 200


def evidence_refs() -> list[tuple[str, type[Record], str, EvidenceRef]]:
    """The payload's name, the record, the field and the mark of each reference to a record as evidence."""
    return [
        (row.body.__name__, lifecycle.record, field, mark)
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for field, mark in marks(row.body, EvidenceRef).items()
    ]


@pytest.mark.parametrize(
    ("payload", "record", "field", "mark"),
    [pytest.param(*ref, id=f"{ref[0]}/{ref[2]}") for ref in evidence_refs()],
)
def test_a_record_is_evidence_once_it_was_done_and_only_since_the_question(
    payload: str, record: type[Record], field: str, mark: EvidenceRef
) -> None:
    kinds = {lifecycle.kind: lifecycle.record for lifecycle in LIFECYCLES}
    assert mark.done_at in kinds[mark.kind].model_fields
    assert mark.since is None or mark.since in record.model_fields
    asked_at = datetime(2026, 3, 1, tzinfo=UTC)
    question: Any = SimpleNamespace(**({} if mark.since is None else {mark.since: asked_at}))
    for done_at, code in (
        (None, mark.not_done),
        (asked_at - timedelta(seconds=1), None if mark.since is None else "evidence_too_old"),
        (asked_at, None),
        (asked_at + timedelta(days=1), None),
    ):
        evidence = SimpleNamespace(number="TRN-2026-000001", **{mark.done_at: done_at})
        with nullcontext() if code is None else pytest.raises(WrongValue) as refused:
            require_evidence(mark, question, {f"/{field}": evidence})
        assert code == getattr(getattr(refused, "value", None), "because", None), payload


def test_references_to_what_was_held_or_concluded_are_marked_as_evidence() -> None:
    references_marked = {f"{payload}/{field}" for payload, _, field, _ in evidence_refs()}
    references_named = {
        f"{row.body.__name__}/{field}"
        for lifecycle in LIFECYCLES
        for row in lifecycle.rows
        for field, mark in marks(row.body, ForeignRef).items()
        if mark.kind in {"meeting", "training", "process_assessment"}
    }
    # The meeting before in a series, and a meeting on which a check of its own asks for more.
    assert references_named == references_marked | {
        "CallMeeting/follows",
        "ConcludeImprovementAssessment/meeting",
    }
