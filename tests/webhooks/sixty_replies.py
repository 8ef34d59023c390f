"""Sixty replies to a notice of ours: ten languages, each as six programs send them.

People write above, between and below what their program repeats, and paste what programs write, too: headers,
separators, signatures, tables, and what a vendor wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from tests.webhooks.mail_shapes import FROM, lines
from tests.webhooks.reply_shapes import (
    DESK,
    HEADER_BLOCKS,
    INTRODUCTIONS,
    NOTICE,
    ZH_NOTICE,
    quoted,
)


@dataclass(frozen=True)
class Phrases:
    """What a person writes: an answer, what a vendor wrote with its introduction, a question below it, and
    the end of a letter; and the line that a phone adds.
    """

    answer: str
    vendor: str
    part: str
    question: str
    end: str
    phone: str


PHRASES: dict[str, Phrases] = {
    "English": Phrases(
        "Hello,\nthe printer on the second floor still smokes.",
        "On 27 November the vendor wrote:",
        "The part number is PN-4711, order it before Friday.",
        "Can you do that, or shall we?",
        "Kind regards\nAnn Example",
        "Sent from my iPhone",
    ),
    "German": Phrases(
        "Guten Tag,\nder Drucker im zweiten Stock raucht noch immer.",
        "Am 27.11. schrieb der Hersteller:",
        "Die Teilenummer ist PN-4711, bitte bis Freitag bestellen.",
        "Können Sie das übernehmen?",
        "Mit freundlichen Grüßen\nJürgen Weiß",
        "Von meinem iPhone gesendet",
    ),
    "French": Phrases(
        "Bonjour,\nl’imprimante du deuxième étage fume toujours.",
        "Le 27 novembre, le fournisseur a écrit :",
        "La référence est PN-4711, à commander avant vendredi.",
        "Pouvez-vous vous en charger ?",
        "Cordialement\nZoé Lefèvre",
        "Envoyé de mon iPhone",
    ),
    "Spanish": Phrases(
        "Buenos días:\nla impresora de la segunda planta sigue echando humo.",
        "El 27 de noviembre el proveedor escribió:",
        "La referencia es PN-4711, hay que pedirla antes del viernes.",
        "¿Pueden encargarse ustedes?",
        "Un saludo\nÍñigo Muñoz",
        "Enviado desde mi iPhone",
    ),
    "Italian": Phrases(
        "Buongiorno,\nla stampante al secondo piano fuma ancora.",
        "Il 27 novembre il fornitore ha scritto:",
        "Il codice è PN-4711, da ordinare entro venerdì.",
        "Potete occuparvene voi?",
        "Cordiali saluti\nNiccolò Perché",
        "Inviato da iPhone",
    ),
    "Portuguese": Phrases(
        "Bom dia,\na impressora do segundo andar continua a deitar fumo.",
        "Em 27 de novembro o fornecedor escreveu:",
        "A referência é PN-4711, a encomendar até sexta-feira.",
        "Podem tratar disso?",
        "Com os melhores cumprimentos\nJoão Conceição",
        "Enviado do meu iPhone",
    ),
    "Polish": Phrases(
        "Dzień dobry,\ndrukarka na drugim piętrze nadal dymi.",
        "Dnia 27 listopada dostawca napisał:",
        "Numer części to PN-4711, proszę zamówić do piątku.",
        "Czy mogą Państwo to zrobić?",
        "Z poważaniem\nŁucja Żółć",
        "Wysłane z iPhone'a",
    ),
    "Russian": Phrases(
        "Добрый день!\nПринтер на втором этаже всё ещё дымит.",
        "27 ноября поставщик написал:",
        "Артикул PN-4711, закажите до пятницы.",
        "Вы закажете или мы?",
        "С уважением\nЁлкина Анна",
        "Отправлено с iPhone",
    ),
    "Chinese": Phrases(
        "您好：\n二楼的打印机还在冒烟。",
        "11月27日供应商写道：",
        "零件号为 PN-4711，请在周五之前订购。",
        "由你们订购还是我们订购？",
        "此致\n敬礼\n李娜",
        "发自我的 iPhone",
    ),
    "Japanese": Phrases(
        "お世話になっております。\n二階のプリンターからまだ煙が出ています。",
        "11月27日に業者からのメール：",
        "部品番号は PN-4711 です。金曜日までにご注文ください。",
        "そちらで手配いただけますか。",
        "よろしくお願いいたします。\n山田花子",
        "iPhoneから送信",
    ),
}
TABLE = "db1 | 5432 | down\ndb2 | 5433 | up"
SEPARATOR = "-- "


@dataclass(frozen=True)
class Reply:
    """A reply as it comes, what a person typed in it, and whether the notice that it repeats is folded."""

    raw: bytes
    typed: tuple[str, ...]
    folds: bool = True


def _plain(*parts: str) -> bytes:
    head = (FROM, "Subject: Re: A", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8")
    return lines(*head, "Content-Transfer-Encoding: 8bit", "", *"\n".join(parts).split("\n"))


def _html(*parts: str) -> bytes:
    head = (FROM, "Subject: Re: A", "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8")
    return lines(*head, "Content-Transfer-Encoding: 8bit", "", f"<html><body>{''.join(parts)}</body></html>")


def _divs(text: str) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def outlook(language: str, say: Phrases, notice: str) -> Reply:
    """HTML with a table; the history has headers, and no marks."""
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row.split(' | '))}</tr>"
        for row in TABLE.split("\n")
    )
    block = HEADER_BLOCKS[f"Outlook in {language}"].strip()
    heads = "<br>".join(f"<b>{escape(line)}</b>" for line in block.split("\n"))
    raw = _html(
        _divs(say.answer),
        f"<table>{rows}</table>",
        _divs(f"{say.question}\n\n{say.end}"),
        f'<hr><div id="divRplyFwdMsg">{heads}</div>',
        _divs(notice),
    )
    return Reply(raw, (say.answer, *TABLE.replace(" | ", "\n").split("\n"), say.question, say.end))


def gmail(language: str, say: Phrases, notice: str) -> Reply:
    """HTML with the history in an element of its own; the person writes above and below it."""
    introduction = INTRODUCTIONS[f"Gmail in {language}"]
    raw = _html(
        _divs(say.answer),
        f'<div class="gmail_quote"><div class="gmail_attr">{escape(introduction)}<br></div>',
        f'<blockquote class="gmail_quote">{_divs(notice)}</blockquote></div>',
        _divs(f"{say.question}\n{SEPARATOR}\n{say.end}"),
    )
    return Reply(raw, (say.answer, say.question, say.end))


def apple_mail(language: str, say: Phrases, notice: str) -> Reply:
    """Plain text, marked; above it what a vendor wrote, with its introduction and no marks."""
    introduction = {
        "English": INTRODUCTIONS["Apple Mail in English"],
        "Spanish": INTRODUCTIONS["Apple Mail in Spanish"],
        "Japanese": INTRODUCTIONS["Apple Mail in Japanese"],
        "German": f"Am 28.11.2026 um 10:00 schrieb {DESK}:",
        "French": f"Le 28 nov. 2026 à 10:00, {DESK} a écrit :",
        "Italian": f"Il giorno 28 nov 2026, alle ore 10:00, {DESK} ha scritto:",
        "Portuguese": f"No dia 28/11/2026, às 10:00, {DESK} escreveu:",
        "Polish": f"Wiadomość napisana przez {DESK} w dniu 28.11.2026, o godz. 10:00:",
        "Russian": f"28 нояб. 2026 г., в 10:00, {DESK} написал(а):",
        "Chinese": f"2026年11月28日 10:00，{DESK} 写道：",
    }[language]
    typed = f"{say.answer}\n\n{say.vendor}\n\n{say.part}\n\n{say.question}"
    return Reply(_plain(typed, "", introduction, "", quoted(notice)), (typed,))


def thunderbird(language: str, say: Phrases, notice: str) -> Reply:
    """Plain text, marked at the beginning; the person writes below it, and signs."""
    introduction = {
        "English": "On 28/11/2026 10:00, Support wrote:",
        "German": INTRODUCTIONS["Thunderbird in German"],
        "French": INTRODUCTIONS["Thunderbird in French"],
        "Spanish": "El 28/11/2026 a las 10:00, Support escribió:",
        "Italian": INTRODUCTIONS["Thunderbird in Italian"],
        "Portuguese": INTRODUCTIONS["Thunderbird in Portuguese"],
        "Polish": INTRODUCTIONS["Thunderbird in Polish"],
        "Russian": INTRODUCTIONS["Thunderbird in Russian"],
        "Chinese": INTRODUCTIONS["Thunderbird in Chinese"],
        "Japanese": "On 2026/11/28 10:00, Support wrote:",
    }[language]
    typed = f"{say.answer}\n\n{TABLE}\n{SEPARATOR}\n{say.end}"
    return Reply(_plain(introduction, quoted(notice), "", typed), (typed,))


def phone(language: str, say: Phrases, notice: str) -> Reply:
    """Plain text with headers that a person pasted, and the line that the phone adds."""
    pasted = HEADER_BLOCKS[f"Outlook in {language}"].replace("Support", "Vendor").strip()
    typed = f"{say.answer}\n\n{pasted}\n{say.part}\n\n{say.question}\n\n{say.phone}"
    return Reply(_plain(typed, "", INTRODUCTIONS[f"Gmail in {language}"], quoted(notice)), (typed,))


def point_by_point(language: str, say: Phrases, notice: str) -> Reply:
    """Plain text whose answers stand between what they answer, which stays there."""
    first, *_, last = [line for line in notice.split("\n") if line.strip()]
    text = f"> {first}\n{say.answer}\n\n> {last}\n{say.question}\n_____\n{say.end}"
    return Reply(_plain(text), (say.answer, say.question, say.end), folds=False)


PROGRAMS = (outlook, gmail, apple_mail, thunderbird, phone, point_by_point)


def sixty_replies() -> Iterator[tuple[str, Reply]]:
    """Yield the replies with their names."""
    for n, (language, say) in enumerate(PHRASES.items()):
        for m, program in enumerate(PROGRAMS):
            yield (
                f"{program.__name__} in {language}",
                program(language, say, (NOTICE, ZH_NOTICE)[(n + m) % 2]),
            )
