"""The stages of software (process document, *Releases*), until an administrator sets others."""

from __future__ import annotations

from typing import Any, Final

from app.common.people import Role
from app.foundation.documents.records import DocumentClass

#: The classes of the deliverables of stages that were planned before stages had classes, by the stage's key.
STAGE_CLASSES: Final = {"test": (DocumentClass.TE.value,)}
#: Classes of documents that are made for one release, so they are not older than its plan. Documents of other
#: classes may stand for the service since before, as the requirement that led to the release does.
MADE_FOR_ONE: Final = frozenset(
    {DocumentClass.IM, DocumentClass.TE, DocumentClass.AC, DocumentClass.MI, DocumentClass.SR}
)
STANDING_CLASSES: Final = frozenset(DocumentClass) - MADE_FOR_ONE
#: Stages that cannot be passed by what stood before the release: each makes something of its own.
STAGES_MAKING: Final = frozenset({"build", "test", "publication"})
#: The key of the set of stages that a release goes through if its plan names no other one.
DEFAULT_KEY: Final = "software"


def _stage(
    key: str,
    names: tuple[str, str],
    deliverable: tuple[str, str],
    roles: tuple[Role, Role],
    apart_from: tuple[str, ...] = (),
    classes: tuple[DocumentClass, ...] = (),
) -> dict[str, Any]:
    """Return a stage as a set of stages keeps it."""
    return {
        "key": key,
        "name_en": names[0],
        "name_zh": names[1],
        "deliverable_en": deliverable[0],
        "deliverable_zh": deliverable[1],
        "author_role": roles[0].value,
        "reviewer_role": roles[1].value,
        "apart_from": list(apart_from),
        "document_classes": [document_class.value for document_class in classes],
    }


_BY_ENGINEERS = (Role.engineer, Role.project_manager)
#: Early-life support is no gate before the deployment: it lasts from `deploy` to `end_support`.
DEFAULT_STAGES: Final = (
    _stage(
        "initiation",
        ("Initiation", "立项"),
        (
            "Contract or project order; the team with its skills and roles",
            "合同或项目任务书；项目团队及其技能与角色",
        ),
        (Role.project_manager, Role.department_head),
    ),
    _stage(
        "requirements",
        ("Requirements", "需求"),
        ("Requirement specification; a prototype that was shown", "需求规格说明书；已演示的原型"),
        _BY_ENGINEERS,
        classes=(DocumentClass.SN,),
    ),
    _stage(
        "outline_design",
        ("Outline design", "概要设计"),
        ("Outline design, or description of the modules", "概要设计或模块说明"),
        _BY_ENGINEERS,
        classes=(DocumentClass.SO,),
    ),
    _stage(
        "detailed_design",
        ("Detailed design", "详细设计"),
        ("Detailed design: database and interfaces", "详细设计：数据库与接口"),
        _BY_ENGINEERS,
        classes=(DocumentClass.SO,),
    ),
    _stage(
        "build",
        ("Build", "编码"),
        ("Source: repository and revision; notes", "源代码：仓库与版本；说明"),
        _BY_ENGINEERS,
    ),
    _stage(
        "test",
        ("Test", "测试"),
        ("Test report", "测试报告"),
        _BY_ENGINEERS,
        apart_from=("build",),
        classes=(DocumentClass.TE,),
    ),
    _stage(
        "publication",
        ("Trial run and publication", "试运行与发布"),
        ("Product description, user manual, acceptance", "产品说明、用户手册、验收"),
        (Role.project_manager, Role.change_manager),
        classes=(DocumentClass.AC, DocumentClass.OP),
    ),
)
