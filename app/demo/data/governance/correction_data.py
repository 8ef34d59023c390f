"""The demo's corrective actions after reviews of risks, and after a finding that was there before: most on
time, one put off, one overdue.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.demo.data.governance.audit_data import REPEATED
from app.demo.data.governance.risk_data import BACKLOG, ONE_EXPERT, ONE_LINE, UNTESTED_RELEASE
from app.demo.data.organisation import SERVICE_LEVEL_MANAGER


@dataclass(frozen=True)
class CorrectionTemplate:
    """A corrective action: the risk or finding that it comes from, and on which days before the end it was
    planned, due, moved to another due date with a reason, done and verified; None: it was not.
    """

    name: str
    title: str
    task: str
    source: str
    owner: str
    planned: float
    due: float
    moved: tuple[float, float, str] | None = None
    done: float | None = None
    verified: float | None = None
    process: str | None = None
    occasion: str = "review"


CORRECTIONS = (
    CorrectionTemplate(
        "gate",
        "发布模板加入回归测试 The test is part of the release template",
        "修改标准变更模板，没有测试记录不得放行。Nothing passes the gate without a record of the test.",
        UNTESTED_RELEASE,
        "Aisha Rahman",
        120,
        85,
        done=92,
        verified=88,
        process="change",
    ),
    CorrectionTemplate(
        "emergency-number",
        "专线中断时的应急电话 A number to call when the line is down",
        "把应急号码贴在两地机房和服务台。Put it up at the desk and in both machine rooms.",
        ONE_LINE,
        "Tomasz Nowak",
        146,
        130,
        done=136,
        verified=133,
    ),
    CorrectionTemplate(
        "orders-by-telephone",
        "断线时的订单流程 How orders go when the line is down",
        "与销售和仓库约定纸质流程，并演练一次。Agree on it with sales and the warehouse, and try it once.",
        ONE_LINE,
        "Marta Keller",
        145,
        100,
        moved=(104, 72, "仓库盘点期间无法演练。The warehouse was taking stock."),
        done=76,
        verified=74,
        process="incident",
    ),
    CorrectionTemplate(
        "deputy",
        "车间系统指定代理人 A deputy for the shop floor system",
        "代理人独立完成一次接口修改。The deputy changes an interface alone.",
        ONE_EXPERT,
        "Aisha Rahman",
        62,
        7,
    ),
    CorrectionTemplate(
        "month-end",
        "月结前的自查清单 A checklist before the end of the month",
        "列出月结前必须完成的检查。List what has to be checked before the books are closed.",
        BACKLOG,
        "黄敏",
        8,
        -22,
        process="incident",
    ),
    CorrectionTemplate(
        "look-before-closing",
        "关闭前由同事检查 A colleague looks before an incident is closed",
        "同样的问题第二次出现：关闭前检查解决方法。It was found twice: look at the solution before closing.",
        REPEATED,
        "孙浩",
        5,
        -16,
        process="incident",
        occasion="finding",
    ),
    CorrectionTemplate(
        "line-in-agreements",
        "协议中写明专线中断 Agreements name outages of the line",
        "在各协议中写明专线中断的处理。Say in each agreement what holds while the line is down.",
        ONE_LINE,
        SERVICE_LEVEL_MANAGER,
        6,
        -14,
    ),
    CorrectionTemplate(
        "line-in-texts",
        "协议文本写明两条专线 Agreements name both lines",
        "第二条专线启用前更新协议文本。Maintain the texts before the second line is in use.",
        ONE_LINE,
        "Sofia Rossi",
        6,
        -20,
    ),
)
EVIDENCE = "记录已存入部门文件夹。The records are in the department's folder."
VERIFICATION = "抽查三次，均已执行。Three cases were looked at; it was done in each."
