"""The demo organisation's sites in Shanghai and Berlin, its customers, teams, staff and requesters (data
only).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.common.people import Grade, Role


@dataclass(frozen=True)
class Site:
    """A site: its time zone, and the language in which its people write."""

    zone: str
    language: str


SHANGHAI = Site("Asia/Shanghai", "zh")
BERLIN = Site("Europe/Berlin", "en")
SITES = (SHANGHAI, BERLIN)

#: Key and name of each team that does work, and the factor on the usual minutes of work.
TEAMS = (
    ("service-desk", "服务台 Service desk", 0.8),
    ("workplace", "桌面支持 Workplace", 0.9),
    ("network", "网络 Network", 0.85),
    ("applications", "应用支持 Applications", 1.1),
    ("platform", "平台与数据库 Platform", 0.75),
)

#: Key, name, site and place of each customer.
CUSTOMERS = (
    ("sales-asia", "亚太销售 Sales Asia", SHANGHAI, "shanghai"),
    ("plant-suzhou", "苏州工厂 Suzhou plant", SHANGHAI, "suzhou"),
    ("finance", "财务 Finance", SHANGHAI, "shanghai"),
    ("logistics", "物流 Logistics", BERLIN, "hamburg"),
    ("research", "研发 Research", BERLIN, "berlin"),
)

#: Key and name of each supplier.
SUPPLIERS = (("line-carrier", "专线运营商 Line carrier"), ("hardware-maker", "设备厂商 Hardware maker"))


def supplier_awaited_by(team: str) -> str:
    """Return the key of the supplier whom that team waits for."""
    return SUPPLIERS[0 if team in ("network", "platform") else 1][0]


#: Name, roles and site of the persons who are responsible for processes and departments.
HEAD_OF_IT, PROBLEM_MANAGER, SERVICE_LEVEL_MANAGER, BUSINESS_HEAD, CHANGE_MANAGER, PROJECT_MANAGER = (
    "沈国强",
    "Ingrid Vogel",
    "韩雪",
    "Martin Weiss",
    "Katrin Lorenz",
    "田野",
)
QUALITY_MANAGER = "白璐"
HEADS = (
    (
        HEAD_OF_IT,
        (Role.department_head, Role.process_owner, Role.cab_member, Role.committee_member),
        SHANGHAI,
    ),
    (PROBLEM_MANAGER, (Role.problem_manager, Role.knowledge_editor), BERLIN),
    (
        SERVICE_LEVEL_MANAGER,
        (
            Role.service_level_manager,
            Role.configuration_manager,
            Role.cab_member,
            Role.committee_member,
        ),
        SHANGHAI,
    ),
    (BUSINESS_HEAD, (Role.management, Role.cab_member, Role.committee_member), BERLIN),
    (CHANGE_MANAGER, (Role.change_manager, Role.cab_member), BERLIN),
    (PROJECT_MANAGER, (Role.project_manager, Role.cab_member), SHANGHAI),
    (QUALITY_MANAGER, (Role.quality_manager,), SHANGHAI),
)
#: The grade of those of whom it is asked: sponsors are of the management, process owners are senior.
GRADES = {BUSINESS_HEAD: Grade.management, HEAD_OF_IT: Grade.senior}
#: Key and name of the committee that decides on improvements, which the head of IT chairs, and its members.
COMMITTEE, COMMITTEE_NAME = "improvement-committee", "流程改进委员会 Improvement committee"
COMMITTEE_MEMBERS = (HEAD_OF_IT, SERVICE_LEVEL_MANAGER, BUSINESS_HEAD)
#: Key and name of the change advisory board, which the change manager chairs, and its members.
CAB, CAB_NAME = "cab", "变更委员会 Change advisory board"
CAB_MEMBERS = (HEAD_OF_IT, BUSINESS_HEAD, SERVICE_LEVEL_MANAGER)

#: Name, roles, team and site of the staff who work on tickets.
STAFF = (
    ("林晓雨", (Role.agent,), "service-desk", SHANGHAI),
    ("王磊", (Role.agent,), "service-desk", SHANGHAI),
    ("周静", (Role.agent, Role.incident_manager), "service-desk", SHANGHAI),
    ("Marta Keller", (Role.agent, Role.incident_manager), "service-desk", BERLIN),
    ("Paul Richter", (Role.agent,), "service-desk", BERLIN),
    ("Sofia Rossi", (Role.agent,), "service-desk", BERLIN),
    ("陈伟", (Role.engineer,), "workplace", SHANGHAI),
    ("Julia Brandt", (Role.engineer,), "workplace", BERLIN),
    ("孙浩", (Role.engineer,), "network", SHANGHAI),
    ("Tomasz Nowak", (Role.engineer,), "network", BERLIN),
    ("刘洋", (Role.engineer,), "applications", SHANGHAI),
    ("黄敏", (Role.engineer,), "applications", SHANGHAI),
    ("Aisha Rahman", (Role.engineer,), "applications", BERLIN),
    ("Jonas Berg", (Role.engineer,), "applications", BERLIN),
    ("郑凯", (Role.engineer,), "platform", SHANGHAI),
    ("Elena Petrova", (Role.engineer,), "platform", BERLIN),
)

#: Name and customer of each requester.
REQUESTERS = (
    ("赵敏", "sales-asia"),
    ("吴晶", "sales-asia"),
    ("马超", "sales-asia"),
    ("孙丽", "plant-suzhou"),
    ("何建国", "plant-suzhou"),
    ("徐倩", "plant-suzhou"),
    ("高翔", "plant-suzhou"),
    ("罗婷", "finance"),
    ("郭涛", "finance"),
    ("邓颖", "finance"),
    ("Emily Carter", "logistics"),
    ("Pedro Alves", "logistics"),
    ("Olu Adeyemi", "logistics"),
    ("Hannah Schmidt", "research"),
    ("Lars Nilsson", "research"),
    ("Chiara Conti", "research"),
    ("Ben Fischer", "research"),
)

#: The machine accounts: of the monitoring system, and of the pipelines that deploy.
MONITORING, PIPELINE = MACHINE_ACCOUNTS = "Monitoring", "Pipeline"

#: Cost of an hour of work, by class of role.
CURRENCY = "EUR"
RATES = (("agent", "38.00"), ("engineer", "62.00"))
#: Budget for the mean cost of an incident.
UNIT_COST = "95.00"

#: Key, name, site, country and subdivision, and working hours of a usual day, of each calendar.
CALENDARS = (
    (
        "shanghai",
        "上海 Shanghai office",
        SHANGHAI,
        "CN",
        None,
        (("09:00", "12:00"), ("13:30", "18:00")),
    ),
    ("berlin", "Berlin office", BERLIN, "DE", "BE", (("08:00", "17:00"),)),
)

#: API keys that are printed: name, the person (None: one of the key's own), the roles.
KEYS = (
    ("admin", None, tuple(role for role in Role if role is not Role.auditor)),
    ("agent", "林晓雨", (Role.agent,)),
    ("engineer", "Tomasz Nowak", (Role.engineer,)),
    ("requester", "赵敏", (Role.requester,)),
    ("auditor", None, (Role.auditor,)),
)
