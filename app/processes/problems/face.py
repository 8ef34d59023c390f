"""The face of problems: what those who look for causes need on their pages."""

from __future__ import annotations

from app.common.faces import BilingualLabel, FormFace, FormSection, RecordFace
from app.ticketing.work.faces import TICKET_ESSENTIALS

FACE = RecordFace(
    essentials=(*TICKET_ESSENTIALS, "fixing_change"),
    texts=("cause", "symptoms", "workaround", "early_fix_reason", "prevention", "risk_reason"),
    spoken_fields=("description", "tried"),
    primary={
        "logged": ("investigate",),
        "investigating": ("identify_cause", "document_workaround"),
        "cause_identified": ("begin_fix", "document_workaround"),
        "known_error": ("begin_fix",),
        "fix_in_progress": ("resolve",),
        "resolved": ("close",),
    },
    quick=("identify_cause", "document_workaround", "assign", "edit"),
    forms={
        "raise": FormFace(
            first=("title", "description", "tried"),
            sections=(
                FormSection(
                    BilingualLabel("What is affected", "影响范围"),
                    ("service", "ci", "affected_services", "affected_customers", "affected_users"),
                ),
                FormSection(BilingualLabel("Where it shows", "现象来源"), ("incidents", "origin")),
            ),
            labels={
                "title": BilingualLabel("What goes wrong again and again?", "反复出现什么问题？"),
                "tried": BilingualLabel("What was tried already?", "已经尝试过什么？"),
            },
        ),
    },
)

#: The face of candidates for problems: most of the problem is known from the incidents.
CANDIDATE_FACE = RecordFace(
    essentials=("dimension", "value", "recurrence"),
    called=BilingualLabel("{value}: {recurrence_cases} incidents", "{value}：{recurrence_cases} 起事件"),
    primary={"offered": ("accept",)},
    forms={
        "accept": FormFace(
            first=(
                "title",
                "description",
                "service",
                "ci",
                "affected_services",
                "affected_customers",
                "affected_users",
                "tried",
            ),
            prefills={
                "title": BilingualLabel("{value}: incidents keep recurring", "{value}：事件反复发生"),
                "description": BilingualLabel(
                    "{value}: {recurrence_cases} incidents since {since_at}.",
                    "{value}：自 {since_at} 起已发生 {recurrence_cases} 起事件。",
                ),
                "service": BilingualLabel("{service}", "{service}"),
                "ci": BilingualLabel("{ci}", "{ci}"),
                "affected_services": BilingualLabel("{service}", "{service}"),
            },
        ),
    },
)
