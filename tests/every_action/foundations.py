"""What is said of people, teams, items, rules and whatever else processes rest on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from app.foundation.absences.absence_calendars import (
    AddAbsenceCalendar,
    EditAbsenceCalendar,
    MoveAbsenceCalendar,
    NoteFailureAbsenceCalendar,
)
from app.foundation.absences.absences import EditAbsence, PlanAbsence, RescheduleAbsence
from app.foundation.assignment.assignment_rules import AddAssignmentRule, EditAssignmentRule
from app.foundation.branding.brandings import AddBranding, ReviseBranding, SetLogoBranding
from app.foundation.categories.categories import AddCategory, EditCategory
from app.foundation.cis.payloads import CiAlteration, EditCi, PlanCi, RelateCi, TakeBaseline, UnrelateCi
from app.foundation.custom.fields import AddCustomField, EditCustomField
from app.foundation.decisions.approval_rules.lifecycle import AddApprovalRule, ReviseApprovalRule
from app.foundation.decisions.deputies.lifecycle import NameDeputy
from app.foundation.escalation.escalation_rules import AddEscalationRule, EditEscalationRule
from app.foundation.people.groups import AddGroup, AddMemberGroup, EditGroup, RemoveMemberGroup
from app.foundation.people.keys import MakeKey
from app.foundation.people.memberships import JoinPerson, LeavePerson
from app.foundation.people.persons import (
    AddPerson,
    EditPerson,
    GrantRolePerson,
    RevokeRolePerson,
    SetBoundsPerson,
    SetPreferencesPerson,
)
from app.foundation.people.succession.group_uses import ReportUsesGroup
from app.foundation.people.succession.handing_over import HandOverDuties
from app.foundation.people.succession.leaving import ReportDuties, TransferDutiesPerson
from app.foundation.people.succession.team_work import ReportWorkTeam
from app.foundation.people.teams import AddTeam, EditTeam
from app.foundation.rota.shifts import AddShift, EndShift
from app.foundation.rota.stand_ins import AgreeStandIn
from app.foundation.text_blocks.text_blocks import AddTextBlock, EditTextBlock
from app.kernel.actions.payloads import Payload
from app.processes.incidents.alert_rules.lifecycle import AddAlertRule, EditAlertRule
from tests.client import Client, Json
from tests.every_action.world_data import CALENDAR, GROUP, IDS, NOBODYS, NUMBERS, TEAM


def _electors(**source: object) -> Json:
    """A source of voters."""
    return {"role": None, "group": None, "relation": None, "grade": None, "on_call": False, **source}


def _approval_rule(**changes: object) -> Json:
    """Who votes on changes of a category that none is of."""
    return {
        "conditions": [
            {"field": "category", "any_of": [f"none-{next(NUMBERS)}"], "at_least": None, "below": None}
        ],
        "voters": [
            _electors(role="cab_member"),
            _electors(group=GROUP),
            _electors(relation="service_owner"),
        ],
        "otherwise": [_electors(role="cab_member", grade="senior", on_call=True)],
        "enough": 2,
        "if_unanswered": [_electors(role="management")],
        "rule": "majority",
        "quorum": 2,
        "quorum_percent": None,
        "least_voters": 1,
        "due_within_seconds": 86_400,
        "least_seconds": 3600,
        "calendar": CALENDAR,
        "remind_before_seconds": 3600,
        **changes,
    }


#: As the API takes them.
SAMPLES: dict[type[Payload], Callable[[], Json]] = {
    AddPerson: lambda: {
        "name": "Sun Li 孙丽",
        "email": "sun.li@example.org",
        "phone": "+86 10 5555 0101",
        "department": "Finance",
        "post": "Head of accounting",
        "manager": "me",
        "grade": "senior",
        "time_zone": "Asia/Shanghai",
        "roles": ["agent", "cab_member"],
        "kind": "human",
        "locale": "zh",
        "teams": [TEAM],
    },
    EditPerson: lambda: {
        "name": "Sun Li-Berg",
        "email": "sun.berg@example.org",
        "phone": "+86 10 5555 0102",
        "department": "Purchasing",
        "post": "Head of purchasing",
        "manager": "me",
        "grade": "management",
        "locale": "en",
        "time_zone": "Europe/Berlin",
        "team": TEAM,
    },
    EditTeam: lambda: {"name": "Another name", "lead": "me"},
    JoinPerson: lambda: {"team": IDS["team"]},
    LeavePerson: lambda: {"team": TEAM},
    GrantRolePerson: lambda: {"role": "engineer@service/mail"},
    SetBoundsPerson: lambda: {"most_standing": 100},
    SetPreferencesPerson: lambda: {
        "told_of": ["assigned", "resolved"],
        "told_by_mail": ["resolved"],
        "mail_waits_for_you": "daily",
        "mail_is_yours": "at_once",
        "mail_you_follow": "daily",
        "mail_for_information": "none",
    },
    RevokeRolePerson: lambda: {"role": "cab_member"},
    AddTeam: lambda: {
        "key": f"team-{next(NUMBERS)}",
        "name": "A team",
        "kind": "internal",
        "lead": "me",
    },
    AddCustomField: lambda: {
        "process": "incident",
        "key": f"site_{next(NUMBERS)}",
        "value_type": "choice",
        "label_en": "Site",
        "label_zh": "地点",
        "required": False,
        "staff_only": False,
        "filterable": False,
        "choices": [{"key": "beijing", "label_en": "Beijing", "label_zh": "北京"}],
    },
    EditCustomField: lambda: {
        "label_en": "Where",
        "label_zh": "位置",
        "required": False,
        "filterable": False,
        "choices": [{"key": "berlin", "label_en": "Berlin", "label_zh": "柏林"}],
    },
    AddGroup: lambda: {"key": f"group-{next(NUMBERS)}", "name": "A board 委员会", "chair": "me"},
    EditGroup: lambda: {"name": "Another board", "chair": "me"},
    AddMemberGroup: lambda: {"person": IDS["person"], "side": "business"},
    RemoveMemberGroup: lambda: {"person": IDS["person"]},
    CiAlteration: lambda: {"change": "CHG-17"},
    PlanCi: lambda: {
        "key": f"srv-{next(NUMBERS)}",
        "name": "Mail relay 邮件中继",
        "ci_class": "server",
        "owner": "me",
        "services": ["mail"],
        "attributes": {"memory_gib": 64, "system": "Debian 13"},
    },
    TakeBaseline: lambda: {
        "key": f"before-{next(NUMBERS)}",
        "name": "Before the move 搬迁前",
        "position": 1,
        "ci_classes": ["server"],
        "services": ["mail"],
        "cis": [IDS["ci"]],
    },
    EditCi: lambda: {"name": "Another relay", "owner": "me", "services": ["mail", "web"], "change": "CHG-17"},
    RelateCi: lambda: {"kind": "runs_on", "other": IDS["ci"], "change": "CHG-17"},
    UnrelateCi: lambda: {"kind": "runs_on", "other": IDS["ci"], "change": "CHG-17"},
    AddCategory: lambda: {
        "process": "incident",
        "key": f"printing-{next(NUMBERS)}",
        "name_en": "Printing",
        "name_zh": "打印",
        "parent": IDS["category"],
    },
    EditCategory: lambda: {"name_en": "Printers", "name_zh": "打印机"},
    AddBranding: lambda: {"name": "The desk 服务台", "colour": "#1f5fa8"},
    ReviseBranding: lambda: {"name": "Our desk 服务台", "colour": "#0b3d2e"},
    SetLogoBranding: lambda: {"upload": NOBODYS, "file_name": "徽标 logo.png"},
    AddTextBlock: lambda: {
        "key": f"password-{next(NUMBERS)}",
        "process": "incident",
        "title_en": "A new password",
        "title_zh": "新密码",
        "text_en": "Dear {requester}, {number} is done. {agent}",
        "text_zh": "{requester}，您好：{number} 已处理。{agent}",
    },
    EditTextBlock: lambda: {
        "text_en": "{number} of {team}: {title}",
        "text_zh": "{team} 的 {number}：{title}",
    },
    MakeKey: lambda: {
        "name": "The portal's",
        "person": "me",
        "roles": ["requester"],
        "scope": "calendar",  # whoever is no administrator makes no other
        "expires_at": "2199-01-01T00:00:00Z",
    },
    AddShift: lambda: {
        "team": TEAM,
        "person": "me",
        "duty": "on_call",
        "weekdays": ["fri", "sat"],
        "starts": "22:00",
        "ends": "06:00",
        "time_zone": "Asia/Shanghai",
        "from_date": "2026-11-01",
        "until_date": "2199-01-01",
        "every_weeks": 2,
    },
    AddAssignmentRule: lambda: {
        "process": "incident",
        "name": "Mail by night",
        "position": 100,
        "for_service": f"none-{next(NUMBERS)}",
        "for_category": "e-mail",
        "for_customer": TEAM,
        "priorities": ["P1", "P2"],
        "hours": "nobody_works",
        "hours_of": TEAM,
        "calendar": CALENDAR,
        "calendar_hours": "closed",
        "to_team": TEAM,
        "choose": "in_turn",
    },
    EditAssignmentRule: lambda: {
        "name": "Mail",
        "position": 50,
        "for_service": "mail",
        "for_category": "web",
        "for_customer": TEAM,
        "priorities": ["P3"],
        "hours": "always",
        "hours_of": TEAM,
        "calendar": CALENDAR,
        "calendar_hours": "open",
        "to_team": IDS["team"],
        "choose": "least_loaded",
    },
    AddEscalationRule: lambda: {
        "process": "incident",
        "name": "Nobody has taken it for an hour",
        "priorities": ["P1", "P2"],
        "after_seconds": 3600,
        "as_long_as": "unassigned",
        "escalate_to": "team",
        "to_team": TEAM,
    },
    EditEscalationRule: lambda: {
        "name": "Nobody has answered",
        "priorities": ["P1"],
        "after_seconds": 900,
        "as_long_as": "unanswered",
    },
    AddAlertRule: lambda: {
        "name": "Databases",
        "precedence": 10,
        "source": "alertmanager-1",
        "matchers": ["team=db", "severity!=info"],
        "service": "mail",
        "ci": "srv-1",
        "category": "network",
        "team": TEAM,
        "impact": "2",
        "urgency": "2",
        "effect": "degraded",
        "group_by": ["cluster", "alertname"],
        "window_seconds": 900,
        "window_since": "last_alert",
        "most_alerts": 200,
        "quiet_from_at": "2199-03-02T22:00:00Z",
        "quiet_until_at": "2199-03-03T02:00:00Z",
    },
    EditAlertRule: lambda: {"name": "Databases and caches", "precedence": 11, "matchers": ["team=db*"]},
    HandOverDuties: lambda: {"person": IDS["person"], "new_holder": "me"},
    TransferDutiesPerson: lambda: {"new_holder": "me", "kinds": ["incident", "change"]},
    ReportUsesGroup: lambda: {
        "use_count": 2,
        "asking_records": ["REQ-2026-000007"],
        "persons": [IDS["person"]],
    },
    ReportWorkTeam: lambda: {"work_count": 2, "numbers": ["INC-2026-000007"], "persons": [IDS["person"]]},
    ReportDuties: lambda: {"holder": IDS["person"], "duty_count": 4, "persons": [IDS["person"]]},
    EndShift: lambda: {"until_date": "2198-01-01"},
    AddApprovalRule: lambda: {
        "key": f"rule-{next(NUMBERS)}",
        "decision": "change",
        "name": "Our changes 我们的变更",
        "definition": _approval_rule(),
    },
    ReviseApprovalRule: lambda: {
        "name": "All our changes",
        "definition": _approval_rule(rule="unanimous", quorum=None, quorum_percent=50),
    },
    NameDeputy: lambda: {
        "deputy": IDS["doer"],
        "from_at": "2026-12-01T00:00:00Z",
        "until_at": (datetime.now(UTC) + timedelta(days=300)).isoformat(),
        "decisions": ["freeze_exception"],
    },
    PlanAbsence: lambda: {
        "person": "me",
        "deputy": IDS["doer"],
        "from_at": (datetime.now(UTC) + timedelta(days=4)).isoformat(),
        "until_at": (datetime.now(UTC) + timedelta(days=300)).isoformat(),
        "reason": "Parental leave 育儿假",
    },
    EditAbsence: lambda: {"until_at": (datetime.now(UTC) + timedelta(days=200)).isoformat()},
    RescheduleAbsence: lambda: {
        "from_at": (datetime.now(UTC) + timedelta(days=5)).isoformat(),
        "until_at": (datetime.now(UTC) + timedelta(days=201)).isoformat(),
    },
    AddAbsenceCalendar: lambda: {
        "url": f"https://calendar.example.org/private-{next(NUMBERS)}/me.ics",
        "deputy": IDS["doer"],
    },
    EditAbsenceCalendar: lambda: {"deputy": None},
    MoveAbsenceCalendar: lambda: {"url": "https://calendar.example.org/elsewhere.ics"},
    NoteFailureAbsenceCalendar: lambda: {"because": "status"},
    AgreeStandIn: lambda: {
        "team": TEAM,
        "person": "me",
        "duty": "on_call",
        "starts_at": "2026-11-20T08:00:00Z",
        "ends_at": "2026-11-21T08:00:00Z",
    },
}


async def _picture(client: Client, path: str) -> Json:
    """A picture that was uploaded."""
    answer = await client.put(f"/v1/uploads/{uuid4()}", content=b"\x89PNG\r\n\x1a\n and so on")
    return {"upload": answer.json()["id"]}


PREPARED: dict[type[Payload], Callable[[Client, str], Awaitable[Json]]] = {SetLogoBranding: _picture}
