"""Improvements of the demo of which the committee has a question before it: texts, and days before the end
(data only).
"""

from __future__ import annotations

from app.demo.data.improvement_data import ImprovementTemplate, PilotTemplate

#: Names of the improvements whose class, charter, project plan or pilot is put to the committee.
CLASSED, CHARTERED, PLANNED, JUDGED = "classed", "chartered", "planned", "judged"
SCOPE_OF_DESK = {"team": ("service-desk",)}

IMPROVEMENTS = (
    ImprovementTemplate(
        name=CLASSED,
        title="重大事件统一通报 One voice in major incidents",
        aspect="activity",
        description="重大事件中各团队分别通知用户。In a major incident each team informs users by itself.",
        why="用户收到互相矛盾的消息。Users get messages that contradict each other.",
        goal="事件的解决时间缩短两成。Incidents take 20 % less time.",
        method="由服务台统一发布进展。The service desk alone publishes the progress.",
        steps="先在苏州工厂试行，再到各地。Tried at the Suzhou plant, then at every site.",
        benefit="业务部门及时了解进展。Departments know how far the repair is.",
        target="informed-sooner",
        promised="-0.2",
        baseline=(34, 4),
        selected=3.4,
        source="staff",
    ),
    ImprovementTemplate(
        name=CHARTERED,
        title="值班工程师远程会诊 Engineers on duty look together",
        aspect="efficiency",
        description="疑难事件在团队之间反复转派。Difficult incidents go from team to team.",
        why="转派一次平均多等两小时。Each hand-over costs two hours on average.",
        goal="事件的解决时间缩短三成。Incidents take 30 % less time.",
        method="疑难事件半小时内召集相关值班人员。Those on duty meet within half an hour.",
        steps="先在网络与平台团队试点。Piloted by the teams for network and platform.",
        benefit="业务系统中断更短。Outages of business systems become shorter.",
        target="fewer-hand-overs",
        promised="-0.3",
        baseline=(40, 8),
        selected=6.5,
        source="kpi_trend",
    ),
    ImprovementTemplate(
        name=PLANNED,
        title="自助重置密码 Passwords are reset without a call",
        aspect="tool",
        description="密码重置全部由坐席人工处理。Agents reset each password by hand.",
        why="早班三成来电只为重置密码。A third of the morning's calls are about passwords.",
        goal="服务台事件的解决时间缩短三成。The desk resolves its incidents in 30 % less time.",
        method="在门户提供自助重置。The portal lets people reset their own password.",
        steps="先在财务部门试点，再到各部门。Piloted by the finance department, then by all.",
        benefit="员工随时可以恢复登录。People can sign in again at any hour.",
        target="desk-relieved",
        promised="-0.3",
        baseline=(45, 14),
        selected=12.5,
        scope=SCOPE_OF_DESK,
        source="satisfaction_survey",
    ),
    ImprovementTemplate(
        name=JUDGED,
        title="平台事件双人值守 Two people on duty for the platform",
        aspect="activity",
        description="夜间只有一人值守平台。At night one person alone is on duty for the platform.",
        why="两起故障同时发生时只能排队。If two faults coincide, one has to wait.",
        goal="平台类事件的解决时间缩短三成。Incidents of the platform take 30 % less time.",
        method="夜间安排两人，一人主责。Two people at night, one of them responsible.",
        steps="先在平台团队试点六周。The platform team pilots it for six weeks.",
        benefit="夜间中断更短。Outages at night become shorter.",
        target="platform-nights",
        promised="-0.3",
        baseline=(90, 60),
        selected=57,
        source="internal_review",
    ),
)
#: Person who offered the suggestion that each improvement carries out.
PROPOSERS = {CLASSED: "Marta Keller", CHARTERED: "Tomasz Nowak", PLANNED: "林晓雨", JUDGED: "Elena Petrova"}

PILOT_OF_PLATFORM = PilotTemplate(
    team="platform",
    control=("applications", "network"),
    trained=("郑凯", "Elena Petrova"),
    approved=51,
    begins=44,
    ends=14,
    judged=1.1,
)
PILOT_OF_NETWORK_AND_PLATFORM = PilotTemplate(
    team="network",
    control=("applications",),
    trained=("Tomasz Nowak", "郑凯"),
    approved=0.5,
    begins=-14,
    ends=-44,
    judged=-47,
)
PILOT_OF_DESK = PilotTemplate(
    team="service-desk",
    control=("workplace",),
    trained=("林晓雨", "Sofia Rossi"),
    approved=7,
    begins=-10,
    ends=-40,
    judged=-43,
)
CLASS_ASKED, PLAN_ASKED, PEOPLE_ASKED, REVERT_ASKED = 2.1, 1.3, 0.9, 0.8
STOP_REASON = "人力加倍而未见效果。It takes twice the people, and shows no benefit."
STOP_TOLD = "平台团队例会通知。The platform team, in its meeting."

#: The person who is to manage the extended pilot.
NEW_MANAGER = "Aisha Rahman"
PEOPLE_QUESTION = "由应用团队负责延长的试点？Shall the applications team manage the extended pilot?"
REVERT_QUESTION = "收益已消退，是否恢复原状？The benefit has faded: shall it be taken back?"
REVERT_REASON = "三个月后不再见效，告警仍需人工判断。It does not help any more after three months."
REVERT_TOLD = "平台团队与服务台例会通知。The platform team and the service desk, in their meetings."
REVERT_TEAMS = ("platform", "service-desk")
