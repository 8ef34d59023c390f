"""Open items on the demo's last day: questions to boards, and a person who has left (data only). Times are in
days before the end.
"""

from __future__ import annotations

from typing import Any

#: Person who has left with cases and tasks that have not been taken over, and the time of leaving.
LEAVER, LEFT = "Jonas Berg", 0.06

PROCESS_CHANGE_APPLIED = 1.6
PROCESS_CHANGE: dict[str, Any] = {
    "title": "夜间事件先电话确认 Call back before a night call-out",
    "process": "incident",
    "description": "夜间派单前先电话确认影响范围。The desk calls back before it wakes somebody up.",
    "reason": "上季度三成夜间派单可以等到早班。A third of last quarter's call-outs could have waited.",
    "teams": ["service-desk"],
    "no_origin_reason": "夜班班长在晨会上提出。The lead of the night shift proposed it.",
}
OPINION = "减少不必要的夜间派单。It saves call-outs at night."
PROCESS_QUESTION = "夜间派单前先电话确认？Shall the desk call back first?"

#: A change of a process that waits for the quality manager's opinion.
PROCESS_CHANGE_OFFERED = 0.4
OFFERED_PROCESS_CHANGE: dict[str, Any] = {
    "title": "请求按地点分派 Requests go to the nearest site",
    "process": "request",
    "description": "现场类请求直接派给最近的团队。Requests for a visit go to the team that is nearest.",
    "reason": "三成请求先派错地点。Three in ten first go to the wrong site.",
    "teams": ["service-desk"],
    "no_origin_reason": "班组自查发现，未单独登记。The team found it in its own check and recorded nothing.",
}

TEMPLATE_DRAFTED = 2.2
TEMPLATE: dict[str, Any] = {
    "key": "renew-licences",
    "title": "续订软件许可 Renew licences of a program",
    "plan": "导入新许可并重启服务。Import the licence file and restart the service.",
    "test_plan": "登录并检查到期日。Sign in and read the new end date.",
    "back_out_plan": "恢复旧许可文件。Put the old licence file back.",
    "risk_level": "low",
    "services": ["plm"],
    "team": "applications",
}

#: An emergency that its board is asked about as the demo is made, and who drafts it.
EMERGENCY_DRAFTED, ENGINEER = 0.012, "Aisha Rahman"
EMERGENCY: dict[str, Any] = {
    "type": "emergency",
    "title": "更换即将过期的证书 Replace a certificate that ends tonight",
    "description": "产品数据管理的证书今晚到期。The certificate of product data ends tonight.",
    "reason": "过期后无人可以登录。Nobody can sign in once it has ended.",
    "plan": "安装新证书并重启服务。Install the new certificate and restart the service.",
    "test_plan": "从外部登录。Sign in from outside.",
    "back_out_plan": "装回原证书。Put the old certificate back.",
    "services": ["plm"],
    "no_cis_reason": "证书不作为配置项管理。Certificates are no configuration items.",
    "team": "applications",
}
EMERGENCY_QUESTION = "是否立即更换？Shall it be replaced at once?"
CANNOT_WAIT = "证书今晚到期。It ends tonight."

#: A change that is to be made during the next freeze, who drafts it and asks for the exception.
EXCEPTION_DRAFTED, EXCEPTION_ENGINEER = 1.1, "Tomasz Nowak"
EXCEPTED_CHANGE: dict[str, Any] = {
    "type": "normal",
    "title": "更换专线光模块 Replace the optics of the line",
    "description": "专线误码率逐周上升。The error rate of the line rises week by week.",
    "reason": "冻结期内可能中断。The line may fail during the freeze.",
    "plan": "夜间停线更换并测试。Stop the line at night, replace the optics, and test.",
    "test_plan": "测试一小时，误码率为零。No errors for an hour.",
    "back_out_plan": "装回原光模块。Put the old optics back.",
    "services": ["wan"],
    "no_cis_reason": "光模块不作为配置项管理。Optics are no configuration items.",
    "team": "network",
}
EXCEPTION_REASON = "运营商只在冻结期内有人到场。The carrier has staff on site only during the freeze."
EXCEPTION_QUESTION = "冻结期内是否允许更换？Shall the optics be replaced during the freeze?"

ADJUSTMENT_PROPOSED = 1.2
ADJUSTMENT: dict[str, Any] = {
    "changes": "第四季度增加一次应用团队培训。One more training of the applications team this quarter.",
    "reason": "应用团队的积压未按计划减少。Its backlog has not become less as planned.",
}
ADJUSTMENT_QUESTION = "是否同意调整计划？Shall the plan be adjusted so?"

#: Days before the end before which the tasks of reviews of major incidents were due and are done.
FOLLOW_UPS_DONE = 3.0
FOLLOW_UP_OUTCOME = "已完成并验证。Done and checked."
