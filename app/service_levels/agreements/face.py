"""The face of agreements: what service level managers need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FieldCondition, FormFace, FormSection, RecordFace

PARTY_FIELDS = ("agreement_type", "customer", "team", "supplier")

FACE = RecordFace(
    essentials=("customer", "services", "representative", "party_representative", "valid_from", "valid_to"),
    primary={
        "requirement": ("draft",),
        "drafted": ("submit_for_review", "negotiate"),
        "negotiating": ("submit_for_review",),
        "in_review": ("sign",),
        "signed": ("review",),
        "under_review": ("renew",),
    },
    quick=("maintain_text", "appoint"),
    forms={
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
            lists={"targets/process": "process", "targets/kpi": "kpi", "workload/process": "process"},
            first=("title", "services", "calendar", "valid_from", "valid_to", "copy_of"),
            sections=(
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
            ),
        ),
    },
)
