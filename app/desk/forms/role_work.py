"""The work of each role in one sentence, for those who grant roles (data)."""

from __future__ import annotations

from collections.abc import Mapping

from app.common.faces import BilingualLabel
from app.common.people import Role

ROLE_WORK: Mapping[Role, BilingualLabel] = {
    Role.requester: BilingualLabel(
        "Reports incidents, asks for services and sees their own tickets.",
        "上报事件、提出服务请求，查看自己的工单。",
    ),
    Role.agent: BilingualLabel(
        "Takes tickets at the service desk: records, assigns, answers and resolves those of their "
        "teams and those without a team.",
        "在服务台受理工单：登记、分派、答复和解决本团队及未分配团队的工单。",
    ),
    Role.engineer: BilingualLabel(
        "Resolves tickets of their teams, and carries out changes and problem investigations.",
        "解决本团队的工单，实施变更，调查问题。",
    ),
    Role.incident_manager: BilingualLabel(
        "Oversees all incidents: assigns, prioritises and escalates them, and declares major incidents.",
        "统管全部事件：分派、定级、升级，并宣布重大事件。",
    ),
    Role.problem_manager: BilingualLabel(
        "Oversees problems from their discovery to their solution, and sees all incidents.",
        "统管问题从发现到解决的全过程，可查看全部事件。",
    ),
    Role.change_manager: BilingualLabel(
        "Oversees changes: assesses, schedules and reviews them, and requests their approval; sees all "
        "incidents and releases.",
        "统管变更：评估、提请审批、安排日程并复核；可查看全部事件和发布。",
    ),
    Role.configuration_manager: BilingualLabel(
        "Maintains configuration items and their relations, and compares them with reality.",
        "维护配置项及其关系，并与实际情况核对。",
    ),
    Role.cab_member: BilingualLabel(
        "Votes on changes as a member of the change advisory board.",
        "作为变更顾问委员会成员对变更进行表决。",
    ),
    Role.service_level_manager: BilingualLabel(
        "Sees all tickets; maintains services, calendars and the catalogue; makes agreements and "
        "reports on them; answers complaints.",
        "可查看全部工单；维护服务、日历和服务目录；订立协议并出具服务报告；答复投诉。",
    ),
    Role.agreement_maintainer: BilingualLabel(
        "Drafts agreements, and changes their terms and texts until they are submitted for review; the "
        "role gives no right to sign.",
        "起草协议，并在提交评审前修改条款和文本；此角色无权签署。",
    ),
    Role.process_owner: BilingualLabel(
        "Answers for processes: defines them, agrees to their rules, and measures and improves them.",
        "对流程负责：定义流程、同意其规则，并衡量和改进流程。",
    ),
    Role.process_designer: BilingualLabel(
        "Drafts process definitions for the process owner.",
        "为流程负责人起草流程定义。",
    ),
    Role.process_supervisor: BilingualLabel(
        "Checks each month whether the work followed the process, and submits this self-check to the audit.",
        "每月检查工作是否遵循流程，并向流程审核提交自查。",
    ),
    Role.process_administrator: BilingualLabel(
        "Confirms the summary of each process audit: weak results and the measures against them.",
        "确认每次流程审核的汇总：不良结果及相应的改善措施。",
    ),
    Role.quality_manager: BilingualLabel(
        "Sees all tickets; runs audits, corrective actions, quality targets, surveys and the "
        "improvement plan; publishes process definitions.",
        "可查看全部工单；开展审核、纠正措施、质量目标、调查和改进计划工作；发布流程定义。",
    ),
    Role.committee_member: BilingualLabel(
        "Votes on improvements and annual plans as a member of the improvement committee.",
        "作为流程改进委员会委员，对改进和年度计划进行表决。",
    ),
    Role.project_manager: BilingualLabel(
        "Plans releases and trainings, and leads improvement projects.",
        "计划发布和培训，带领改进项目。",
    ),
    Role.department_head: BilingualLabel(
        "Sees all tickets; countersigns process audits; votes where approval rules ask for it, such as "
        "on high-risk changes, release plans and documents.",
        "可查看全部工单；会签流程审核；按审批规则参加表决，如高风险变更、发布计划变更和文件评审。",
    ),
    Role.management: BilingualLabel(
        "Sees all tickets; decides on risks, quality targets, service level plans and freezes; agrees "
        "to rules; votes if too few others can.",
        "可查看全部工单；决定风险应对、质量目标、服务级别计划和变更冻结；同意规则；在其他表决人不足时参加表决。",
    ),
    Role.knowledge_editor: BilingualLabel(
        "Reviews and publishes knowledge articles, and keeps them up to date.",
        "审核、发布知识文章并保持其更新。",
    ),
    Role.auditor: BilingualLabel(
        "Sees all tickets, audits and documents, but neither scorecards nor audit points; without "
        "another role, changes nothing.",
        "可查看全部工单、审核和文件，但不含记分卡和审核积分；未持有其他角色时不能作任何更改。",
    ),
    Role.integration: BilingualLabel(
        "Is for the account of a tool that sends events and tickets; people do not need it.",
        "供发送事件和工单的工具账户使用，人员无需此角色。",
    ),
    Role.admin: BilingualLabel(
        "Sees all tickets; sets up the installation: people, teams, keys, services, tools and rules.",
        "可查看全部工单；设置系统：人员、团队、密钥、服务、工具和规则。",
    ),
}
