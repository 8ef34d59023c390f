"""The face of agreements: what service level managers need on their pages."""

from __future__ import annotations

from app.common.faces import (
    ActionPart,
    BilingualLabel,
    FieldCondition,
    FormFace,
    FormSection,
    NeededField,
    RecordFace,
)

#: The representatives of the two sides, by how a consent names the side.
REPRESENTATIVES = (("it", "representative"), ("party", "party_representative"))
#: What both sides agree to, and what one side records of a consent on paper.
PRICE = ("price_amount", "price_currency", "price_period")
EFFECTS = ("effect_on_price", "effect_on_workload")
TERMS = ("edition", "text_edition", "valid_from", "valid_to", *PRICE)
ON_PAPER = frozenset({"side", "signed_document", "signatory", "upload"})
#: What a representative is not asked for in the portal: the proof of a paper, and IT's own cost.
NOT_IN_THE_PORTAL = ON_PAPER | {"occurred_at"}
NO_COST = NOT_IN_THE_PORTAL | {"effect_on_cost"}
PARTY_FIELDS = ("agreement_type", "customer", "team", "supplier")

#: The parts of the forms with the terms, and the lists from which some of them are chosen.
SECTIONS = (
    FormSection(BilingualLabel("Targets", "目标"), ("targets", "reporting_period")),
    FormSection(
        BilingualLabel("Cost and consequences", "费用与后果"),
        ("cost_amount", "cost_currency", "cost_period", "consequences"),
    ),
    FormSection(
        BilingualLabel("Amount of work and duties", "工作量与义务"),
        ("workload", "workload_above", "customer_duties", "resources", "security_boundary"),
    ),
    FormSection(BilingualLabel("Text", "正文"), ("text", "specification", "quality_plan")),
    FormSection(
        BilingualLabel("Review and end", "评审与终止"),
        ("review_months", "notice_days", "reopen_days"),
    ),
)
LISTS = {"targets/process": "process", "targets/kpi": "kpi", "workload/process": "process"}

FACE = RecordFace(
    essentials=("customer", "services", "representative", "party_representative", "valid_from", "valid_to"),
    texts=("text", "customer_duties", "consequences", "termination_reason"),
    primary={
        "requirement": ("draft",),
        "drafted": ("submit_for_review", "negotiate"),
        "negotiating": ("submit_for_review",),
        "in_review": ("sign",),
        "signed": ("review",),
        "under_review": ("renew",),
    },
    needed=(
        NeededField(
            name="party_representative",
            states=("drafted", "negotiating", "in_review"),
            action="appoint",
            reason=BilingualLabel(
                "Nobody represents the other side yet, and the agreement applies only once both sides have "
                "signed it. First name that person with the button “Appoint representative”.",
                "对方尚无代表。协议须经双方签署方能生效，请先用“指定代表”指定对方代表。",
            ),
            only_with=FieldCondition("agreement_type", ("SLA", "OLA")),
        ),
    ),
    quick=("maintain_text", "appoint"),
    judged={
        "sign": TERMS,
        "renew": (*TERMS, *EFFECTS),
        "terminate": (*TERMS, "termination_reason"),
        "amend": (*TERMS, *EFFECTS, "amendment", "amendment_description"),
    },
    refusals={
        "sign": "negotiate",
        "renew": "refuse_consent",
        "terminate": "refuse_consent",
        "amend": "refuse_consent",
    },
    done={
        step: tuple(
            ActionPart("pending_consents", f"{step}:{side}", person) for side, person in REPRESENTATIVES
        )
        for step in ("sign", "renew", "terminate", "amend")
    },
    portal_forms={
        "sign": FormFace(unasked=NOT_IN_THE_PORTAL, from_record=frozenset({"text_edition"})),
        "terminate": FormFace(unasked=NOT_IN_THE_PORTAL),
        **{name: FormFace(unasked=NO_COST) for name in ("renew", "amend")},
        "negotiate": FormFace(
            first=("proposals",),
            unasked=frozenset({"occurred_at"}),
            labels={
                "proposals": BilingualLabel(
                    "Why do you not sign, and what should change?", "为什么暂不签署？希望怎样修改？"
                )
            },
        ),
    },
    forms={
        "sign": FormFace(from_record=frozenset({"text_edition"})),
        "record_requirement": FormFace(
            first=("title", *PARTY_FIELDS, "needs", "business_process", "services"),
            # An amendment sets what it replaces.
            unasked=frozenset({"replaces"}),
            only_with={
                "customer": FieldCondition("agreement_type", ("SLA",)),
                "team": FieldCondition("agreement_type", ("OLA",)),
                "supplier": FieldCondition("agreement_type", ("UC",)),
            },
        ),
        "draft": FormFace(
            lists=LISTS,
            first=("title", "services", "calendar", "valid_from", "valid_to", "copy_of"),
            sections=SECTIONS,
        ),
        # The terms are replaced: what a person leaves unchanged must stay.
        "maintain_text": FormFace(
            lists=LISTS,
            first=("what_changed", "title", "services", "calendar", "valid_from", "valid_to"),
            sections=SECTIONS,
            filled_from="",
        ),
    },
)
