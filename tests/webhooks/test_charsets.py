"""The body of a delivery is read by the encoding that its sender declares."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.webhooks.mail.charsets import decode_text
from app.webhooks.mail.message import read_mail
from app.webhooks.mapping.deliveries import Delivery, read_body
from app.webhooks.mapping.parse import parse_mapping
from app.webhooks.mapping.updates import AlertSignal

MAPPING = """
tool = "own"
title = "Own"
[[news]]
kind = "alert"
source = '"own"'
dedup_key = 'body.alert.dedup_key'
status = 'body.alert.status'
title = 'body.alert.title'
"""
TITLE = "Köln: Verbindung gestört"
CHINESE = "邮件服务不可用"


def body_of(content_type: str, body: bytes) -> object:
    """The body of a delivery with this header."""
    return read_body(Delivery({"content-type": content_type}, body, datetime(2026, 11, 1, tzinfo=UTC))).value


@pytest.mark.parametrize(
    ("content_type", "charset", "text"),
    [
        ("application/json; charset=latin1", "latin-1", TITLE),
        ('application/json; charset="GB18030"', "gb18030", CHINESE),
        ("application/json; charset=utf-16", "utf-16", CHINESE),
        ("application/json; charset=utf-8", "utf-8-sig", CHINESE),
        ("application/json; charset=unheard-of", "utf-8", CHINESE),
        ("application/json", "utf-8", CHINESE),
        ("application/json", "latin-1", TITLE),
        ("application/json; charset=utf-8", "gbk", CHINESE),
        ("application/json", "utf-16-le", CHINESE),
        ("application/json; charset=ascii", "cp1252", TITLE),
        ("", "utf-8", CHINESE),
    ],
)
def test_json_is_read_by_its_declared_charset(content_type: str, charset: str, text: str) -> None:
    body = json.dumps({"title": text}, ensure_ascii=False).encode(charset)
    assert body_of(content_type, body) == {"title": text}


def test_a_form_is_read_by_its_declared_charset() -> None:
    body = urlencode({"title": TITLE}, encoding="latin-1").encode("ascii")
    assert body_of("application/x-www-form-urlencoded; charset=latin1", body) == {"title": TITLE}


@pytest.mark.parametrize(
    ("declared", "codec", "text"),
    [
        ("windows-874", "cp874", "เครื่องพิมพ์เสีย"),
        ("x-windows-949", "cp949", "프린터가 고장났습니다"),
        ("x-mac-cyrillic", "mac_cyrillic", "Принтер не печатает"),
        ("iso-8859-8-e", "iso8859-8", "המדפסת לא עובדת"),
        ("iso-8859-8-i", "iso8859-8", "המדפסת לא עובדת"),
        ("windows-28595", "iso8859-5", "Принтер не печатает"),
        ("windows-20866", "koi8_r", "Принтер не печатает"),
        ("cp-936", "gbk", "打印机坏了"),
        ("dos-866", "cp866", "Принтер не печатает"),
        ("x-x-big5", "big5", "印表機壞了"),
        ("x-euc-kr", "euc_kr", "프린터가 고장났습니다"),
    ],
)
def test_the_names_of_programs_for_character_sets_are_known(declared: str, codec: str, text: str) -> None:
    assert decode_text(text.encode(codec), declared) == (text, False)


def test_html_names_its_own_character_set() -> None:
    for name in ("windows-1251", "koi8-r"):
        html = f'<meta http-equiv="x" content="text/html; charset={name}"><p>Не печатает'.encode(name)
        for head in ("text/html", "text/html; charset=us-ascii", "text/html; charset=unknown-8bit"):
            mail = read_mail(b"From: a@b.example\r\nContent-Type: " + head.encode() + b"\r\n\r\n" + html)
            assert (mail.text, mail.altered) == ("Не печатает", {})


def test_a_guess_is_marked_and_the_text_is_kept_as_it_was_sent() -> None:
    sent = "Die Störung".encode("latin-1")
    mail = read_mail(b"From: a@b.example\r\nContent-Type: text/plain; charset=x-none\r\n\r\n" + sent)
    assert (mail.text, mail.altered) == ("Die Störung", {"description": ["guessed"]})
    assert [(each.name, each.content) for each in mail.attachments] == [("as-sent.txt", sent)]


def test_a_guess_of_the_encoding_of_json_is_marked() -> None:
    alert = {"source": "s", "dedup_key": "k", "status": "firing", "title": TITLE, "service": "mail"}
    for charset, marks in (("utf-8", {}), ("latin-1", {"title": ["guessed"]})):
        body = json.dumps({"alert": alert, "alerts": [alert]}, ensure_ascii=False).encode(charset)
        delivery = Delivery({"content-type": "application/json"}, body, datetime(2026, 11, 1, tzinfo=UTC))
        mapping = parse_mapping(MAPPING, "own")
        (news,) = mapping.evaluate(delivery).news
        assert isinstance(news, AlertSignal)
        assert (news.title, news.altered) == (TITLE, marks)


def test_utf8_in_a_set_of_several_bytes_is_read_as_utf8_with_a_mark() -> None:
    texts = ("Die Störung in der Küche", "Сервер не отвечает", "ça marche très bien", "L’été à Köln – „gut“")
    for declared in (
        "gb2312",
        "gbk",
        "big5",
        "shift_jis",
        "euc-kr",
        "ks_c_5601-1987",
        "euc-jp",
        "utf-16",
        "utf-16le",
    ):
        for text in texts:
            sent = text.encode()
            assert decode_text(sent, declared) == (text, True), declared
    sent = texts[0].encode()
    mail = read_mail(b"From: a@b.example\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n" + sent)
    assert (mail.text, mail.altered) == (texts[0], {"description": ["guessed"]})
    assert [(each.name, each.content) for each in mail.attachments] == [("as-sent.txt", sent)]
    assert decode_text(b"The printer is on fire", "utf-16") == ("The printer is on fire", True)


def test_texts_in_sets_of_several_bytes_are_no_utf8() -> None:
    for declared, codec, words in (
        ("gb2312", "gb18030", "您好联通没有网络服务器宕机请尽快处理谢谢忙"),
        # All of their pairs of bytes are also valid UTF-8.
        ("gb2312", "gb2312", "系统状态"),
        ("gb2312", "gb2312", "目前 实时 VPN server"),
        ("gb2312", "gb2312", "统一系统"),
        ("big5", "big5hkscs", "您好伺服器當機請盡快處理謝謝"),
        ("shift_jis", "cp932", "サーバーが停止しましたﾃｽﾄ至急対応をお願いします"),
        ("euc-kr", "cp949", "안녕하세요메일이전송되지않습니다"),
        ("utf-16", "utf-16", "好您好服务器宕机请尽快处理谢谢测试"),
    ):
        for begin in range(len(words)):
            for end in range(begin + 1, len(words) + 1):
                text = words[begin:end]
                assert decode_text(text.encode(codec), declared) == (text, False), text


def test_bytes_that_shift_jis_does_not_have_are_marked() -> None:
    assert decode_text("停止".encode("cp932") + b"\xfe", "shift_jis") == ("停止\ufffd", True)


UNDECLARED = {
    "cp1251": ("Да", "СРОЧНО: НЕ РАБОТАЕТ ПОЧТА", "Hello, это Иван. VPN не подключается, ошибка 809."),
    "koi8_r": ("Да", "Принтер не печатает", "Сервер DB1 недоступен: диск заполнен на 95%"),
    "cp866": ("Принтер не печатает, помогите",),
    "cp932": ("障害報告", "至急対応をお願いします。", "VPNに接続できません。エラー809が表示されます。"),
    "euc_jp": ("障害報告", "プリンターが動きません", "ディスク使用率が95%を超えました"),
    "gb18030": ("紧急", "打印机坏了", "磁盘空间不足：db1 使用率 95%", "张伟"),
    "big5hkscs": ("緊急", "伺服器沒有回應", "您好，我的電腦無法登入系統，請幫忙看一下。"),
    "cp949": ("프린터 오류", "안녕하세요. 메일이 전송되지 않습니다."),
    "cp1252": ("Über", "À côté", "Straße – „zu“ 5 €", "¿Dónde está?", "Conexão não disponível", "It’s “it”"),
    "cp1250": ("Drukarka nie działa, proszę o pomoc", "Źle się łączy"),
    "cp1253": ("Ο εκτυπωτής δεν λειτουργεί",),
    "cp1254": ("Yazıcı çalışmıyor, lütfen yardım edin",),
    "cp1255": ("המדפסת לא עובדת",),
    "cp1256": ("الطابعة لا تعمل",),
    "cp874": ("เครื่องพิมพ์เสีย",),
}


def test_an_undeclared_character_set_is_guessed_by_the_words_in_it() -> None:
    for charset, texts in UNDECLARED.items():
        for text in texts:
            for declared in (None, "us-ascii", "x-unknown"):
                assert decode_text(text.encode(charset), declared) == (text, True), charset
    sent = "Сервер недоступен".encode("koi8_r")
    mail = read_mail(b"From: a@b.example\r\n\r\n" + sent)
    assert [(each.name, each.content) for each in mail.attachments] == [("as-sent.txt", sent)]
