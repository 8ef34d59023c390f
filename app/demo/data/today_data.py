"""The cases that are open on the demo's last day, whichever day that is: new, in work, waiting, due within
hours at a plant that stands at no hour, and two that are late (data only).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from app.common.tickets import HoldReason


class Reached(IntEnum):
    """How far a case has come."""

    new = 0
    acknowledged = 1
    in_progress = 2
    on_hold = 3


@dataclass(frozen=True)
class OpenCase:
    """A case: the team that has it, its service and category, its effect, impact and urgency, separated by
    spaces, and its texts. It was reported so many hours before the end by the requester of that name.
    `holder` is the place of who holds it among the team's staff.
    """

    team: str
    service: str
    category: str
    severity: str
    requester: str
    hours: float
    reached: Reached
    title: str
    description: str
    holder: int = 0
    reason: HoldReason | None = None


NEW, SEEN, WORK, WAITS = Reached.new, Reached.acknowledged, Reached.in_progress, Reached.on_hold
VENDOR, CHANGE, ANSWER = HoldReason.awaiting_vendor, HoldReason.awaiting_change, HoldReason.awaiting_requester

# The plant is promised P2 within 6, P3 within 12 and P4 within 24 hours, at any hour of any day.
# fmt: off
OPEN_CASES = (
    OpenCase("service-desk", "mail", "usage-settings", "none 3 3", "Hannah Schmidt", 0.07, NEW,
             "E-mail: my settings are gone", "Since this morning everything looks as on the first day."),
    OpenCase("service-desk", "mes", "access-locked", "none 3 1", "何建国", 0.2, NEW,
             "车间系统：账户被锁定，无法登录", "交接班时输错几次密码，提示账户已锁定。"),
    OpenCase("service-desk", "mes", "access-newcomer", "none 3 2", "徐倩", 22.4, WORK,
             "车间系统：新同事无法登录", "新入职的班组长在系统中没有账户。"),
    OpenCase("service-desk", "crm", "access-rights", "none 3 2", "赵敏", 19, WAITS,
             "客户关系：提示没有权限", "接手同事的客户之后，合同页面打不开。", 0, ANSWER),
    OpenCase("service-desk", "files", "usage-how-to", "none 3 3", "Lars Nilsson", 1.1, WORK,
             "Shared files: how do I share with a customer?", "They cannot open what I send them.", 4),
    OpenCase("workplace", "workplace-suzhou", "hardware-computer", "down 3 1", "孙丽", 9.8, WORK,
             "产线终端无法开机", "早班开机后一直黑屏，二号线只能手工记录。"),
    OpenCase("workplace", "rooms-berlin", "hardware-room", "degraded 2 3", "Chiara Conti", 7, WAITS,
             "No sound in the meeting room", "Remote colleagues cannot hear us.", 1, VENDOR),
    OpenCase("workplace", "print-hamburg", "hardware-printer", "degraded 3 3", "Emily Carter", 0.8, SEEN,
             "Printer prints blank pages", "Since the toner was changed every page is empty.", 1),
    OpenCase("network", "wifi-suzhou", "network-weak", "degraded 2 1", "高翔", 8.5, WORK,
             "新车间无线网络频繁断线", "产线搬迁后扫码枪每隔几分钟掉线。"),
    OpenCase("network", "lan-suzhou", "network-drops", "degraded 3 2", "何建国", 27, WAITS,
             "三号线网络时断时续", "搬迁后交换机端口经常失去连接。", 1, VENDOR),
    OpenCase("network", "vpn", "network-drops", "degraded 2 2", "Pedro Alves", 0.7, WORK,
             "VPN drops every few minutes", "The connection is lost and comes back by itself.", 1),
    OpenCase("applications", "mes", "performance-slow", "degraded 3 1", "徐倩", 8.9, WORK,
             "车间系统响应缓慢", "换班时页面要等半分钟，报工排队。", 1),
    OpenCase("applications", "erp-finance", "data-wrong", "degraded 3 2", "罗婷", 1.6, WORK,
             "财务核算：月度汇总数据错误", "成本中心合计与明细不一致。"),
    OpenCase("applications", "expenses", "software-error", "degraded 3 3", "Ben Fischer", 6, WAITS,
             "Travel expenses: error when saving", "A receipt of two pages is refused.", 3, CHANGE),
    OpenCase("applications", "portal", "software-error", "degraded 3 2", "Olu Adeyemi", 0.4, SEEN,
             "Customer portal: orders open an error page", "Three customers have called since nine.", 2),
    OpenCase("platform", "files", "performance-slow", "degraded 3 2", "高翔", 20.5, WORK,
             "共享文件打开缓慢", "工艺图纸要几分钟才能打开。"),
    OpenCase("platform", "reporting", "performance-time-out", "degraded 3 3", "郭涛", 5, WAITS,
             "报表平台：季度报表超时", "上午生成季度报表一直超时。", 1, CHANGE),
)
# fmt: on
