"""Fields of payloads: their descriptions follow from those of the record's fields, the fields of a patch from
the payload that it corrects, and texts have a least content. Pure.

A dash in a mandatory field satisfies its presence only: a plan, a reason or a proof needs content. If there
is nothing to report, "none, because ..." gives the reason. Requesters write as they like, and so does
everybody in a note that nobody demands: only punctuation alone is refused. Texts of imports, tools, mails and
rules are exempt: they report texts that were written elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.fields import FieldInfo

from app.common.records import Record, StaffOnly, field_owners
from app.common.spellings.external_numbers import is_external_number
from app.kernel.access.descriptions import description_of

LEAST_CHARACTERS = 2
LEAST_LETTERS = 2

# Words that only fill a field, in small letters and without anything between them.
_FILLERS = frozenset(
    {
        "na",
        "none",
        "nil",
        "null",
        "nothing",
        "unknown",
        "tbd",
        "todo",
        "notapplicable",
        "tobedone",
        "tobedetermined",
        "tba",
        "tbc",
        "tobeannounced",
        "tobeconfirmed",
        "sameasabove",
        "seeabove",
        "ditto",
        "无",
        "没有",
        "暂无",
        "不适用",
        "无内容",
        "待定",
        "未知",
        "不详",
        "不明",
        "同上",
        "如上",
        "见上",
    }
)

#: Texts that promise a statement, or refer to one, as a whole. Titles and names may be such words.
_PROMISES = frozenset(
    {"asdfgh", "blah", "loremipsum", "nocomment", "noreason", "qwerty", "没有理由", "无理由"}
    | {"tofollow", "tbdlater", "tobefilledin", "待补充", "待确认", "待补", "后补"}
    | {"later", "remedylater", "tobedefined", "asdiscussed", "asdf", "稍后", "以后", "以后再说"}
    | {"asabove", "asbefore", "asdescribedabove", "cfabove", "idem", "likewise", "refertoabove", "same"}
    | {
        "seebelow",
        "seeattachment",
        "seeattached",
        "参见上文",
        "详见上文",
        "见上文",
        "见下文",
        "如前所述",
        "见附件",
    }
)
#: Answers that state nothing by themselves. A line may be one of them: the outcome of a decision is "yes".
_BARE_ANSWERS = frozenset(
    {"ok", "okay", "yes", "no", "test", "好", "好的", "是", "否", "测试"}
    | {"done", "alldone", "completed", "complete", "finished", "fixed", "passed", "tested", "testspassed"}
    | {
        "pending",
        "inprogress",
        "abc",
        "nothingtoreport",
        "keine",
        "nichts",
        "erledigt",
        "sieheoben",
        "unbekannt",
    }
    | {
        "完成",
        "已完成",
        "做完了",
        "通过",
        "已通过",
        "测试通过",
        "已测试",
        "已处理",
        "已解决",
        "处理中",
        "原因不明",
        "见附",
    }
)

_NONE_BECAUSE = re.compile(
    r"^\W*(?:(?:none|nothing|no|n/?a|not applicable)\b\W*(?:because(?: of)?|since|as)\b"
    r"|(?:没有|无|不适用)\W*(?:因为|因))"
)
#: Words for something that is not there or not known yet, which state no cause and no evidence.
_NOT_KNOWN = frozenset(
    {"unknowncause", "causeunknown", "unclear", "notknown", "notknownyet", "notfound", "causenotfound"}
    | {"nocause", "stilllooking", "underinvestigation", "tobeanalysed", "tobeanalyzed", "tobefound"}
    | {"noevidence", "noproof", "wedonotknow", "nobodyknows", "cannotbefound", "原因未明", "原因未知"}
    | {"未找到原因", "没有找到原因", "没找到原因", "查不出原因", "尚未查明", "尚不清楚", "不清楚", "不知道"}
    | {"未查明", "待查", "待分析", "待查明", "调查中", "分析中", "无证据", "没有证据", "无原因", "没有原因"}
    | {"无法确定", "原因待查"}
)
_WITHOUT_CONTENT = _FILLERS | _PROMISES | _BARE_ANSWERS
#: One letter again and again, or one Chinese character thrice, which are no words: `aaaa`, `啊啊啊`.
_REPEATED = re.compile(r"([a-z0-9])\1*|(\w)\2{2,}")
#: The same of a few characters, which may be a name but no statement: `asdfasdf`, `没有没有`.
_REPEATED_PARTS = re.compile(r"([a-z0-9]{1,4}?|\w{1,2}?)\1+")


class DemandedText:
    """Marks a text of a payload in which a person has to make a statement. `letters` is the least number of
    letters: one in the number of a document, none in that of a room. `is_number`: the text is a number in
    another system. `in_full`: an answer such as "yes" is no statement. `is_note`: nobody demands the text.
    Without `takes_none`, "none, because ..." is no answer, as there is a cause of every problem. `code` is
    that of a text without content.
    """

    def __init__(
        self,
        letters: int = LEAST_LETTERS,
        *,
        is_number: bool = False,
        in_full: bool = False,
        is_note: bool = False,
        takes_none: bool = True,
        code: str = "says_nothing",
    ) -> None:
        self.letters, self.is_number, self.in_full, self.is_note = letters, is_number, in_full, is_note
        self.takes_none, self.code = takes_none, code

    def fault(self, text: str, *, by_requester: bool = False) -> str | None:
        """Return the code of what is wrong with the text, or None. `by_requester`: it is in the words of a
        requester, in which any content counts.
        """
        if self.is_note or (by_requester and not self.is_number):
            return None if holds_content(text) else "only_punctuation"
        if self.is_number:
            is_number = not _is_none(text) and is_external_number(text, _WITHOUT_CONTENT)
            return None if is_number else "no_number"
        if not self.takes_none and (_is_none(text) or _characters(text) in _NOT_KNOWN):
            return self.code
        return None if is_meaningful(text, self.letters, in_full=self.in_full) else self.code

    @property
    def differs(self) -> bool:
        """Return whether the text states something of its own: it is neither a note, a number nor a name."""
        return self.letters >= LEAST_LETTERS and not (self.is_note or self.is_number)

    def repeats(self, text: str, other: DemandedText, other_text: str) -> bool:
        """Return whether the text says the same as the other one, and one of them is no mere line. There may
        be one reason why two texts are *none, because ...*.
        """
        is_same = (self.in_full or other.in_full) and _characters(text) == _characters(other_text)
        return is_same and not _is_none(text)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _characters(text: str) -> str:
    """Return the letters and digits of the text, in small letters and without anything between them."""
    return "".join(re.findall(r"[^\W_]+", _folded(text)))


def _is_none(text: str) -> bool:
    return _NONE_BECAUSE.search(_folded(text)) is not None


class UsualName:
    """Marks a name in a payload that may be any. The answer warns of a name that `is_known` finds neither
    usual nor among those of the setting `listed_in`; `kind` is what it names.
    """

    def __init__(self, kind: str, listed_in: str, is_known: Callable[[str, Iterable[str]], bool]) -> None:
        self.kind, self.listed_in, self.is_known = kind, listed_in, is_known


class AheadLimit:
    """Marks a time of a payload that people state at most so long ahead, such as the next review."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead


class StatedDay:
    """Marks a text of a payload that is a day: `2027-06-30`."""


class StatedYear:
    """Marks a number of a payload that is a year."""


def holds_content(text: str) -> bool:
    """Return whether the text has a letter, a digit or a pictogram, and is more than punctuation."""
    return any(unicodedata.category(character)[0] in "LN" or _is_pictogram(character) for character in text)


def _is_pictogram(character: str) -> bool:
    return unicodedata.category(character) == "So"


def is_statement(text: str | None) -> bool:
    """Return whether the optional text is there and states something, where a check demands it."""
    return text is not None and is_meaningful(text, in_full=True)


def is_meaningful(text: str, letters: int = LEAST_LETTERS, *, in_full: bool = False) -> bool:
    """Return whether the text has at least two letters or digits, among them as many letters as that, and is
    more than words that only fill the field, and `in_full` more than an answer. A Chinese character counts
    as a letter. After *none, because* the reason counts.
    """
    folded = _NONE_BECAUSE.sub("", _folded(text))
    words = re.findall(r"[^\W_]+", folded)
    characters = "".join(words)
    return (
        len(characters) >= LEAST_CHARACTERS
        and sum(character.isalpha() for character in characters) >= letters
        and characters not in _FILLERS
        and not (letters and characters in _PROMISES)
        and not (in_full and characters in _BARE_ANSWERS)
        and not all(word in _FILLERS for word in words)
        and not _REPEATED.fullmatch(characters)
        and not (letters >= LEAST_LETTERS and all(_REPEATED.fullmatch(word) for word in words))
        and not (in_full and _REPEATED_PARTS.fullmatch(characters))
    )


def describe_fields(payload: type[BaseModel], record: type[Record]) -> None:
    """Give each field that the payload's class declares the description and the examples of the record's
    field, before its model is built; the class's own ones stay. A clause about null is left out unless
    clients may send null.

    `owner` has those of the record's `owner_id`, and `teams` those of `team_ids`.
    """
    annotations = dict(vars(payload).get("__annotations__", {}))
    for name, annotation in annotations.items():
        source = _record_field(record, name)
        description = None if source is None else description_of(*source)
        if source is not None and description is not None:
            owner, field_name = source
            field = owner.model_fields[field_name]
            description = _as_input(description, annotation, vars(payload).get(name, ...))
            for mark in field.metadata:
                if isinstance(mark, StaffOnly):
                    readers = "staff and the acceptance group" if mark.reviewers else "staff"
                    description = f"{description} Only {readers} see this field."
            stated: dict[str, Any] = (
                {"json_schema_extra": schema} if (schema := field.json_schema_extra) else {}
            )
            words = Field(description=description, examples=field.examples, **stated)
            annotations[name] = Annotated[annotation, words]
    payload.__annotations__ = annotations


def _as_input(description: str, annotation: Any, default: Any) -> str:
    """Return the description of a stored field for clients that send it. Null may be sent if the annotation
    or the default allows it, but a client never sends that a value is not yet known.
    """
    default = default.get_default() if isinstance(default, FieldInfo) else default
    takes_null = default is None or "None" in str(annotation)
    if not takes_null and default in ((), {}):
        description = re.sub(r"\bnull(?= (?:for|if|unless) (?!not ))", "empty", description)
        description = re.sub(r"\bNull(?= (?:for|if|unless) (?!not ))", "Empty", description)
    reasons = "" if not takes_null else r"(?:until|while|before|if not (?:set|given))\b"
    description = re.sub(rf"; null {reasons}.*?\.(?= |$)", ".", description)
    return re.sub(rf"(?<=\.) Null {reasons}.*?\.(?= |$)", "", description)


def _record_field(record: type[Record], name: str) -> tuple[type[Record], str] | None:
    """Return the record's field that a payload's field of this name sets, if it has one, with its class."""
    names = (name, f"{name}_id", f"{name.removesuffix('s')}_ids")
    owners = field_owners(record)
    return next(((owners[target], target) for target in names if target in owners), None)


def make_optional(patch: type[BaseModel]) -> None:
    """Declare the fields that the patch's class inherits as such that may be left out, before its model is
    built; null is accepted only where they accept it.
    """
    annotations = dict(vars(patch).get("__annotations__", {}))
    for base in reversed(patch.__mro__[1:]):
        for name, field in getattr(base, "model_fields", {}).items():
            if name not in vars(patch) and (field.is_required() or _shows_default(field)):
                annotations.setdefault(name, field.rebuild_annotation())
                default = None if field.is_required() else field.default
                optional = Field(
                    default_factory=partial(_value, default),
                    description=field.description,
                    examples=field.examples,
                    json_schema_extra=field.json_schema_extra,
                )
                setattr(patch, name, optional)
    patch.__annotations__ = annotations


def _shows_default(field: FieldInfo) -> bool:
    """Return whether the contract shows the field's default, as if leaving it out of a patch set it."""
    return field.default_factory is None and field.default is not None


def _value(value: Any) -> Any:
    return value
