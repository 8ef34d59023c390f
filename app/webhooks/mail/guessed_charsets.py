"""Guessing of the character set of bytes that declare none, by the characters that people write (pure).

Libraries for this compare statistics of long texts. Subjects and alerts have a few words, so each set is
scored by how many of the text's characters are frequent in the language that is written in it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

#: The part of a text that a guess looks at, in bytes.
_LOOKED_AT = 10_000
_FREQUENT, _USUAL, _RARE, _WRONG = 2.0, 0.5, -1.0, -2.0
#: Worse than this, no set fits.
_LEAST = 0.0

_CHINESE = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然"
    "家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机"
    "十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西"
    "斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打"
    "女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五"
    "基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清"
    "今切院让识候带导争运请您邮箱网络登录系统服务器打印机错误无法连密码紧急坏可用帮忙谢尽快处理磁盘满告警故障代码"
)
_TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然"
    "家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機"
    "十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應向頭文體政美相見被利什二等產或新己制身果加西"
    "月話合回特代內信表化老給世位次度門任常先通教原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活更別打變四總何"
    "電數安少報才結反受目太量再感建務做接必場件計管期市直資金指許統區保至形社便空決治請您郵箱網路登錄服務器印表錯誤連"
    "密碼緊急壞幫忙謝儘快處理故障腦無法使"
)
_KANJI = (
    "日一人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西"
    "電校語土木聞食車何南万毎白天母火右読友左休父雨会同事自社発者地業方新場員立開手力問代明動京目通言理体田主題意不作"
    "用度強公持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住無真有口少町料工建空急止送"
    "切転研足究楽起着店病質待試族銀早映親験英医仕去味写字答夜音注帰古歌買悪図週室歩風紙黒花春赤青館屋色走秋夏習駅洋旅"
    "服夕借曜飲肉貸堂鳥飯勉冬昼茶弟牛魚兄犬妹姉漢接続表示確認願障害報告故会議資印刷設定失敗利用対応件名様御連絡"
)
_HANGUL = (
    "이가는을다에의하고지도로한사기나리라시들은인자그아서정해일어수스니대제보전부면상게구주여있습안장세요과만"
    "연원유할오경성성비우신용소관위무동국조공문계생방실마치모선데없입합회되때화러내중트메파확터접속불장났인프린녕탁드됩않"
)
_LETTERS = {
    "cyrillic": ("оеаинтсрвлкмдпу", "яызьбгчйхжшюцщэфъёіїєґ"),
    "greek": ("αοιετσνηυρπκμλάίόή", "ςωδγέχθώφβύξζψϊϋΐΰ"),
    "hebrew": ("יוהלאמרתבשנ", "עדקחפטצגזסכםןךףץ"),
    "arabic": ("اليمنوترهبدعسةك", "فقحجشصطءأإآىئخذغضثزظؤ"),
    "thai": ("านรอกเงมยลวดทสต", "ะปบคหแจพชขใไโผถฟศณธญ่้ิีึืุูัำ็์ๆ"),
}
_CENTRAL_EUROPEAN = frozenset("ąćęłńśźżěščřžýáíéóúůťďňőűăşţöüäßĄĆĘŁŃŚŹŻĚŠČŘŽÝÁÍÉÓÚŮŤĎŇŐŰÖÜÄ")
_TURKISH = frozenset("ığşçöüİĞŞÇÖÜâîû")
_WESTERN = frozenset("äöüßéèêëàâáãåæçñóòôõøíìîïúùûÄÖÜÉÈÊÀÂÁÃÅÆÇÑÓÔØÍÚÿœŒ")
_SIGNS = frozenset("“”„‘’–—…€£§©®°«»•¿¡™")
_RARE_SIGNS = frozenset("‚‹›±µ·²³½¼×")
#: Letters that are words by themselves.
_WORDS = frozenset("àáèéíóöåæÀÁÈÉÓÅ")
_OTHER_WRITINGS = ("HIRAGANA", "KATAKANA", "HALFWIDTH", "CYRILLIC", "GREEK", "CIRCLED", "PARENTHESIZED")
_KANA = ("HIRAGANA", "KATAKANA")


def guess_charset(raw: bytes) -> str | None:
    """Return the codec in which the bytes make the likeliest text; None if they are no text in a known
    set.
    """
    looked_at = raw[:_LOOKED_AT]
    best, best_score = None, _LEAST
    for codec, weight in _CANDIDATES.items():
        text = _decoded(looked_at, codec)
        if text is None:
            continue
        score = _score(text, weight)
        if score > best_score:
            best, best_score = codec, score
    return best


def _decoded(raw: bytes, codec: str) -> str | None:
    """Return the text; None if it cannot be in that set. The last character may be cut in two."""
    for end in range(len(raw), max(len(raw) - 4, 0) if len(raw) == _LOOKED_AT else len(raw) - 1, -1):
        try:
            return raw[:end].decode(codec)
        except UnicodeError:
            continue
    return None


Weight = Callable[[str, str, str], float]


def _score(text: str, weight: Weight) -> float:
    """Return the mean of what the characters beyond ASCII weigh, each with its neighbours."""
    padded = f" {text} "
    weights = [
        weight(padded[place], padded[place - 1], padded[place + 1])
        for place in range(1, len(padded) - 1)
        if padded[place] > "\x7f"
    ]
    return sum(weights) / len(weights) if weights else _WRONG


def _ideographs(codec: str, frequent: str, usual: range, letters: tuple[str, ...] = ()) -> Weight:
    """Return the weights of a set of two bytes: `usual` are the first bytes of its frequent characters, and
    `letters` the names of those that its language writes besides.
    """
    often = frozenset(frequent)

    def weight(char: str, before: str, after: str) -> float:
        if char in often:
            return _FREQUENT
        if letters and unicodedata.name(char, "").startswith(letters):
            return _FREQUENT
        if unicodedata.name(char, "").startswith(_OTHER_WRITINGS):
            return _RARE
        if char in "，。、！？：；（）「」『』《》“”‘’…—·～\u3000":
            return _USUAL
        lead = char.encode(codec)[0]
        return _USUAL if lead in usual else _RARE

    return weight


def _letters(name: str) -> Weight:
    frequent, usual = map(frozenset, _LETTERS[name])

    def weight(char: str, before: str, after: str) -> float:
        small = char.lower()
        if small not in frequent and small not in usual:
            return _USUAL if char in "«»–—№“”„…’\u00a0" else _WRONG
        if (char.isupper() and before.islower()) or before.isascii() is before.isalpha() is True:
            return _WRONG
        return _FREQUENT if small in frequent else _USUAL

    return weight


def _latin(letters: frozenset[str], best: float) -> Weight:
    def weight(char: str, before: str, after: str) -> float:
        is_within = before.isalpha() and after.isalpha()
        if char in _SIGNS:
            return _RARE if is_within and char not in "’‘" else _FREQUENT
        if char in _RARE_SIGNS:
            return _RARE if is_within else _USUAL
        if char not in letters:
            return _USUAL if char == "\u00a0" else _RARE if char.isalpha() else _WRONG
        if (before > "\x7f" and before.isalpha()) or (after > "\x7f" and after.isalpha()):
            return _USUAL
        if char.isupper() and before.islower():
            return _WRONG
        return best if before.isalpha() or after.isalpha() or char in _WORDS else _USUAL

    return weight


#: The sets by their codecs; of two that fit as well the first counts.
_CANDIDATES: dict[str, Weight] = {
    "cp1252": _latin(_WESTERN, _FREQUENT),
    "gb18030": _ideographs("gb18030", _CHINESE, range(0xB0, 0xD8)),
    "big5hkscs": _ideographs("big5hkscs", _TRADITIONAL, range(0xA4, 0xC7)),
    "cp932": _ideographs("cp932", _KANJI, range(0x88, 0x98), _KANA),
    "euc_jp": _ideographs("euc_jp", _KANJI, range(0xB0, 0xD0), _KANA),
    "cp949": _ideographs("cp949", _HANGUL, range(0xB0, 0xC9)),
    "cp1251": _letters("cyrillic"),
    "koi8_r": _letters("cyrillic"),
    "cp866": _letters("cyrillic"),
    "cp1253": _letters("greek"),
    "cp1255": _letters("hebrew"),
    "cp1256": _letters("arabic"),
    "cp874": _letters("thai"),
    "cp1250": _latin(_CENTRAL_EUROPEAN, 1.5),
    "cp1254": _latin(_TURKISH, 1.5),
}
