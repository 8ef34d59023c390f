"""The demo's services, categories, configuration items and their relations (data only)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.foundation.cis.records import CiClass, RelationKind
from app.foundation.services.records import Criticality

DESK = "service-desk"
#: The organisation's locations: key, English and Chinese name.
LOCATIONS = {
    "shanghai": ("Shanghai", "上海"),
    "suzhou": ("Suzhou", "苏州"),
    "berlin": ("Berlin", "柏林"),
    "hamburg": ("Hamburg", "汉堡"),
}


@dataclass(frozen=True)
class ServiceTemplate:
    """A service: its names in English and Chinese, the team that runs it, and its criticality."""

    key: str
    en: str
    zh: str
    team: str
    criticality: Criticality

    def name(self, language: str) -> str:
        """Return the service's name in that language."""
        return self.zh if language == "zh" else self.en


# fmt: off
#: Key, English name, Chinese name, team, criticality.
_COMPANY_WIDE = (
    ("erp-sales",      "Sales orders",        "销售订单",     "applications", Criticality.critical),
    ("erp-purchasing", "Purchasing",          "采购管理",     "applications", Criticality.high),
    ("erp-warehouse",  "Warehouse",           "仓库管理",     "applications", Criticality.critical),
    ("erp-production", "Production planning", "生产计划",     "applications", Criticality.critical),
    ("erp-finance",    "Accounting",          "财务核算",     "applications", Criticality.high),
    ("mes",            "Shop floor system",   "车间系统",     "applications", Criticality.critical),
    ("plm",            "Drawing archive",     "图纸管理",     "applications", Criticality.medium),
    ("crm",            "Customer records",    "客户关系",     "applications", Criticality.medium),
    ("portal",         "Customer portal",     "客户门户",     "applications", Criticality.high),
    ("payroll",        "Payroll",             "薪资系统",     "applications", Criticality.medium),
    ("hr",             "Staff self-service",  "人事自助",     "applications", Criticality.low),
    ("expenses",       "Travel expenses",     "差旅报销",     "applications", Criticality.low),
    ("reporting",      "Reporting",           "报表平台",     "applications", Criticality.medium),
    ("intranet",       "Intranet",            "内网",         "applications", Criticality.low),
    ("mail",           "E-mail",              "电子邮件",     "platform",     Criticality.high),
    ("chat",           "Chat",                "即时通讯",     "platform",     Criticality.medium),
    ("files",          "Shared files",        "共享文件",     "platform",     Criticality.high),
    ("sign-in",        "Sign-in",             "统一登录",     "platform",     Criticality.critical),
    ("databases",      "Databases",           "数据库平台",   "platform",     Criticality.critical),
    ("backup",         "Backup",              "备份",         "platform",     Criticality.high),
    ("vpn",            "Remote access",       "远程接入",     "network",      Criticality.high),
    ("internet",       "Internet",            "互联网出口",   "network",      Criticality.high),
    ("wan",            "Line between sites",  "两地专线",     "network",      Criticality.critical),
    ("telephony",      "Telephony",           "电话",         "network",      Criticality.medium),
    ("office",         "Office programs",     "办公软件",     DESK,           Criticality.medium),
)
_PER_LOCATION = (
    ("lan",       "Network",       "网络",     "network",   Criticality.high),
    ("wifi",      "Wi-Fi",         "无线网络", "network",   Criticality.medium),
    ("workplace", "Workplaces",    "办公终端", "workplace", Criticality.medium),
    ("print",     "Printing",      "打印",     "workplace", Criticality.low),
    ("rooms",     "Meeting rooms", "会议室",   "workplace", Criticality.low),
)
# fmt: on

SERVICES: Mapping[str, ServiceTemplate] = {
    service.key: service
    for service in (
        *(ServiceTemplate(*row) for row in _COMPANY_WIDE),
        *(
            ServiceTemplate(f"{key}-{place}", f"{en} {where_en}", f"{where_zh}{zh}", team, criticality)
            for key, en, zh, team, criticality in _PER_LOCATION
            for place, (where_en, where_zh) in LOCATIONS.items()
        ),
    )
}

BUSINESS_SERVICES = tuple(service.key for service in SERVICES.values() if service.team == "applications")
#: Services for which users have an account of their own.
ACCOUNT_SERVICES = (*BUSINESS_SERVICES, "mail", "chat", "files", "vpn")

#: Categories of incidents: by the parent's key, the parent's two names, and key and names of its children.
CATEGORIES: Mapping[str, tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    "access": (
        "Access",
        "账户与权限",
        (
            ("locked", "Account locked", "账户锁定"),
            ("rights", "Rights missing", "权限不足"),
            ("newcomer", "Newcomer cannot sign in", "新用户无法登录"),
            ("second-factor", "Second factor", "双因素验证"),
        ),
    ),
    "usage": (
        "Usage",
        "使用咨询",
        (("how-to", "How to", "操作咨询"), ("settings", "Personal settings", "个人设置")),
    ),
    "software": (
        "Software",
        "软件",
        (
            ("crash", "Program crashes", "程序闪退"),
            ("error", "Error message", "报错"),
            ("printout", "Printout wrong", "单据打印异常"),
            ("update", "After an update", "更新后异常"),
        ),
    ),
    "performance": ("Performance", "性能", (("slow", "Slow", "响应慢"), ("time-out", "Time-out", "超时"))),
    "data": (
        "Data",
        "数据",
        (
            ("wrong", "Wrong data", "数据错误"),
            ("missing", "Data missing", "数据缺失"),
            ("interface", "Not passed on", "接口未传"),
        ),
    ),
    "hardware": (
        "Hardware",
        "硬件",
        (
            ("computer", "Computer", "电脑"),
            ("screen", "Screen and dock", "显示器与扩展坞"),
            ("accessory", "Keyboard, mouse, headset", "外设"),
            ("printer", "Printer", "打印机"),
            ("scanner", "Hand scanner", "扫码枪"),
            ("room", "Room equipment", "会议设备"),
        ),
    ),
    "network": (
        "Network",
        "网络",
        (
            ("down", "No connection", "无法连接"),
            ("weak", "Slow or weak", "缓慢或信号弱"),
            ("drops", "Drops", "频繁断线"),
        ),
    ),
    "operations": (
        "Operations",
        "运行",
        (
            ("disk", "Disk full", "磁盘将满"),
            ("memory", "Memory short", "内存不足"),
            ("job", "Job did not run", "作业未执行"),
            ("queue", "Queue too long", "队列过长"),
            ("certificate", "Certificate", "证书"),
            ("outage", "Outage", "全面中断"),
        ),
    ),
}
#: Categories of requests: key, English name, Chinese name.
REQUEST_CATEGORIES = (
    ("equipment", "Equipment", "设备"),
    ("authorisation", "Authorisation", "授权"),
    ("licence", "Software", "软件"),
    ("change-of-place", "People come and go", "人员变动"),
    ("evaluation", "Figures and reports", "数据与报表"),
    ("development", "Development", "开发"),
)
#: Categories of incidents that the service desk handles itself, for any service.
DESK_CATEGORIES = tuple(
    f"{upper}-{key}" for upper in ("access", "usage") for key, _, _ in CATEGORIES[upper][2]
)


def team_by_rule(service: str, category: str) -> str:
    """Return the team to which the demo's assignment rules send an incident of that service and category."""
    return DESK if category in DESK_CATEGORIES else SERVICES[service].team


@dataclass(frozen=True)
class Machine:
    """A configuration item, the services that it supports, and its relations to items that precede it in the
    list.
    """

    key: str
    name: str
    ci_class: CiClass
    services: tuple[str, ...]
    related: tuple[tuple[RelationKind, str], ...] = ()


def machines() -> Iterator[Machine]:
    """Return all configuration items; each comes after those to which it is related."""
    for place in LOCATIONS:
        yield from _machines_at(place)
    for n in range(1, 7):
        lan = "lan-shanghai" if n % 2 else "lan-berlin"
        switch = ((RelationKind.connects_to, f"{lan}-core"),)
        yield Machine(f"srv-{n:02}", f"Host {n}", CiClass.server, ("databases",), switch)
    for n, (key, en) in enumerate((("erp", "ERP"), ("mes", "Shop floor"), ("office", "Office"))):
        on = ((RelationKind.runs_on, f"srv-0{n + 1}"),)
        yield Machine(f"{key}-db-1", f"{en} database", CiClass.database, ("databases",), on)
    for n, key in enumerate((*BUSINESS_SERVICES, "mail", "chat", "files", "sign-in", "backup")):
        base = "erp" if key.startswith("erp") else "mes" if key in ("mes", "plm") else "office"
        more = ((RelationKind.runs_on, f"srv-0{n % 6 + 1}"), (RelationKind.depends_on, f"{base}-db-1"))
        yield Machine(f"{key}-app", SERVICES[key].en, CiClass.application, (key,), more)
    for n, key in enumerate(("vpn", "internet", "wan", "telephony")):
        core_switch = "lan-shanghai-core" if n % 2 else "lan-berlin-core"
        yield Machine(
            f"{key}-gw-1",
            f"{SERVICES[key].en} gateway",
            CiClass.network,
            (key,),
            ((RelationKind.connects_to, core_switch),),
        )


def _machines_at(place: str) -> Iterator[Machine]:
    where, lan = LOCATIONS[place][0], f"lan-{place}"
    yield Machine(f"{lan}-core", f"Core switch {where}", CiClass.network, (lan, f"wifi-{place}"))
    to_core = ((RelationKind.connects_to, f"{lan}-core"),)
    for n in range(1, 4):
        yield Machine(f"{lan}-acc-{n}", f"Access switch {n} {where}", CiClass.network, (lan,), to_core)
    for n in range(1, 4):
        key = f"print-{place}"
        to_switch = ((RelationKind.connects_to, f"{lan}-acc-{n}"),)
        yield Machine(f"{key}-{n}", f"Printer {n} {where}", CiClass.endpoint, (key,), to_switch)
    yield Machine(
        f"rooms-{place}-1", f"Conference system {where}", CiClass.endpoint, (f"rooms-{place}",), to_core
    )
