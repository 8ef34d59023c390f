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
    """Return the key of the supplier for which that team waits."""
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
#: The second change manager, who votes on what the first has assessed, and the members of the board.
CONFIGURATION_MANAGER = "吕军"
OPERATIONS_LEAD, DEVELOPMENT_LEAD, SECURITY_LEAD = "方芳", "David Okafor", "Anna Lindqvist"
HEADS = (
    (HEAD_OF_IT, (Role.department_head, Role.process_owner), SHANGHAI),
    (PROBLEM_MANAGER, (Role.problem_manager, Role.knowledge_editor), BERLIN),
    (SERVICE_LEVEL_MANAGER, (Role.service_level_manager, Role.committee_member), SHANGHAI),
    (BUSINESS_HEAD, (Role.management, Role.committee_member), BERLIN),
    (CHANGE_MANAGER, (Role.change_manager,), BERLIN),
    (CONFIGURATION_MANAGER, (Role.change_manager, Role.configuration_manager), SHANGHAI),
    (PROJECT_MANAGER, (Role.project_manager, Role.process_designer), SHANGHAI),
    (QUALITY_MANAGER, (Role.quality_manager,), SHANGHAI),
    (OPERATIONS_LEAD, (Role.cab_member, Role.committee_member), SHANGHAI),
    (DEVELOPMENT_LEAD, (Role.cab_member, Role.process_administrator), BERLIN),
    # The second quality manager, who decides on objections to what the first has found.
    (SECURITY_LEAD, (Role.cab_member, Role.quality_manager), BERLIN),
)
#: Grades of people in posts that require one: sponsors belong to the management; process owners are senior,
#: as are those who decide on emergencies while the on-call rota is empty.
GRADES = {
    BUSINESS_HEAD: Grade.management,
    HEAD_OF_IT: Grade.senior,
    OPERATIONS_LEAD: Grade.senior,
    DEVELOPMENT_LEAD: Grade.senior,
}
#: Those of the committee, in the order in which they vote.
COMMITTEE_MEMBERS = (SERVICE_LEVEL_MANAGER, BUSINESS_HEAD, OPERATIONS_LEAD)
#: Key and name of the change advisory board, which the change manager chairs, and its members.
CAB, CAB_NAME = "cab", "变更委员会 Change advisory board"
CAB_MEMBERS = (OPERATIONS_LEAD, DEVELOPMENT_LEAD, SECURITY_LEAD)
#: Those who are asked about changes, in the order in which they vote.
CHANGE_VOTERS = (CONFIGURATION_MANAGER, *CAB_MEMBERS, HEAD_OF_IT)

#: Name, roles, team and site of the staff who work on tickets.
STAFF = (
    ("林晓雨", (Role.agent,), "service-desk", SHANGHAI),
    ("王磊", (Role.agent, Role.process_supervisor), "service-desk", SHANGHAI),
    ("周静", (Role.agent, Role.incident_manager), "service-desk", SHANGHAI),
    ("Marta Keller", (Role.agent, Role.incident_manager), "service-desk", BERLIN),
    ("Paul Richter", (Role.agent,), "service-desk", BERLIN),
    ("Sofia Rossi", (Role.agent, Role.agreement_maintainer), "service-desk", BERLIN),
    ("陈伟", (Role.engineer,), "workplace", SHANGHAI),
    ("Julia Brandt", (Role.engineer,), "workplace", BERLIN),
    ("孙浩", (Role.engineer, Role.process_supervisor), "network", SHANGHAI),
    ("Tomasz Nowak", (Role.engineer,), "network", BERLIN),
    ("刘洋", (Role.engineer, Role.process_supervisor), "applications", SHANGHAI),
    ("黄敏", (Role.engineer,), "applications", SHANGHAI),
    ("Aisha Rahman", (Role.engineer, Role.project_manager), "applications", BERLIN),
    ("Jonas Berg", (Role.engineer,), "applications", BERLIN),
    ("郑凯", (Role.engineer,), "platform", SHANGHAI),
    ("Elena Petrova", (Role.engineer,), "platform", BERLIN),
)
#: Person who administers the processes, and supervises them in the audited teams.
PROCESS_ADMINISTRATOR = DEVELOPMENT_LEAD
DESK_SUPERVISOR, NETWORK_SUPERVISOR, APPLICATIONS_SUPERVISOR = "王磊", "孙浩", "刘洋"
#: The lead of each team.
TEAM_LEADS = {
    "service-desk": "周静",
    "workplace": "陈伟",
    "network": "Tomasz Nowak",
    "applications": "黄敏",
    "platform": "郑凯",
}

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
    ("shanghai", "上海 Shanghai office", SHANGHAI, "CN", None, (("09:00", "12:00"), ("13:30", "18:00"))),
    ("berlin", "Berlin office", BERLIN, "DE", "BE", (("08:00", "17:00"),)),
)
#: Key, name and site of the calendar of a plant that stands at no hour.
PLANT_CALENDAR = ("plant", "苏州工厂三班 Suzhou plant, three shifts", SHANGHAI)

#: API keys that are printed: name, the person (None: one of the key's own), the roles. One key of each person
#: has all their roles: a narrower one does not vote on what they are asked by name or by another role.
KEYS = (
    ("admin", None, (Role.admin,)),
    ("agent", "林晓雨", (Role.agent,)),
    ("engineer", "Tomasz Nowak", (Role.engineer,)),
    ("change_manager", CHANGE_MANAGER, (Role.change_manager,)),
    ("cab_member", DEVELOPMENT_LEAD, (Role.cab_member, Role.process_administrator)),
    ("configuration_manager", CONFIGURATION_MANAGER, (Role.configuration_manager, Role.change_manager)),
    ("problem_manager", PROBLEM_MANAGER, (Role.problem_manager, Role.knowledge_editor)),
    ("service_level_manager", SERVICE_LEVEL_MANAGER, (Role.service_level_manager, Role.committee_member)),
    ("quality_manager", QUALITY_MANAGER, (Role.quality_manager,)),
    ("project_manager", PROJECT_MANAGER, (Role.project_manager, Role.process_designer)),
    ("committee_member", OPERATIONS_LEAD, (Role.committee_member, Role.cab_member)),
    ("incident_manager", "周静", (Role.incident_manager, Role.agent)),
    ("department_head", HEAD_OF_IT, (Role.department_head, Role.process_owner)),
    ("process_owner", HEAD_OF_IT, (Role.process_owner,)),
    ("process_designer", PROJECT_MANAGER, (Role.process_designer,)),
    ("process_administrator", DEVELOPMENT_LEAD, (Role.process_administrator,)),
    ("process_supervisor", "孙浩", (Role.process_supervisor, Role.engineer)),
    ("agreement_maintainer", "Sofia Rossi", (Role.agreement_maintainer, Role.agent)),
    ("knowledge_editor", PROBLEM_MANAGER, (Role.knowledge_editor,)),
    ("management", BUSINESS_HEAD, (Role.management, Role.committee_member)),
    ("requester", "赵敏", (Role.requester,)),
    ("auditor", None, (Role.auditor,)),
)
