"""Replies as mail programs write them, with what a person has written in each."""

from __future__ import annotations

#: A notice of ours, as it is sent in both languages.
NOTICE = """Incident INC-2026-000123: Printer smokes

INC-2026-000123 is on hold: Waiting for the requester.
By: Zhao Min
Question: Which tray?

You receive this because you requested it, take part in it or follow it.

https://desk.example.com/portal/incident/INC-2026-000123

--\x20
This message was sent automatically. You can choose in your preferences which notices you receive by mail."""
#: The footer of a notice that version 0.1.0 sent.
EARLIER_FOOTER = "This was sent by itself. What you are told of by mail you choose in your preferences."
ZH_NOTICE = """事件 INC-2026-000123：打印机冒烟

INC-2026-000123 已挂起：等待报告人。

--\x20
此邮件由系统自动发送。哪些内容以邮件通知，可在偏好设置中选择。"""
#: What the notice says that a reply answers.
SENT = (*NOTICE.splitlines(), *ZH_NOTICE.splitlines(), "Better?", "Sure?")
DESK = "Support <support@example.com>"


def quoted(text: str) -> str:
    """The text, marked line by line."""
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


#: The lines by which mail programs introduce a quotation.
INTRODUCTIONS: dict[str, str] = {
    "Gmail in English": f"On Sat, Nov 28, 2026 at 10:00 AM {DESK} wrote:",
    "Gmail in German": f"Am Sa., 28. Nov. 2026 um 10:00 Uhr schrieb {DESK}:",
    "Gmail in French": f"Le sam. 28 nov. 2026 à 10:00, {DESK} a écrit :",
    "Gmail in Spanish": f"El sáb, 28 nov 2026 a las 10:00, {DESK} escribió:",
    "Gmail in Italian": f"Il giorno sab 28 nov 2026 alle ore 10:00 {DESK} ha scritto:",
    "Gmail in Portuguese": f"Em sáb., 28 de nov. de 2026 às 10:00, {DESK} escreveu:",
    "Gmail in Polish": f"sob., 28 lis 2026 o 10:00 {DESK} napisał(a):",
    "Gmail in Russian": f"сб, 28 нояб. 2026 г. в 10:00, {DESK}:",
    "Gmail in Chinese": f"{DESK} 于2026年11月28日周六 10:00写道：",
    "Gmail in Japanese": f"2026年11月28日(土) 10:00 {DESK}:",
    "Gmail, broken into lines": "On Sat, Nov 28, 2026 at 10:00 AM Support\n<support@example.com>\nwrote:",
    "Gmail in French, broken into lines": (
        "Le sam. 28 nov. 2026 à 10:00, Support <\nsupport@example.com> a\u00a0écrit\u00a0:"
    ),
    "Gmail in Korean": f"2026년 11월 28일 (토) 오전 10:00, {DESK}님이 작성:",
    "Apple Mail in English": f"On 28. Nov 2026, at 10:00, {DESK} wrote:",
    "Apple Mail in Spanish": f"El 28 nov 2026, a las 10:00, {DESK} escribió:",
    "Apple Mail in Japanese": f"2026/11/28 10:00、{DESK}のメール:",
    "Thunderbird in German": "Am 28.11.26 um 10:00 schrieb Support:",
    "Thunderbird in French": "Le 28/11/2026 à 10:00, Support a écrit :",
    "Thunderbird in Italian": "Il 28/11/2026 10:00, Support ha scritto:",
    "Thunderbird in Portuguese": "Em 28/11/2026 10:00, Support escreveu:",
    "Thunderbird in Polish": "W dniu 28.11.2026 o 10:00, Support pisze:",
    "Thunderbird in Russian": "28.11.2026 10:00, Support пишет:",
    "Thunderbird in Chinese": "在 2026/11/28 10:00, Support 写道:",
    "Foxmail": "在 2026年11月28日 10:00，Support 写道：",
}
#: What programs put above a history that they do not mark line by line.
HEADER_BLOCKS: dict[str, str] = {
    "Outlook in English": "From: Support\nSent: Saturday, 28 November\nTo: Li Na\nSubject: [INC] A\n",
    "Outlook in German": "Von: Support\nGesendet: Samstag\nAn: Li Na\nBetreff: [INC] A\n",
    "Outlook in French": "De : Support\nEnvoyé : samedi\nÀ : Li Na\nObjet : [INC] A\n",
    "Outlook in Spanish": "De: Support\nEnviado: sábado\nPara: Li Na\nAsunto: [INC] A\n",
    "Outlook in Italian": "Da: Support\nInviato: sabato\nA: Li Na\nOggetto: [INC] A\n",
    "Outlook in Portuguese": "De: Support\nEnviada em: sábado\nPara: Li Na\nAssunto: [INC] A\n",
    "Outlook in Polish": "Od: Support\nWysłano: sobota\nDo: Li Na\nTemat: [INC] A\n",
    "Outlook in Russian": "От: Support\nОтправлено: суббота\nКому: Li Na\nТема: [INC] A\n",
    "Outlook in Chinese": "发件人: Support\n发送时间: 2026年11月28日\n收件人: 李娜\n主题: A\n",
    "Outlook in Japanese": "差出人: Support\n送信日時: 2026年11月28日\n宛先: Li Na\n件名: A\n",
    "Outlook in Korean": "보낸 사람: Support\n보낸 날짜: 2026년 11월 28일\n받는 사람: Li Na\n제목: A\n",
    "Outlook on a phone": "__________________________\nFrom: Support\nSent: Saturday\nTo: Li\nSubject: A\n",
    "old Outlook": "-----Original Message-----\nFrom: Support\nTo: Li\nSubject: A\n",
    "QQ": "------------------ 原始邮件 ------------------\n发件人: Support\n主题: A\n",
    "a phone": f"Am 28. November 2026 10:00:00 MEZ schrieb {DESK}:\n",
}
#: Replies, and what is said in them.
REPLIES: dict[str, tuple[str, str]] = {
    **{
        f"{name}, marked": (f"Yes, tray 2.\n\n{introduction}\n\n{quoted(NOTICE)}\n", "Yes, tray 2.")
        for name, introduction in INTRODUCTIONS.items()
    },
    **{
        f"{name}, shortened": (f"Yes.\n\n{introduction}\n> Better?\n> Sure?", "Yes.")
        for name, introduction in INTRODUCTIONS.items()
    },
    **{
        f"{name}, of another": (
            f"They wrote:\n\n{introduction}\n> Replace part PN-4711\n> Sure?",
            f"They wrote:\n\n{introduction}\n> Replace part PN-4711\n> Sure?",
        )
        for name, introduction in INTRODUCTIONS.items()
    },
    **{
        f"answered {name}": (
            f"See below.\n\n{INTRODUCTIONS['Gmail in English']}\n\n{quoted(NOTICE).replace(ours, answered)}",
            f"See below.\n\n{answer}",
        )
        for name, (ours, answered, answer) in {
            "behind a line": ("Which tray?", "Which tray? Tray 2", "> Question: Which tray? Tray 2"),
            "in a quoted line": ("Which tray?", "Which tray?\n> *Tray 2*", "> *Tray 2*"),
            "with initials": ("Which tray?", "Which tray?\n> [LN] Tray 2", "> [LN] Tray 2"),
            "by a picture": ("Which tray?", "Which tray?\n> [tray.png]", "> [tray.png]"),
            "behind the heading": (
                "smokes\n",
                "smokes, 5 too\n",
                "> Incident INC-2026-000123: Printer smokes, 5 too",
            ),
        }.items()
    },
    "answered in a quotation that is shortened": (
        f"See below.\n\n{INTRODUCTIONS['Thunderbird in German']}\n> Better?\n> ### Yes.\n> Sure?",
        "See below.\n\n> ### Yes.",
    ),
    "a vendor's quotation above ours": (
        "They wrote:\n\nOn 1 March 2026, V <v@v.example> wrote:\n> PN-4711\n\n"
        f"{INTRODUCTIONS['Apple Mail in English']}\n{quoted(NOTICE)}",
        "They wrote:\n\nOn 1 March 2026, V <v@v.example> wrote:\n> PN-4711",
    ),
    **{
        f"{name}, our notice": (f"Yes, tray 2.\n\n{block}\n{notice}\n", "Yes, tray 2.")
        for name, block in HEADER_BLOCKS.items()
        for notice in (NOTICE if len(name) % 2 else ZH_NOTICE,)
    },
    **{
        f"{name}, words of others": (
            f"See what they sent:\n\n{block}\nThe part is PN-4711.",
            f"See what they sent:\n\n{block}\nThe part is PN-4711.",
        )
        for name, block in HEADER_BLOCKS.items()
    },
    "the last sentence of our notice wrapped": (
        "Yes.\n\n" + NOTICE.replace("which notices you", "which notices\nyou"),
        "Yes.",
    ),
    "a notice of an earlier version": (
        "Yes.\n\n" + NOTICE.replace(NOTICE.splitlines()[-1], EARLIER_FOOTER),
        "Yes.",
    ),
    "written below our notice": (f"{NOTICE}\n\nYes, tray 2.", "Yes, tray 2."),
    "two notices of ours, and words between": (
        f"Yes.\n\n{NOTICE}\n\nEarlier words.\n\n{NOTICE}",
        "Yes.\n\n\nEarlier words.",
    ),
    "output of a program, indented as a quotation": (
        "The console prints\n> ERR 17 at 10:00\n> retry failed",
        "The console prints\n> ERR 17 at 10:00\n> retry failed",
    ),
    "the same above": ("> ERR 17 at 10:00\n\nWhat is that?", "> ERR 17 at 10:00\n\nWhat is that?"),
    "the same below the quotation of another": (
        "On Mon, 23 Nov 2026, Desk <d@x> wrote:\n> Better?\n\nIt prints\n> ERR 17",
        "On Mon, 23 Nov 2026, Desk <d@x> wrote:\n> Better?\n\nIt prints\n> ERR 17",
    ),
    "a header block above a quotation": (
        "Yes.\n\nFrom: Desk\nSent: Monday\nSubject: A\n\n> Better?",
        "Yes.",
    ),
    "a notice of ours that nothing introduces": (f"Yes.\n\n{quoted(NOTICE)}", "Yes."),
    "what a vendor wrote, in words": (
        "Hello,\n\nOn 27 November the vendor wrote:\n\nThe part number is PN-4711.\n\nCan you?",
        "Hello,\n\nOn 27 November the vendor wrote:\n\nThe part number is PN-4711.\n\nCan you?",
    ),
    "sections below lines": (
        "First.\n\n-- \nSecond.\n\n---\nThird.\n_____\nFourth.",
        "First.\n\n-- \nSecond.\n\n---\nThird.\n_____\nFourth.",
    ),
    "a table": ("Name | Port\n-----|-----\ndb1 | 5432", "Name | Port\n-----|-----\ndb1 | 5432"),
    "pasted headers": (
        "They send this:\nFrom: a@x.example\nTo: b@x.example\nSubject: Offer\nDate: today\nand nothing else.",
        "They send this:\nFrom: a@x.example\nTo: b@x.example\nSubject: Offer\nDate: today\nand nothing else.",
    ),
    "Chinese, not marked": (
        "好了。\n\n在 2026年11月23日 10:00，Desk 写道：\n好了吗？",
        "好了。\n\n在 2026年11月23日 10:00，Desk 写道：\n好了吗？",
    ),
    "answered below": ("On Mon, 23 Nov 2026, Desk <d@x> wrote:\n> Better?\n\nYes.\n", "Yes."),
    "answered below, with a greeting above": (
        "Hello,\n\nOn Mon, 23 Nov 2026, Desk <d@x> wrote:\n> Better?\n\nYes.\n",
        "Hello,\n\nOn Mon, 23 Nov 2026, Desk <d@x> wrote:\n> Better?\n\nYes.",
    ),
    "point by point": ("> Better?\nYes.\n> Sure?\nNo.", "> Better?\nYes.\n> Sure?\nNo."),
    "signed": ("Yes.\n-- \nLi Na\nExample Inc", "Yes.\n-- \nLi Na\nExample Inc"),
    "only quoted": ("> Better?\n> Sure?", "> Better?\n> Sure?"),
    "only a signature": ("-- \nLi Na", "-- \nLi Na"),
    "forwarded, with a quotation within": (
        "See below.\n\nBegin forwarded message:\n\nFrom: a\nTo: c\n\nOn 1 March b wrote:\n> It smokes.",
        "See below.\n\nBegin forwarded message:\n\nFrom: a\nTo: c\n\nOn 1 March b wrote:\n> It smokes.",
    ),
    "forwarded": (
        "See below.\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\nTo: c\n\nIt smokes.",
        "See below.\n\n---------- Forwarded message ---------\nFrom: a\nDate: b\nTo: c\n\nIt smokes.",
    ),
    "a sentence like a header": (
        "From: the printer comes smoke.\nTo: nobody's joy.",
        "From: the printer comes smoke.\nTo: nobody's joy.",
    ),
    "a sentence like an introduction": ("On Monday I wrote:\nmine", "On Monday I wrote:\nmine"),
}
