"""Texts of the demo's deployments, releases and alterations, in both languages (data only)."""

from __future__ import annotations

#: The services whose pipelines report deployments.
DEPLOYED_SERVICES = ("erp-sales", "portal")
ROLL_BACK_REASON = "Pages took ten seconds; the old version runs again. 页面响应需十秒，已恢复旧版本。"
CAUSING_ROLL_BACK_REASON = "Orders were saved without prices. 保存的订单没有价格。"

#: Title, description and plan of the release that is in use, and of the one that is in a stage.
RELEASE_IN_USE = (
    "Sales and shop floor, summer version 业务系统夏季版本",
    "What the departments asked for in spring. 汇总各部门春季提出的需求。",
    "All stages in two weeks, deployed in the window of its change. 两周内完成各阶段，在变更窗口内部署。",
)
RELEASE_IN_STAGE = (
    "Customer records by phone 客户关系移动版",
    "Visits are recorded where they happen. 现场即可记录客户拜访。",
    "Designed this month, built in two, tried by one team first. 本月设计，两个月开发，先由一个团队试用。",
)
SERVICE_IN_STAGE = "crm"
#: The same of the release whose go is put to the vote.
RELEASE_BEFORE_GO = (
    "Order forms, new version 业务系统订单表单新版",
    "Forms that people fill in faster. 表单填写更快。",
    "All stages in a week, deployed in the window of its change. 一周内完成各阶段，在变更窗口内部署。",
)
#: The change of the plan of the release in a stage.
POSTPONED_BECAUSE = "The first team moves house this month. 首个试用团队本月搬迁。"
ANALYST_ASSESSMENT = "Nothing else depends on the day. 不影响其他工作。"
MANAGER_ASSESSMENT = "Two months later, at the same cost. 推迟两个月，成本不变。"
GATE_COMMENT = "Complete, no findings. 材料齐全，无问题。"
GO_QUESTION = "Does it go into use? 是否发布？"
DEPLOYED_WHAT = (
    "The version of the last test report, on all servers. 部署测试报告对应的版本，覆盖全部服务器。"
)
