"""Templates of the demo's incidents, and texts of their comments, causes and resolutions, in both languages
(data only).
"""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.data.cmdb_data import ACCOUNT_SERVICES, BUSINESS_SERVICES, LOCATIONS, SERVICES


@dataclass(frozen=True)
class IncidentTemplate:
    """A kind of incident: team, working minutes, and texts of the report by language.

    The incident affects one of `services`, whose name replaces `{what}` in the texts; a service that ends in
    `-*` is the one at the requester's place. `severity` is effect, impact and urgency, separated by spaces;
    `weight` is the relative frequency. `monitored` incidents are reported by monitoring, in English only.
    """

    team: str
    services: tuple[str, ...]
    category: str
    severity: str
    minutes: int
    weight: float
    words: dict[str, tuple[str, str]]
    monitored: bool

    @property
    def effect(self) -> str:
        """The effect on the service."""
        return self.severity.split()[0]

    @property
    def impact(self) -> str:
        """The impact: how many users are affected."""
        return self.severity.split()[1]

    @property
    def urgency(self) -> str:
        """The urgency: how much their work suffers."""
        return self.severity.split()[2]

    def texts_for(self, service: str, language: str) -> tuple[str, str]:
        """Return the title and description of a report about that service."""
        spoken = language if language in self.words else "en"
        title, description = self.words[spoken]
        service_name = SERVICES[service].name(spoken)
        return title.format(what=service_name), description.format(what=service_name)


ERP = tuple(key for key in BUSINESS_SERVICES if key.startswith("erp"))
#: Groups of services, by their names in the table below.
GROUPS = {"business": BUSINESS_SERVICES, "accounts": ACCOUNT_SERVICES, "erp": ERP}

# fmt: off
#: Team, services, category; effect, impact and urgency; minutes, weight; title and description in English and
#: in Chinese. Incidents without Chinese texts are reported by monitoring.
_TABLE: tuple[tuple[str, str, str, str, int, float, tuple[str, str], tuple[str, str] | None], ...] = (
    ("service-desk", "accounts", "access-locked", "none 3 1", 14, 14,
     ("{what}: account is locked", "I mistyped my password and cannot log in any more."),
     ("{what}：账户被锁定，无法登录", "输错几次密码后提示账户已锁定。")),
    ("service-desk", "accounts", "access-rights", "none 3 2", 18, 14,
     ("{what}: access denied", "I took over from a colleague, and a page that I need is refused."),
     ("{what}：提示没有权限", "接手同事的工作后，需要的页面打不开。")),
    ("service-desk", "accounts", "access-newcomer", "none 3 2", 20, 8,
     ("{what}: newcomer cannot sign in", "Our new colleague is not known there."),
     ("{what}：新同事无法登录", "新入职的同事在系统中没有账户。")),
    ("service-desk", "sign-in vpn", "access-second-factor", "none 3 2", 25, 2,
     ("Two-factor code is not accepted", "I have a new phone and the codes are refused."),
     ("双因素验证码无效", "换了新手机之后验证码一直提示错误。")),
    ("service-desk", "business", "usage-how-to", "none 3 3", 20, 7,
     ("{what}: how do I correct an entry?", "I have saved too early and find no way back."),
     ("{what}：如何修改已保存的内容", "提前点了保存，不知道怎么撤回。")),
    ("service-desk", "office mail chat files", "usage-settings", "none 3 3", 22, 3,
     ("{what}: my settings are gone", "Since the update everything looks as on the first day."),
     ("{what}：个人设置丢失", "更新之后所有设置都恢复成默认。")),
    ("service-desk", "office mail", "usage-how-to", "none 3 3", 18, 2,
     ("{what}: how do I share with a customer?", "They cannot open what I send them."),
     ("{what}：如何共享给客户", "客户打不开我发的内容。")),
    ("workplace", "workplace-*", "hardware-computer", "down 3 1", 85, 5,
     ("Laptop does not start", "The screen stays black after the update last night."),
     ("笔记本电脑无法开机", "昨晚更新后屏幕一直黑屏。")),
    ("workplace", "workplace-*", "hardware-screen", "degraded 3 2", 60, 4,
     ("Docking station loses the screen", "The second screen goes dark several times a day."),
     ("扩展坞外接屏幕经常黑屏", "第二块屏幕一天要断开好几次。")),
    ("workplace", "workplace-*", "hardware-accessory", "degraded 3 3", 30, 3,
     ("Headset has no sound", "Callers do not hear me."),
     ("耳机没有声音", "对方听不到我说话。")),
    ("workplace", "workplace-*", "software-update", "degraded 3 2", 60, 3,
     ("Slow since the update", "Since Tuesday it takes ten minutes until I can work."),
     ("更新后电脑变慢", "从周二开始要等十分钟才能用。")),
    ("workplace", "workplace-*", "software-crash", "degraded 3 2", 55, 3,
     ("Spreadsheet program crashes", "It closes as soon as I open the price list."),
     ("表格软件闪退", "一打开报价单程序就关闭。")),
    ("workplace", "print-*", "hardware-printer", "degraded 3 3", 45, 5,
     ("Printer prints blank pages", "Since the toner was changed every page is empty."),
     ("打印机打印空白页", "更换硒鼓之后打印出来都是白纸。")),
    ("workplace", "print-*", "software-error", "degraded 3 3", 35, 3,
     ("Printer is not found", "It was there yesterday, and is not in the list any more."),
     ("找不到打印机", "昨天还在，今天列表里没有了。")),
    ("workplace", "rooms-*", "hardware-room", "degraded 2 3", 70, 4,
     ("No sound in the meeting room", "Remote colleagues cannot hear us."),
     ("会议室没有声音", "远程同事听不到我们说话。")),
    ("workplace", "erp-warehouse mes", "hardware-scanner", "degraded 3 1", 40, 3,
     ("{what}: hand scanner does not read", "It beeps, and nothing comes in."),
     ("{what}：扫码枪无法读取", "有提示音，但是没有数据进来。")),
    ("network", "vpn", "network-drops", "degraded 2 2", 110, 3,
     ("VPN drops every few minutes", "The connection is lost and comes back by itself."),
     ("VPN 频繁断线", "每隔几分钟就断开，然后又自动连上。")),
    ("network", "lan-*", "network-down", "down 2 1", 75, 4,
     ("No network on the second floor", "Neither cable nor Wi-Fi works."),
     ("三楼没有网络", "有线和无线都连不上。")),
    ("network", "wifi-*", "network-weak", "degraded 3 3", 120, 4,
     ("Wi-Fi is slow in the canteen", "It is worst at noon."),
     ("食堂无线网络很慢", "中午的时候最严重。")),
    ("network", "telephony", "network-down", "down 2 1", 95, 2,
     ("Calls cannot be made", "One can be called, but there is no dial tone."),
     ("电话无法拨出", "可以接听，但是拨号后没有声音。")),
    ("network", "internet files", "network-weak", "degraded 2 2", 80, 3,
     ("{what} is slow from home", "Opening a drawing takes minutes."),
     ("在家访问{what}很慢", "打开一张图纸要好几分钟。")),
    ("applications", "business", "performance-slow", "degraded 1 2", 130, 6,
     ("{what}: every page takes half a minute", "It is slow for all of us."),
     ("{what}：系统响应缓慢", "打开一个页面要等半分钟以上，大家都一样。")),
    ("applications", "business", "software-error", "degraded 2 2", 110, 10,
     ("{what}: error when saving", "It says that something went wrong, and to ask the administrator."),
     ("{what}：保存时报错", "提示发生错误，请联系管理员。")),
    ("applications", "business", "data-wrong", "none 2 2", 140, 8,
     ("{what}: figures do not agree", "What is shown differs from what we have entered."),
     ("{what}：数据与实际不符", "显示的数字与录入的不一致。")),
    ("applications", "business", "data-missing", "none 2 3", 120, 6,
     ("{what}: yesterday's entries are missing", "They were there in the evening."),
     ("{what}：昨天的数据不见了", "昨天晚上还在。")),
    ("applications", "erp mes portal crm", "data-interface", "degraded 2 2", 125, 6,
     ("{what}: nothing comes over from the other system", "The last entry is of this morning."),
     ("{what}：接口数据没有传过来", "最后一条是今天早上的。")),
    ("applications", "erp mes expenses payroll", "software-printout", "degraded 2 1", 90, 6,
     ("{what}: papers cannot be printed", "Goods are ready and the papers do not come out."),
     ("{what}：单据无法打印", "货已备好，但是单据打不出来。")),
    ("applications", "business", "software-update", "degraded 2 2", 100, 4,
     ("{what}: a field is gone since the update", "We need it for every entry."),
     ("{what}：更新后少了一个字段", "每次录入都要用到。")),
    ("platform", "mail chat", "software-error", "degraded 2 2", 85, 3,
     ("{what}: messages do not arrive", "Nothing from outside since this morning."),
     ("{what}：收不到外部消息", "从今天早上开始没有收到外部消息。")),
    ("platform", "erp reporting", "performance-time-out", "degraded 1 2", 120, 4,
     ("{what}: report stops with a time-out", "The month-end report breaks off after ten minutes."),
     ("{what}：报表查询超时", "月结报表运行十分钟后中断。")),
    ("platform", "files plm", "software-error", "degraded 2 2", 70, 2,
     ("{what}: read-only", "Nobody in our team can save."),
     ("{what}：变成只读", "整个部门都无法保存。")),
    ("platform", "erp mes", "operations-outage", "down 1 1", 95, 2.4,
     ("{what} is down for everybody", "Nobody can log in, at no site."),
     ("{what}全面中断", "所有地点都无法登录。")),
    ("network", "wan internet", "operations-outage", "down 1 1", 80, 1,
     ("{what} is down", "Nothing that runs at the other site can be reached."),
     ("{what}中断", "无法访问另一地的任何系统。")),
    ("platform", "databases files mail reporting backup", "operations-disk", "degraded 2 3", 40, 5,
     ("{what}: disk is 90 % full", "filesystem /var/lib: 90 % used"),
     None),
    ("platform", "mail chat erp portal", "operations-queue", "degraded 2 3", 35, 4,
     ("{what}: queue is long", "1,240 messages wait; threshold 1,000"),
     None),
    ("platform", "backup databases erp payroll", "operations-job", "none 2 3", 55, 4,
     ("{what}: nightly job did not finish", "running for 6 h 10 min; limit 6 h"),
     None),
    ("platform", "databases mes portal sign-in", "operations-memory", "degraded 2 3", 45, 3,
     ("{what}: memory is short", "95 % used for 15 minutes; threshold 90 %"),
     None),
    ("network", "vpn wan internet telephony", "network-drops", "degraded 2 2", 50, 4,
     ("{what}: packet loss", "4.2 % lost in 5 minutes; threshold 2 %"),
     None),
    ("network", "lan-* wifi-*", "network-down", "down 2 1", 60, 3,
     ("{what}: switch does not answer", "no reply to 5 probes"),
     None),
    ("applications", "portal mes crm intranet hr", "performance-slow", "degraded 1 2", 65, 4,
     ("{what} answers slowly", "p95 4.8 s in 10 minutes; threshold 2 s"),
     None),
    ("applications", "portal mail vpn intranet", "operations-certificate", "none 2 3", 30, 2,
     ("{what}: certificate runs out", "14 days left; threshold 14 days"),
     None),
)
# fmt: on

INCIDENT_TEMPLATES = tuple(
    IncidentTemplate(
        team,
        tuple(key for name in names.split() for key in GROUPS.get(name, (name,))),
        category,
        how,
        minutes,
        often,
        {"en": en} if zh is None else {"en": en, "zh": zh},
        zh is None,
    )
    for team, names, category, how, minutes, often, en, zh in _TABLE
)


def service_at(service: str, place: str) -> str:
    """Return the service with `*` replaced by the place."""
    assert place in LOCATIONS
    return service.replace("*", place)


#: Texts by language: comments of requesters, comments of engineers to them, internal notes of engineers, and
#: the reasons, causes and results that actions need.
REQUESTER_COMMENTS = {
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
ENGINEER_COMMENTS = {
    "en": (
        "Could you tell me the exact message?",
        "We have found the cause and are working on it.",
        "Please try again now.",
        "I will call you this afternoon.",
    ),
    "zh": ("请告诉我具体的提示内容。", "已找到原因，正在处理。", "请现在再试一下。", "下午我会给您打电话。"),
}
INTERNAL_NOTES = {
    "en": (
        "The log shows time-outs since the last release.",
        "Same symptom as last month, see there.",
        "Vendor has a patch, needs a change.",
    ),
    "zh": ("日志显示上次发布之后开始超时。", "与上个月的现象相同，可参考。", "供应商有补丁，需要走变更。"),
}
RESOLUTIONS = {
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
REOPEN_REASONS = {
    "en": ("It is back again.", "It worked for an hour, now the same.", "Only my colleague's is solved."),
    "zh": ("问题又出现了。", "好了一个小时，又不行了。", "只有同事的好了，我的没有。"),
}
CANCEL_REASONS = {
    "en": ("It works by itself again.", "We have found another way, thank you."),
    "zh": ("自己恢复了。", "已用其他办法解决，不用处理了。"),
}
ANGRY_COMMENTS = {
    "en": ("Third call, still not solved.", "Nobody told me anything for two days."),
    "zh": ("产线搬迁后第三次报修，仍未解决。", "线体停着，两天没人告诉我进展。"),
}
RATING_COMMENTS = {
    "en": ("Fast and friendly.", "Well explained.", "Solved, but it took a day."),
    "zh": ("很快，态度很好。", "讲解得很清楚。", "解决了，但是等了一天。"),
}

#: Major incidents: statements to those affected, in order; lessons learnt.
STATEMENTS = (
    "We know of the outage and are looking for the cause. 已知悉中断，正在查找原因。",
    "The cause is found; a way round is being tested. 原因已找到，正在测试临时方案。",
    "Service is back for most of you; we keep watching. 大部分用户已恢复，继续观察。",
)
CONTAINMENT = "Moved the load to the second node. 已切换到备用节点。"
REVIEW_FINDINGS = (
    "A full log volume stopped the database; nobody was alerted. 日志卷写满导致数据库停止，且没有告警。",
    "The right people were there within minutes. 几分钟内相关人员到位。",
    "The first statement came late, in one language only. 首次通报较晚，且只有一种语言。",
)
REVIEW_ACTIONS = ("Alert at 70 % of the log volume", "Test the switch-over every quarter")
