"""Environments to which releases and deployments go: production is one, whatever it is called (pure)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated

from pydantic import AfterValidator

from app.common.spellings import SpelledAs
from app.kernel.actions.payload_fields import DemandedText, UsualName
from app.kernel.actions.payloads import RecordKey

PRODUCTION = "production"
#: Names that teams and their pipelines use for production, in lower case.
PRODUCTION_ALIASES = frozenset(
    {
        *(
            "production",
            "prod",
            "prd",
            "prodn",
            "live",
            "online",
            "productive",
            "produktion",
            "produktiv",
            "echtbetrieb",
            "wirkbetrieb",
            "produktivbetrieb",
            "producción",
            "produção",
            "produzione",
        ),
        *("生产", "正式", "线上", "上线", "现网", "运营", "生產", "線上", "上線", "現網", "運營"),
        *("运行环境", "产线", "運行環境", "產線"),
        *("投产", "投運", "投运", "投產", "商用", "实网", "實網", "真实环境", "真實環境", "本番"),
    }
)
#: Names of production as a whole, or with words that only say which: `main` is, a main office is not.
WHOLE_ALIASES = frozenset({"main", "pro", "www", "operation", "operations", "operational", "ops", "real"})
WHOLE_ALIASES |= {"运行", "運行", "实际环境"}
_WHICH = frozenset(
    {"env", "environment", "system", "systems", "site", "cluster", "branch", "region", "server"}
)
_WHICH |= {"eu", "us", "uk", "de", "cn", "asia", "apac", "emea", "east", "west", "north", "south", "central"}
#: Words that turn a name of production into another environment, such as `pre-prod`.
_NOT_PRODUCTION = frozenset(
    {"pre", "non", "not", "no", "test", "staging", "stage", "dev", "copy", "mirror", "like", "shadow", "uat"}
    | {"preview", "demo", "sandbox", "training", "qa", "trial", "simulated", "simulation", "outside", "nicht"}
    | {"without", "clone", "replica", "fake", "mock"}
)
#: Names of other environments that every organisation uses, besides those words.
_OTHERS = frozenset(
    {"testing", "development", "integration", "int", "ci", "acceptance", "acc", "local", "lab", "sit"}
    | {"preprod", "preproduction", "nonprod", "nonproduction", "prelive", "quality", "education"}
)
_CHINESE_ALIASES = re.compile("|".join(sorted(name for name in PRODUCTION_ALIASES if not name.isascii())))
_CHINESE_OTHERS = re.compile(
    "预|預|准|準|试运行|試運行|非|类|類|仿|拟|擬|测试|測試|开发|開發|演练|演練|演示|验证|驗證|验收|驗收|培训|培訓|沙箱|集成|联调|聯調"
    "|试|試|镜像|鏡像|副本|克隆|模拟|模擬"
)
#: The only names with a word of production and one of a test that are usual: `pre-prod`, `production test`.
#: In any other, such as `prod after test`, the second word may say something about production itself.
_NAMES = "|".join(sorted(PRODUCTION_ALIASES, key=lambda name: (-len(name), name)))
_PLACE = "(?: ?(?:环境|環境|系统|系統|库|庫))?"
_FIXED_FORM = re.compile(
    r"(?:pre|non|not|no|nicht|outside|trial|test|staging|stage|simulated|simulation|shadow|mock|fake"
    rf"|[预預准準非类類仿拟擬试試]|仿真|模拟|模擬|测试|測試|演练|演練) ?(?:{_NAMES}){_PLACE}"
    rf"|(?:{_NAMES}){_PLACE} ?(?:like|copy|mirror|clone|replica|shadow|test|staging"
    rf"|测试|測試|镜像|鏡像|副本|克隆|仿真|模拟|模擬|演练|演練|沙箱){_PLACE}"
)
#: Names of production that are long enough to be known although mistyped, and how alike they must be written.
_LONG_ALIASES = sorted(name for name in PRODUCTION_ALIASES if name.startswith("prod") and len(name) > 8)
_ALIKE = 0.88
_ZERO_WITHIN = re.compile(r"(?<=[^\W\d_])0(?=[^\W\d_])")
_CAPITAL_WITHIN = re.compile(r"(?<=[a-z])(?=[A-Z])")


def environment_key(name: str) -> str:
    """Return the key of the environment: `production` for all its aliases, also of a part of it, such as
    `prod-eu`, `ProdEU` or `PRD01`; otherwise the name itself. Another spelling would evade the freezes,
    checks and KPIs of production.
    """
    words = _words(name)
    if _NOT_PRODUCTION.intersection(words) or _CHINESE_OTHERS.search(name):
        return name
    is_named = any(map(_names_production, (*words, "".join(words)))) or (
        len(WHOLE_ALIASES.intersection(words)) > 0 and WHOLE_ALIASES.union(_WHICH).issuperset(words)
    )
    return PRODUCTION if is_named or _CHINESE_ALIASES.search(name) else name


def _names_production(word: str) -> bool:
    """Return whether the word is a name of production, or a long one with a letter or two mistyped."""
    if word in PRODUCTION_ALIASES:
        return True
    if word in _OTHERS or word[:1] != "p":  # a reproduction of a fault is none
        return False
    return bool(get_close_matches(word, _LONG_ALIASES, n=1, cutoff=_ALIKE))


def is_production(name: str | None) -> bool:
    """Return whether the environment is production, also in a record from before other names counted."""
    return name is not None and environment_key(name) == PRODUCTION


def is_known_environment(name: str, listed: Iterable[str] = ()) -> bool:
    """Return whether the name is one of production or of another usual environment, or among those that
    the organisation has `listed`. A name with a word of production and one of a test is usual only in a
    fixed form.
    """
    if is_production(name) or name.casefold() in {other.casefold() for other in listed}:
        return True
    words = _words(name)
    if any(map(_names_production, words)) or _CHINESE_ALIASES.search(name):
        return _FIXED_FORM.fullmatch(" ".join(word for word in words if word not in _WHICH)) is not None
    usual = _NOT_PRODUCTION | _OTHERS
    return bool(usual.intersection((*words, "".join(words))) or _CHINESE_OTHERS.search(name))


def _words(name: str) -> list[str]:
    """Return the words of the name in lower case: `ProdEU-01` has two. A zero within a word is an o."""
    divided = _CAPITAL_WITHIN.sub(" ", _ZERO_WITHIN.sub("o", unicodedata.normalize("NFKC", name)))
    return re.findall(r"[^\W\d_\u4e00-\u9fff]+|[\u4e00-\u9fff]+", divided.casefold())


#: Marks a field of a record that holds the key of an environment.
OF_ENVIRONMENT = SpelledAs(environment_key)
#: The key of an environment in a payload.
EnvironmentKey = Annotated[
    RecordKey,
    AfterValidator(environment_key),
    DemandedText(letters=0, code="no_environment"),
    UsualName("environment", "environment_names", is_known_environment),
]
