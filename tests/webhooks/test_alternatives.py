"""A mail with plain text and HTML shows what either of them says."""

from __future__ import annotations

from app.common.files.html_text import html_to_text
from app.common.files.text_forms import joined_forms
from tests.cases import each_case

#: By what the plain text lacks: both forms, and what is read.
SAID_IN_HTML = {
    "an address": (
        "See the report.",
        "See the <a href='https://r.example/7'>report</a>.",
        "<https://r.example/7>",
    ),
    "what is struck": ("Order 10 12 chairs", "Order <s>10</s> 12 chairs", "~~10~~ 12"),
    "a ticked box": (
        "A yes no",
        "A <input type=checkbox checked> yes <input type=checkbox> no",
        "[x] yes [ ] no",
    ),
    "signs": ("It is 5 C, limit 3", "It is &minus;5 C, limit &ge;3", "\u22125 C, limit \u22653"),
    "raised digits": ("106 packets", "10<sup>6</sup> packets", "10^6 packets"),
    "words in brackets": ("Which host?", "Which host? [db-7]", "[db-7]"),
    "marks": ("Backup\nDatabase", "Backup \u2705<br>Database \u274c", "Database \u274c"),
    "a line of words used before": (
        "Disk A failed.\nDisk B ok.",
        "<p>Disk A failed.</p><p>Disk B ok.</p><p>Disk B failed.</p>",
        "Disk B failed.",
    ),
    "an answer in red": (
        "> Which model?\n> HP 4200",
        "<blockquote>Which model?<br><span style='color:red'>HP 4200</span></blockquote>",
        "\nHP 4200",
    ),
}


@each_case("fact", SAID_IN_HTML)
def test_words_and_signs_of_the_html_alone_are_read(fact: str) -> None:
    plain, html, expected = SAID_IN_HTML[fact]
    text = joined_forms(plain, html_to_text(html, with_answers=True))
    assert expected in text
    assert text.count(plain.split()[0]) <= html.count(plain.split()[0]), "nothing stands there twice"


def test_a_plain_text_that_says_all_stays_as_its_sender_wrote_it() -> None:
    plain = "Hello,\n\n  * see https://r.example/7 and -5\n\n> Which?\n"
    html = "<p>Hello,</p><ul><li>see https://r.example/7 and -5</ul><blockquote>Which?</blockquote>"
    assert joined_forms(plain.replace("*", "-"), html_to_text(html)) == plain.replace("*", "-")


def test_words_of_the_plain_text_alone_are_read() -> None:
    plain = "The printer of room 7 smokes.\nDialling in: 4711"
    html = "The printer of room 7 smokes. <a href='https://m.example/1'>Meeting</a>"
    assert joined_forms(plain, html_to_text(html)) == f"{plain}\n\n{html_to_text(html)}"
