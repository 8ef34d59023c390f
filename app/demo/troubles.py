"""What goes wrong in the demo organisation, and what is said about it, in both languages (data only)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Trouble:
    """What goes wrong: who solves it in how many minutes, and what is reported in which language.

    `how` it hurts is effect, impact and urgency; `often` weighs it against the others. What is `watched` is
    told by monitoring, in English only.
    """

    team: str
    service: str
    category: str
    how: str
    minutes: int
    often: int
    words: dict[str, tuple[str, str]]
    watched: bool

    @property
    def effect(self) -> str:
        """What it does to the service."""
        return self.how.split()[0]

    @property
    def impact(self) -> str:
        """How many are touched."""
        return self.how.split()[1]

    @property
    def urgency(self) -> str:
        """How much their work suffers."""
        return self.how.split()[2]


# fmt: off
#: Team, service, category; effect, impact and urgency; minutes, how often; title and description by language.
#: Where the Chinese ones are missing, a machine tells of it.
_TABLE: tuple[tuple[str, str, str, str, int, int, tuple[str, str], tuple[str, str] | None], ...] = (
    ("service-desk", "office", "access", "none 3 1", 14, 14,
     ("Account is locked", "I mistyped my password and cannot log in any more."),
     ("账户被锁定，无法登录", "输错几次密码后提示账户已锁定。")),
    ("service-desk", "office", "access", "none 3 2", 18, 9,
     ("No access to the team folder", "I am new in the team and the folder says access denied."),
     ("无法访问部门共享文件夹", "新调入部门，打开文件夹提示没有权限。")),
    ("service-desk", "mail", "usage", "none 3 3", 22, 7,
     ("Signature is missing in e-mails", "Since the update my signature is not added."),
     ("邮件签名丢失", "更新之后新邮件没有自动签名。")),
    ("service-desk", "office", "usage", "none 3 2", 25, 6,
     ("Two-factor code is not accepted", "I have a new phone and the codes are refused."),
     ("双因素验证码无效", "换了新手机之后验证码一直提示错误。")),
    ("workplace", "workplace", "hardware", "down 3 1", 85, 7,
     ("Laptop does not start", "The screen stays black after the update last night."),
     ("笔记本电脑无法开机", "昨晚更新后屏幕一直黑屏。")),
    ("workplace", "print", "hardware", "degraded 3 3", 45, 7,
     ("Printer prints blank pages", "Since the toner was changed every page is empty."),
     ("打印机打印空白页", "更换硒鼓之后打印出来都是白纸。")),
    ("workplace", "workplace", "hardware", "degraded 3 2", 70, 5,
     ("Docking station loses the screen", "The second screen goes dark several times a day."),
     ("扩展坞外接屏幕经常黑屏", "第二块屏幕一天要断开好几次。")),
    ("workplace", "workplace", "software", "degraded 3 2", 60, 5,
     ("Spreadsheet program crashes", "It closes as soon as I open the price list."),
     ("表格软件闪退", "一打开报价单程序就关闭。")),
    ("workplace", "telephony", "hardware", "degraded 2 3", 90, 3,
     ("No sound in the meeting room", "Remote colleagues cannot hear us."),
     ("会议室没有声音", "远程同事听不到我们说话。")),
    ("network", "vpn", "connection", "degraded 2 2", 110, 7,
     ("VPN drops every few minutes", "The connection is lost and comes back by itself."),
     ("VPN 频繁断线", "每隔几分钟就断开，然后又自动连上。")),
    ("network", "lan", "connection", "down 2 1", 75, 5,
     ("No network on the second floor", "Neither cable nor Wi-Fi works."),
     ("三楼没有网络", "有线和无线都连不上。")),
    ("network", "lan", "connection", "degraded 3 3", 130, 5,
     ("Wi-Fi is slow in the canteen", "It is worst at noon."),
     ("食堂无线网络很慢", "中午的时候最严重。")),
    ("network", "telephony", "connection", "down 2 1", 95, 4,
     ("Calls cannot be made", "One can be called, but there is no dial tone."),
     ("电话无法拨出", "可以接听，但是拨号后没有声音。")),
    ("network", "files", "connection", "degraded 2 2", 80, 4,
     ("Shared drive is slow from home", "Opening a drawing takes minutes."),
     ("在家访问共享盘很慢", "打开一张图纸要好几分钟。")),
    ("applications", "erp", "performance", "degraded 1 2", 150, 7,
     ("Order screen takes half a minute", "Every page of an order is slow for all of us."),
     ("订单系统响应缓慢", "打开一个订单要等半分钟以上。")),
    ("applications", "erp", "data", "none 2 2", 140, 6,
     ("Stock figures differ from the shelf", "The system shows parts that we do not have."),
     ("库存数量与实物不符", "系统里显示的零件实际上没有。")),
    ("applications", "erp", "software", "degraded 2 1", 120, 5,
     ("Delivery notes are not created", "Goods are ready and we cannot print the papers."),
     ("无法生成送货单", "货已备好，但是单据打不出来。")),
    ("applications", "payroll", "data", "none 2 3", 170, 3,
     ("Payroll report shows last month", "The new figures are missing."),
     ("工资报表仍是上月数据", "本月的数据没有更新。")),
    ("applications", "portal", "software", "down 1 2", 100, 4,
     ("Customers cannot open the portal", "The browser says that the certificate is wrong."),
     ("客户门户打不开", "浏览器提示证书错误。")),
    ("applications", "mail", "software", "degraded 2 2", 85, 5,
     ("Mail does not arrive", "Nothing from outside since this morning."),
     ("收不到外部邮件", "从今天早上开始没有收到外部邮件。")),
    ("platform", "erp", "database", "degraded 1 2", 120, 2,
     ("Reports stop with a time-out", "The month-end report breaks off after ten minutes."),
     ("报表查询超时", "月结报表运行十分钟后中断。")),
    ("platform", "files", "storage", "degraded 2 2", 70, 3,
     ("Shared drive is read-only", "Nobody in our team can save files."),
     ("共享盘变成只读", "整个部门都无法保存文件。")),
    ("platform", "erp", "outage", "down 1 1", 95, 2,
     ("ERP is down for everybody", "Nobody can log in, at no site."),
     ("ERP 系统全面中断", "所有地点都无法登录。")),
    ("network", "lan", "outage", "down 1 1", 80, 1,
     ("Line between the sites is down", "Nothing that runs at the other site can be reached."),
     ("两地专线中断", "无法访问另一地的任何系统。")),
    ("platform", "erp", "storage", "degraded 2 3", 40, 6,
     ("Disk of erp-db-1 is 90 % full", "filesystem /var/lib/pgsql: 90 % used"),
     None),
    ("platform", "mail", "performance", "degraded 2 3", 35, 5,
     ("Queue of mail-gw-2 is long", "1,240 messages wait; threshold 1,000"),
     None),
    ("platform", "erp", "backup", "none 2 3", 55, 4,
     ("Backup of erp-db-1 did not finish", "running for 6 h 10 min; limit 6 h"),
     None),
    ("network", "vpn", "connection", "degraded 2 2", 50, 5,
     ("Packet loss on vpn-gw-1", "4.2 % lost in 5 minutes; threshold 2 %"),
     None),
    ("network", "lan", "connection", "down 2 1", 60, 3,
     ("Switch sz-acc-07 does not answer", "no reply to 5 probes"),
     None),
    ("applications", "portal", "performance", "degraded 1 2", 65, 4,
     ("Portal answers slowly", "p95 4.8 s in 10 minutes; threshold 2 s"),
     None),
)
# fmt: on

TROUBLES = tuple(
    Trouble(team, service, category, how, minutes, often, {"en": en, "zh": zh or en}, zh is None)
    for team, service, category, how, minutes, often, en, zh in _TABLE
)

#: What requesters ask and say, what engineers tell them, and what engineers say among themselves.
ASKED = {
    "en": (
        "Any news? We are waiting for this.",
        "It also happens to my colleague next to me.",
        "I have restarted, it is the same.",
        "Screenshot is attached to my mail.",
    ),
    "zh": (
        "请问有进展吗？我们在等。",
        "旁边的同事也有同样的问题。",
        "重启过了，还是一样。",
        "截图已经发到邮箱。",
    ),
}
TOLD = {
    "en": (
        "Could you tell me the exact message?",
        "We have found the cause and are working on it.",
        "Please try again now.",
        "I will call you this afternoon.",
    ),
    "zh": ("请告诉我具体的提示内容。", "已找到原因，正在处理。", "请现在再试一下。", "下午我会给您打电话。"),
}
NOTED = {
    "en": (
        "The log shows time-outs since the last release.",
        "Same symptom as last month, see there.",
        "Vendor has a patch, needs a change.",
    ),
    "zh": ("日志显示上次发布之后开始超时。", "与上个月的现象相同，可参考。", "供应商有补丁，需要走变更。"),
}
DONE = {
    "en": (
        "Restarted the service and watched it for ten minutes.",
        "Replaced the faulty part.",
        "Corrected the settings and tested with the user.",
        "Cleared the queue and raised its limit.",
        "Reset the account and explained how to avoid it.",
    ),
    "zh": (
        "重启服务并观察十分钟，已恢复。",
        "更换了故障部件并验证。",
        "修正配置，与用户一起测试通过。",
        "清理队列并调高上限。",
        "重置账户并说明了注意事项。",
    ),
}
CAUSES = {
    "en": (
        "A setting was lost in the last release.",
        "Worn-out hardware.",
        "The certificate had expired.",
        "Too little memory for the load at noon.",
    ),
    "zh": ("上次发布时丢失了一项配置。", "硬件老化。", "证书过期。", "中午负载高，内存不足。"),
}
AGAIN = {
    "en": ("It is back again.", "It worked for an hour, now the same.", "Only my colleague's is solved."),
    "zh": ("问题又出现了。", "好了一个小时，又不行了。", "只有同事的好了，我的没有。"),
}
NEVER_MIND = {
    "en": ("It works by itself again.", "We have found another way, thank you."),
    "zh": ("自己恢复了。", "已用其他办法解决，不用处理了。"),
}
PRAISE = {
    "en": ("Fast and friendly.", "Well explained.", "Solved, but it took a day."),
    "zh": ("很快，态度很好。", "讲解得很清楚。", "解决了，但是等了一天。"),
}

#: Of majors: what those affected are told, in order; what is learnt.
STATEMENTS = (
    "We know of the outage and are looking for the cause. 已知悉中断，正在查找原因。",
    "The cause is found; a way round is being tested. 原因已找到，正在测试临时方案。",
    "Service is back for most of you; we keep watching. 大部分用户已恢复，继续观察。",
)
CONTAINED = "Moved the load to the second node. 已切换到备用节点。"
LEARNT = (
    "A full log volume stopped the database; nobody was alerted. 日志卷写满导致数据库停止，且没有告警。",
    "The right people were there within minutes. 几分钟内相关人员到位。",
    "The first statement came late, in one language only. 首次通报较晚，且只有一种语言。",
)
ACTIONS = ("Alert at 70 % of the log volume", "Test the switch-over every quarter")
