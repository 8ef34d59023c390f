"""Priority by impact and urgency (process document, *Priority and category*)."""

from __future__ import annotations

from collections.abc import Mapping

from app.common.records import CodeEnum


class Impact(CodeEnum):
    """The impact of a ticket: how many people are affected."""

    organisation = "1", "Organisation", "组织"
    department = "2", "Department", "部门"
    person = "3", "Person", "个人"


class Urgency(CodeEnum):
    """The urgency of a ticket: how much the work of those affected suffers."""

    stopped = "1", "Work stopped", "工作停止"
    hindered = "2", "Work hindered", "工作受阻"
    can_wait = "3", "Can wait", "可以等待"


class Priority(CodeEnum):
    """The priority of a ticket: the order in which work is done."""

    P1 = "P1", "P1 Critical", "P1 紧急"
    P2 = "P2", "P2 High", "P2 高"
    P3 = "P3", "P3 Moderate", "P3 中"
    P4 = "P4", "P4 Low", "P4 低"


#: The priority by impact and urgency.
Matrix = Mapping[tuple[Impact, Urgency], Priority]

#: The default matrix, until an administrator sets another one.
MATRIX: Matrix = {
    (Impact.organisation, Urgency.stopped): Priority.P1,
    (Impact.organisation, Urgency.hindered): Priority.P2,
    (Impact.organisation, Urgency.can_wait): Priority.P3,
    (Impact.department, Urgency.stopped): Priority.P2,
    (Impact.department, Urgency.hindered): Priority.P3,
    (Impact.department, Urgency.can_wait): Priority.P4,
    (Impact.person, Urgency.stopped): Priority.P3,
    (Impact.person, Urgency.hindered): Priority.P4,
    (Impact.person, Urgency.can_wait): Priority.P4,
}
