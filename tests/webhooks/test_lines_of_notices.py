"""What people write between the lines of our notices stays on the ticket, whatever their program makes of the
notice.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from html import escape
from textwrap import wrap

from app.common.files.html_text import html_to_text
from app.common.tickets import HoldReason
from app.i18n import LANGUAGES, sentences, translate
from app.i18n.kind_nouns import noun
from app.processes.changes.lifecycle import LIFECYCLE as CHANGE
from app.processes.incidents.lifecycle import LIFECYCLE as INCIDENT
from app.processes.problems.lifecycle import LIFECYCLE as PROBLEM
from app.processes.releases.lifecycle import LIFECYCLE as RELEASE
from app.processes.requests.lifecycle import LIFECYCLE as REQUEST
from app.webhooks.mail.quotations.own_notices import KINDS
from app.webhooks.mail.quotations.replies import reply_text
from tests.extent import ALL_EXAMPLES, WHOLE
from tests.webhooks.reply_shapes import HEADER_BLOCKS, INTRODUCTIONS

HOW_OFTEN = 20_000 if ALL_EXAMPLES else 3_000 if WHOLE else 120
NUMBER = "INC-2026-000123"
LINK = f"https://desk.example.com/portal/incident/{NUMBER}"
#: What a person writes; each line gets a word of its own.
SAID = (
    "Yes, tray 2.",
    "Comment: done",
    "Question: which one?",
    "By: us",
    f"See {NUMBER}: it smokes again",
    f"Incident {NUMBER}: that is ours",
    f"{NUMBER} was received, thank you",
    "Please answer",
    "https://wiki.example.com/printers",
    "-- ",
    "____",
    "From: the printer comes smoke",
    "On Monday I wrote:",
    "好了",
    "> as you say",
    "| a | b |",
)


def test_the_kinds_of_headings_are_those_of_tickets() -> None:
    names = [
        (noun(each.kind).capitalize(), each.zh) for each in (INCIDENT, REQUEST, PROBLEM, CHANGE, RELEASE)
    ]
    assert tuple(name for pair in names for name in pair) == KINDS


def a_notice(chance: random.Random) -> list[str]:
    """The lines of a notice, with any of our sentences and details."""
    language = chance.choice(LANGUAGES)
    title = " ".join(
        chance.choices(("printer", "smokes", "打印机", "on", "floor", "two"), k=chance.randint(1, 9))
    )
    words = {
        **dict.fromkeys(("metric", "agreement", "due", "allowed", "day"), "two days"),
        "number": NUMBER,
        "title": title,
        "days": "5",
        "percent": "80",
        "reason": HoldReason.other.label(language),
    }
    codes = chance.sample(sorted(set(sentences(language)["notice"]) - {"footer"}), chance.randint(1, 3))
    lines = [translate(language, "notice_part", "about_title", words | {"kind": "Incident"}), ""]
    for code in codes:
        lines += [translate(language, "notice", code, words), f"By: {title}", f"Question: {title}?"]
        if chance.random() < 0.3:
            lines += ["Comment:", f"> {title}", "> twice"]
        lines.append("")
    lines += [translate(language, "notice_why", "you_follow"), "", LINK, "", "-- "]
    return [*lines, translate(language, "notice", "footer")]


def wrapped(width: int) -> Callable[[list[str]], list[str]]:
    """How a program breaks lines that are too long for it."""
    return lambda lines: [part for line in lines for part in (wrap(line, width) or [""])]


def as_outlook_doubles_links(lines: list[str]) -> list[str]:
    """Links with their addresses behind."""
    return [line.replace(LINK, f"{LINK} <{LINK}>") for line in lines]


def indented(lines: list[str]) -> list[str]:
    """Lines below one another, each with two spaces before it."""
    return [f"  {line}" if line else "" for line in lines]


PROGRAMS: tuple[Callable[[list[str]], list[str]], ...] = (
    list,
    wrapped(72),
    wrapped(40),
    as_outlook_doubles_links,
    indented,
)
#: How HTML holds a line, and an empty one.
HTML = (("<div>{}</div>", "<div><br></div>"), ("<p>{}</p>", ""), ("{}<br>", "<br>"))


def in_html(chance: random.Random, lines: list[str]) -> str:
    """The text of the HTML that a program writes for these lines."""
    line_form, empty = chance.choice(HTML)
    return html_to_text("".join(line_form.format(escape(line)) if line else empty for line in lines))


def inserted(chance: random.Random, notice: list[str]) -> Iterator[tuple[str, bool]]:
    """The lines of a notice with those of a person anywhere between them, and whether each is a person's."""
    after = set(chance.choices(range(len(notice)), k=chance.randint(1, 5)))
    for n, line in enumerate(notice):
        yield line, False
        for _ in range(chance.randint(1, 2) if n in after else 0):
            yield f"{chance.choice(SAID)} w{chance.getrandbits(40):x}", True


def test_lines_between_those_of_a_notice_are_kept_in_order() -> None:
    chance = random.Random(None if ALL_EXAMPLES else 65)
    folded_footers = 0
    for _ in range(HOW_OFTEN):
        notice = a_notice(chance)
        mixed = list(inserted(chance, chance.choice(PROGRAMS)(notice)))
        typed_lines = [line for line, is_typed in mixed if is_typed]
        top = [f"Hello w{chance.getrandbits(40):x}", ""] if chance.random() < 0.7 else []
        blocks = (*HEADER_BLOCKS.values(), *INTRODUCTIONS.values(), "")
        lines = [*top, *chance.choice(blocks).split("\n"), "", *(line for line, _ in mixed)]
        text = in_html(chance, lines) if chance.random() < 0.5 else "\n".join(lines)
        own, folded = reply_text(text, notice if chance.random() < 0.5 else (), f"Re: [{NUMBER}] A")
        typed_words = [line.split()[-1] for line in [*top[:1], *typed_lines]]
        assert [word for word in own.split() if word in typed_words] == typed_words, text
        own_words = " ".join(own.split())
        for line in typed_lines:
            assert " ".join(line.split()) in own_words, text
        assert sorted(f"{own}\n{folded}".split()) == sorted(text.split())
        folded_footers += bool(folded) and notice[-1].split()[-1] in folded
    assert folded_footers > HOW_OFTEN / 2, "notices are folded around what people write"


def test_words_behind_the_title_of_a_notice_are_kept_if_the_notice_is_not_known() -> None:
    head = f"Incident {NUMBER}: Printer smokes", "", f"{NUMBER} was received: Printer smokes"
    notice = [*head, "", sentences("en")["notice"]["footer"]]
    subject = f"Re: [{NUMBER}] Printer smokes"
    plain = "\n".join(["Hello", *notice])
    assert reply_text(plain, (), subject) == ("Hello", "\n".join(notice))
    extended = plain.replace("smokes", "smokes, and printer 5 too")
    own, _ = reply_text(extended, (), subject)
    assert own.count("and printer 5 too") == 2
