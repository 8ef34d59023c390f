"""Who works in the demo organisation, and what goes wrong there (data only)."""

from __future__ import annotations

from app.common.people import Role

#: Key and name of each team.
TEAMS = (("service-desk", "Service desk"), ("network", "Network"), ("applications", "Applications"))

#: Name, roles and team of those who work on incidents.
STAFF = (
    ("Lin Xiaoyu", (Role.agent,), "service-desk"),
    ("Marta Keller", (Role.agent, Role.incident_manager), "service-desk"),
    ("Tomasz Nowak", (Role.engineer,), "network"),
    ("Chen Wei", (Role.engineer,), "network"),
    ("Aisha Rahman", (Role.engineer,), "applications"),
    ("Jonas Berg", (Role.engineer,), "applications"),
)

#: Those who report.
REQUESTERS = ("Zhao Min", "Emily Carter", "Wu Jing", "Pedro Alves", "Sun Li", "Hannah Schmidt", "Olu Adeyemi")

#: Whose keys are printed: what for, the person (None: one of their own), the roles.
KEYS = (
    ("admin", None, tuple(role for role in Role if role is not Role.auditor)),
    ("agent", "Lin Xiaoyu", (Role.agent,)),
    ("engineer", "Tomasz Nowak", (Role.engineer,)),
    ("requester", "Zhao Min", (Role.requester,)),
    ("auditor", None, (Role.auditor,)),
)

#: Title, description, team that solves it, service, effect, impact, urgency, usual minutes of work.
# fmt: off
TROUBLES = (
    ("Mail does not arrive", "No mail from outside since this morning.", "applications", "mail", "degraded", "2", "2", 90),
    ("无法登录办公系统", "输入密码后提示账户被锁定。", "applications", "office", "none", "3", "1", 25),
    ("VPN drops every few minutes", "The connection is lost and comes back.", "network", "vpn", "degraded", "2", "2", 140),
    ("三楼会议室没有网络", "有线和无线都连不上。", "network", "lan", "down", "2", "1", 75),
    ("Printer on floor 2 prints blank pages", "Since the toner was changed.", "service-desk", "print", "degraded", "3", "3", 40),
    ("订单系统响应缓慢", "打开一个页面要等半分钟以上。", "applications", "orders", "degraded", "1", "2", 200),
    ("Shared drive is read-only", "Nobody in our team can save files.", "network", "files", "degraded", "2", "2", 60),
    ("Payroll report shows last month", "The new figures are missing.", "applications", "payroll", "none", "2", "3", 180),
    ("电话无法拨出", "可以接听，但拨号后没有声音。", "network", "telephony", "down", "2", "1", 110),
    ("Laptop does not start", "It stays black after the update.", "service-desk", "workplace", "down", "3", "1", 120),
    ("Cannot open the customer portal", "The browser says the certificate is wrong.", "applications", "portal", "down", "1", "1", 55),
    ("Wi-Fi is slow in the canteen", "It is worst at noon.", "network", "lan", "degraded", "3", "3", 240),
)
# fmt: on

DONE = (
    "Restarted the service and watched it for ten minutes.",
    "更换了配置并验证恢复。",
    "Replaced the faulty part.",
)
REMARKS = ("Could you send me a screenshot?", "已经联系供应商。", "It works again for me, thank you.")
