"""The text of a reply, and the part of it that pages fold. Pure.

Only lines of notices that we have sent ourselves are folded, with the line that introduces them. Marks (`>`),
a separator, a header block or a signature prove nothing: people paste other people's words, and write into
them. Folded text stays with the comment, so that no word is lost.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from app.webhooks.mail.quotations.own_notices import MARKED, MARKS, OurLines, own_lines

#: A program breaks the line that introduces a quotation into at most so many, of together so many characters.
_INTRODUCTION_LINES = 4
_LONGEST_INTRODUCTION = 500
_LONGEST_SEPARATOR = 200
#: A mail program repeats at most so many headers above a history.
_MOST_HEADERS = 10

_INTRODUCTION_BEGIN = re.compile(
    r"\s*(?:On|Am|Den|Le|El|Il|Em|No dia|Op|W\s+dniu|Dnia)\b|\s*[在于]|\s*\d|\s*\w{2,4}\.?,?\s+\d"
    r"|[^<>@]{1,100}<[^<>@\s]+@[^<>@\s]+>",
    re.IGNORECASE,
)
# "Lin <lin@example.org> schrieb am 23. November 2026 um 10:00:" has its date at the end.
_INTRODUCTION_END = re.compile(
    r"(?:\b(?:wrote|writes|schrieb(?:\s.{1,200})?|a\s+écrit|écrit|escribió|ha\s+scritto|escreveu"
    r"|napisał(?:\(a\)|a)?"
    r"|pisze|написал(?:\(а\)|а)?|пишет|schreef|skrev|yazdı|napsal(?:\(a\))?)"
    r"|写道|寫道|写到|のメール|は書きました|が書きました|さんからのメッセージ|님이\s+(?:작성|씀)|@[^<>@\s]+[>)]+)\s*[:：]\s*\Z",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"\s*(?:[-_=]{2,}\s*\S.{0,60}?\s*[-_=]{2,}|[-_=*]{3,})\s*")
_FORWARDED = re.compile(
    r"\s*(?:-{2,}\s*(?:Forwarded message|Weitergeleitete Nachricht|Message transféré|Mensaje reenviado"
    r"|Messaggio inoltrato|Mensagem encaminhada|Wiadomość przekazana|Пересылаемое сообщение|转发的?邮件|轉寄郵件"
    r"|転送メッセージ).{0,20}"
    r"|(?:Begin forwarded message|Anfang der weitergeleiteten (?:Nachricht|E-Mail)|Début du message réexpédié"
    r"|Inizio messaggio inoltrato|転送されたメッセージ)\s*[:：])\s*",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"\s*\*?(?:From|Von|De|Da|Od|От|发件人|寄件者|發件人|差出人|送信者|보낸\s*사람)\s*[:：]\*?\s*\S",
    re.IGNORECASE,
)
_HEADER = re.compile(
    r"\s*\*?(?:From|Sent|Date|To|B?cc|Subject|Reply-To|Importance|Priority|Attachments?"
    r"|Von|Gesendet|Datum|An|Kopie|Betreff|Antwort an|Wichtigkeit|Priorität|Anlagen?"
    r"|De|Envoyé(?: le)?|À|A|Objet|Répondre à|Pièces jointes"
    r"|Enviado(?: el| em)?|Enviada(?: em)?|Fecha|Para|Asunto|Assunto|Responder a|Importancia|Importância"
    r"|Da|Inviato|Data|Oggetto|Rispondi a|Priorità|Od|Wysłano|Do|U?DW|Temat"
    r"|От|Отправлено|Дата|Кому|Копия|Тема"
    r"|发件人|发送时间|发送日期|日期|时间|收件人|抄送|密送|主题|附件|寄件者|寄件日期|傳送時間|收件者|副本|主旨"
    r"|發件人|發送時間|主題|差出人|送信者|送信日時|日時|日付|宛先|件名"
    r"|보낸\s*사람|보낸\s*날짜|받는\s*사람|참조|제목)\s*[:：]",
    re.IGNORECASE,
)


def reply_text(text: str, sent: Collection[str] = (), subject: str = "") -> tuple[str, str]:
    """Return what is written in a reply, and what of it is folded. A mail that would be left without a word,
    and a forwarded one, is whole; quotations between answers stay with them. `sent` are the lines of our own
    mails that it may repeat, if they are known, and `subject` ends with the title of the ticket.
    """
    lines = text.split("\n")
    if any(_FORWARDED.fullmatch(line) for line in lines):
        return text.strip(), ""
    notice = OurLines(sent, subject)
    folded: set[int] = set()
    in_notices: set[int] = set()
    for begin, end, ours in _own_notices(lines, notice):
        folded |= ours
        in_notices |= set(range(begin, end))
    numbers = [n for n in range(len(lines)) if n not in in_notices]
    texts = [lines[n] for n in numbers]
    folded |= {numbers[n] for n in _ours_of(texts, _quotations(texts), notice)}
    own = "\n".join(line for n, line in enumerate(lines) if n not in folded).strip()
    if not own:
        return text.strip(), ""
    return own, "\n".join(line for n, line in enumerate(lines) if n in folded).strip()


def _own_notices(lines: list[str], notice: OurLines) -> Iterator[tuple[int, int, set[int]]]:
    """Yield of each notice that we sent where it begins and ends, with what introduces it, and the numbers of
    the lines that are not a person's.
    """
    after = 0
    for begin, end, ours in own_lines(lines, notice):
        introduced = _begin(lines, begin, after)
        yield introduced, end, ours | set(range(introduced, begin))
        after = end


def _begin(lines: list[str], place: int, earliest: int) -> int:
    """Return the line at which the introduction or the header block above the place begins; the place itself
    without either.
    """
    end = place
    while end > earliest and not MARKS.sub("", lines[end - 1]).strip():
        end -= 1
    introduced = _introduction(lines, earliest, end)
    if introduced:
        return end - introduced
    names: set[str] = set()
    for n in range(end - 1, max(earliest, end - _MOST_HEADERS) - 1, -1):
        line = MARKS.sub("", lines[n])
        header = _HEADER.match(line)
        if header is None:
            break
        # One line alone is a sentence.
        if _FROM.match(line) and names - {header[0].casefold()}:
            return _with_separator(lines, n, earliest)
        names.add(header[0].casefold())
    return (
        _with_separator(lines, end, earliest) if end > earliest and _is_separator(lines[end - 1]) else place
    )


def _with_separator(lines: list[str], begin: int, earliest: int) -> int:
    above = begin
    while above > earliest and not lines[above - 1].strip():
        above -= 1
    return above - 1 if above > earliest and _is_separator(lines[above - 1]) else begin


def _is_separator(line: str) -> bool:
    return len(line) <= _LONGEST_SEPARATOR and _SEPARATOR.fullmatch(line) is not None


def _introduction(lines: list[str], earliest: int, end: int) -> int:
    """Return how many lines directly before the line `end` introduce a quotation, or 0."""
    for count in range(1, min(_INTRODUCTION_LINES, end - earliest) + 1):
        own_lines = [MARKS.sub("", line).strip() for line in lines[end - count : end]]
        joined = " ".join(own_lines)
        if not own_lines[0] or len(joined) > _LONGEST_INTRODUCTION:
            return 0
        # A person who introduces a quotation seldom gives a time; a program always does.
        if not (_INTRODUCTION_END.search(joined) and any(char.isdigit() or char == "@" for char in joined)):
            continue
        # One that is broken into several lines is known by its beginning, too.
        if _INTRODUCTION_BEGIN.match(own_lines[0]) or (count == 1 and _is_whole(joined)):
            return count
    return 0


def _is_whole(line: str) -> bool:
    """Return whether the line introduces a quotation by itself: it names a day or an hour before its end."""
    return len(re.findall(r"\d+", line)) >= 2  # a day and a year, or an hour and minutes


def _ours_of(texts: list[str], quotations: list[range], notice: OurLines) -> set[int]:
    """Return the numbers of the lines of quotations that we sent. A quotation is one of ours, introduction
    and all, if we sent most of its lines; others may be what somebody else wrote.
    """
    ours: set[int] = set()
    for each in quotations:
        begin = next((n for n in each if MARKED.match(texts[n])), each.stop)
        words = [n for n in range(begin, each.stop) if MARKS.sub("", texts[n]).strip()]
        sent = {begin + n for n in notice.among(texts[begin : each.stop])}
        if 2 * len(sent.intersection(words)) > len(words):
            ours |= {*sent, *range(each.start, begin)}
    return ours


def _quotations(texts: list[str]) -> list[range]:
    """Return the lines of the quotation at the end and of the one at the beginning, with what introduces
    them. If there are further ones between, the mail answers point by point, and the first one stays.
    """
    end = _before_quotation(texts)
    quotations = [range(end, len(texts))]
    begin = next((n for n in range(end) if texts[n].strip()), end)
    first = next((n for n in range(begin, end) if MARKED.match(texts[n])), end)
    last_word = max((n + 1 for n in range(begin, first) if texts[n].strip()), default=begin)
    introduced = _introduction(texts, begin, last_word) if last_word > begin else 0
    if first == end or not introduced or begin + introduced < last_word:
        return quotations
    after = next((n for n in range(first, end) if texts[n].strip() and not MARKED.match(texts[n])), end)
    if after < end and not any(MARKED.match(line) for line in texts[after:end]):
        quotations.append(range(after))
    return quotations


def _before_quotation(lines: list[str]) -> int:
    """Return the line at which the quotation at the end begins, with what introduces it. Lines that nothing
    introduces are the writer's own: output of a program, or words that they have indented.
    """
    cut = len(lines)
    while cut and (not lines[cut - 1].strip() or MARKED.match(lines[cut - 1])):
        cut -= 1
    begin = _begin(lines, cut, 0)
    is_quotation = begin < cut and any(MARKED.match(line) for line in lines[cut:])
    return begin if is_quotation else len(lines)
