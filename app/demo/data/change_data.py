"""Templates and texts of the demo's changes and freezes, and of the incidents that a change causes, in both
languages (data only).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.common.priorities.risk_level import RiskLevel


@dataclass(frozen=True)
class ChangeText:
    """A change of a service: by language its title, its reason and its plan. `risk`: how the questions about
    it are answered: 0 as harmless, 1 and 2 as more and more risky.
    """

    service: str
    risk: int
    words: dict[str, tuple[str, str, str]]


@dataclass(frozen=True)
class StandardTemplate:
    """A template of standard changes; its texts are in both languages."""

    key: str
    service: str
    title: str
    plan: str
    risk: RiskLevel = RiskLevel.low


STANDARD_TEMPLATES = (
    StandardTemplate(
        "certificate", "portal", "Renew a certificate 更新证书", "1. Install it. 安装。 2. Reload. 重新加载。"
    ),
    StandardTemplate(
        "patches",
        "databases",
        "Install monthly patches 安装月度补丁",
        "1. Drain. 切走流量。 2. Patch. 打补丁。 3. Restart. 重启。",
        RiskLevel.medium,
    ),
    StandardTemplate(
        "relay",
        "mail",
        "Restart a mail relay 重启邮件中继",
        "1. Drain the queue. 清空队列。 2. Restart. 重启。",
    ),
    StandardTemplate(
        "firewall-rule",
        "internet",
        "Add a firewall rule 新增防火墙规则",
        "1. Add it. 新增。 2. Try the connection. 验证连接。",
    ),
    StandardTemplate(
        "storage",
        "files",
        "Enlarge a shared drive 扩容共享盘",
        "1. Add the volume. 增加卷。 2. Grow the file system. 扩展文件系统。",
    ),
)
_NORMAL: tuple[tuple[str, int, tuple[str, str, str], tuple[str, str, str]], ...] = (
    (
        "erp-sales",
        1,
        ("Release 8.2 of sales orders", "Discounts by customer group.", "Stop, migrate, deploy, start."),
        ("销售订单 8.2 版本上线", "支持按客户组折扣。", "停机、迁移数据、部署、启动。"),
    ),
    (
        "mail",
        1,
        (
            "Move mailboxes to the new store",
            "The old store is full by spring.",
            "Copy by night, switch, check.",
        ),
        ("邮箱迁移到新存储", "旧存储将于春季用满。", "夜间复制、切换、检查。"),
    ),
    (
        "wan",
        2,
        (
            "Replace the line between the sites",
            "The contract of the old line ends.",
            "Run both, move routes, end the old one.",
        ),
        ("更换两地专线", "旧专线合同到期。", "双线并行、切换路由、停用旧线。"),
    ),
    (
        "erp-warehouse",
        1,
        (
            "Print delivery notes by the new service",
            "The old one loses documents.",
            "Deploy beside, switch printers hall by hall.",
        ),
        ("送货单改用新打印服务", "旧服务会丢失单据。", "并行部署，逐仓切换打印机。"),
    ),
    (
        "databases",
        2,
        (
            "Upgrade the database platform",
            "The old version gets no more fixes.",
            "Upgrade the replica, switch over, upgrade the other.",
        ),
        ("升级数据库平台", "旧版本已停止维护。", "先升级备库，切换后再升级另一台。"),
    ),
    (
        "vpn",
        0,
        (
            "Add a second gateway for remote access",
            "One gateway is not enough on Mondays.",
            "Install, join, share the load.",
        ),
        ("远程接入增加第二台网关", "周一单台网关容量不足。", "安装、加入集群、分担负载。"),
    ),
    (
        "mes",
        1,
        (
            "Connect line 4 to the shop floor system",
            "Line 4 starts next month.",
            "Configure, simulate a shift, go live.",
        ),
        ("四号线接入车间系统", "四号线下月投产。", "配置、模拟一个班次、上线。"),
    ),
    (
        "portal",
        0,
        (
            "Show delivery dates in the customer portal",
            "Customers call to ask.",
            "Deploy behind a switch, turn it on.",
        ),
        ("客户门户显示交货日期", "客户经常来电询问。", "先部署后开启开关。"),
    ),
    (
        "sign-in",
        2,
        (
            "Ask for a second factor from outside",
            "Passwords were phished.",
            "Enable by department, the desk stands by.",
        ),
        ("外网登录启用双因素验证", "曾有密码被钓鱼。", "按部门启用，服务台待命。"),
    ),
    (
        "reporting",
        0,
        (
            "Load the reports every hour",
            "Figures of yesterday are too old.",
            "Change the schedule, watch a day.",
        ),
        ("报表改为每小时加载", "昨日数据已不够及时。", "调整计划任务，观察一天。"),
    ),
    (
        "backup",
        0,
        (
            "Move archives out of the backup window",
            "Backups run past the morning.",
            "Move the job to Saturday.",
        ),
        ("把归档移出备份窗口", "备份运行到早晨。", "任务调整到周六。"),
    ),
    (
        "payroll",
        1,
        (
            "Tax tables of the new year",
            "The law changes in January.",
            "Import, compute a trial month, release.",
        ),
        ("更新新年度税率表", "一月起税法变更。", "导入、试算一个月、发布。"),
    ),
)
_EMERGENCY: tuple[tuple[str, int, tuple[str, str, str], tuple[str, str, str]], ...] = (
    (
        "internet",
        1,
        (
            "Close a hole in the firewall",
            "It is used by attackers since yesterday.",
            "Install the fix on both nodes.",
        ),
        ("修补防火墙漏洞", "昨日起已被利用。", "在两台节点上安装补丁。"),
    ),
    (
        "files",
        1,
        ("Replace a controller of the file store", "One of two has failed.", "Swap it, rebuild."),
        ("更换文件存储控制器", "两个控制器坏了一个。", "更换并重建。"),
    ),
    (
        "erp-production",
        2,
        (
            "Correct the interface of production planning",
            "Orders are planned twice.",
            "Deploy the fix, delete the doubles.",
        ),
        ("修正生产计划接口", "订单被重复排产。", "部署修复并清除重复。"),
    ),
    (
        "chat",
        0,
        ("Renew the expired certificate of chat", "Nobody can sign in to chat.", "Install it, reload."),
        ("更新即时通讯的过期证书", "所有人无法登录。", "安装并重新加载。"),
    ),
    (
        "databases",
        2,
        (
            "Fail over the database of sales orders",
            "Its disk reports errors.",
            "Fail over, replace the disk.",
        ),
        ("销售订单数据库切换", "磁盘报错。", "切换到备库并更换磁盘。"),
    ),
)


def _text(row: tuple[str, int, tuple[str, str, str], tuple[str, str, str]]) -> ChangeText:
    service, risk, en, zh = row
    return ChangeText(service, risk, {"en": en, "zh": zh})


NORMAL_CHANGES = tuple(map(_text, _NORMAL))
EMERGENCY_CHANGES = tuple(map(_text, _EMERGENCY))
#: The change that goes wrong: the next morning the shop cannot sell.
FAILED_CHANGE = ChangeText(
    "erp-sales",
    1,
    {
        "en": (
            "New price service for sales orders",
            "Prices of contracts are computed too slowly.",
            "Deploy, load the prices, switch over.",
        ),
        "zh": ("销售订单启用新价格服务", "合同价格计算过慢。", "部署、加载价格、切换。"),
    },
)
#: Texts that are the same for all changes, by language.
TEST_PLAN = {"en": "As on the test system: the ten usual cases.", "zh": "同测试环境：十个常用用例。"}
BACK_OUT_PLAN = {"en": "Switch back to the old version: half an hour.", "zh": "切换回旧版本，约半小时。"}
DESCRIPTION = {"en": "See the plan; nothing else changes.", "zh": "详见计划，其他不变。"}
NO_ITEMS = {"en": "The supplier runs it: we keep no item of it.", "zh": "由供应商运行，我方不登记其配置项。"}
RESOURCES = {"en": "Two people for an evening.", "zh": "两人一个晚上。"}
EFFECTS = {"en": "Ten minutes without the service.", "zh": "服务中断约十分钟。"}
QUESTION = "Shall it be made? 是否实施？"
CANNOT_WAIT = {"en": "Every hour costs more.", "zh": "每拖一小时损失更大。"}
WORK_DONE = {"en": "As planned.", "zh": "按计划完成。"}
TESTS_RUN = {"en": "All ten cases passed.", "zh": "十个用例全部通过。"}
BACK_OUT_REASON = {
    "en": "The load took twice as long as planned; the old version runs again.",
    "zh": "数据加载时间超出计划一倍，已恢复旧版本。",
}
CANCEL_REASON = {"en": "The supplier withdrew the version.", "zh": "供应商撤回了该版本。"}
VOTE_COMMENT = "The test report is missing. 缺少测试报告。"
RESUBMISSION = "The test report is attached. 已附测试报告。"
GOALS_MET = {
    True: "Yes, as the users say. 已达成，用户确认。",
    False: "No: it is to be made anew. 未达成，需重新实施。",
}
LESSONS = {
    True: "Nothing new. 无新增经验。",
    False: "Load a whole day of data before the window. 窗口前先加载一整天数据。",
}
#: Incidents that are reported after the change that goes wrong, by language: title and description.
CAUSED_INCIDENTS = {
    "en": ("Orders have no prices", "Since this morning every order is saved with a price of zero."),
    "zh": ("订单没有价格", "今天早上起，保存的订单价格均为零。"),
}
CAUSED_CAUSE = "The new price service knew no contracts. 新价格服务未加载合同。"
CAUSED_DONE = "The old price service runs again. 已恢复旧价格服务。"
CAUSE_EVIDENCE = "Prices are missing since the switch-over. 切换后价格缺失。"
#: Month and day of holidays over which changes are frozen, with titles.
HOLIDAYS = (
    (1, 1, "New Year 元旦"),
    (5, 1, "Labour Day 劳动节"),
    (10, 1, "National Day 国庆节"),
    (12, 25, "Christmas 圣诞节"),
)
#: Question that the members of the board answer before their meeting.
BOARD_QUESTION = "Shall the board meet once in two weeks from now on? 会议是否改为两周一次？"
FREEZE_REASON = "Few people are there to help. 节日期间值守人员少。"
