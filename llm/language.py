"""Which language a text is in, and where its sentences begin and end.

Works on code points and keeps them: every piece can be marked in the original text. Knows no taxonomy, no evidence and no model.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lingua import LanguageDetector

ENGLISH = "en"
CHINESE = "zh-Hans"
UNDETERMINED = "und"
WRITTEN = (ENGLISH, CHINESE)
"""Languages that the desk writes in; everything else is read as far as it goes, and answered in English."""

DETECT_CHARACTERS = 4_000
_TOLD_APART = """ENGLISH SPANISH PORTUGUESE FRENCH GERMAN ITALIAN DUTCH POLISH TURKISH INDONESIAN VIETNAMESE TAGALOG RUSSIAN UKRAINIAN
    ARABIC PERSIAN HEBREW HINDI THAI GREEK"""
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_NOT_WORDS = re.compile(r"https?://\S+|www\.\S+|[\w.+-]{0,64}@[\w.-]+|[A-Za-z0-9_.,/-]*\d[A-Za-z0-9_.,/-]*|[#<>{}\[\]]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")

_ENGLISH = """a about after again all am an and any are as at be because been but by can can't cannot could did didn't do does doesn't don't
    for from get got had has hasn't have haven't he hello help her here hi his how i i'm i've if in is isn't it it's its just let
    like me more much my need never no not now of off on one only or order orders our out over please refund reply same she should
    since so some still thank thanks that the their them then there these they this those to too up us very want was we were what
    when where which who why will with won't would you your yours yes delivery shipping shipped late item return money account buyer
    penalty points carrier tracking parcel customer payout listing appeal review wheres dont cant pls plz hey good dear regards
    ok okay delayed received waiting"""
_ENGLISH_WORDS = frozenset(_ENGLISH.split())


def detect(text: str) -> str:
    """The BCP-47 tag of the language most of `text` is in; `und` when there is too little to tell. Reads the first 4,000 code points."""
    cleaned = _NOT_WORDS.sub(" ", text[:DETECT_CHARACTERS])
    han, kana, hangul = len(_HAN.findall(cleaned)), len(_KANA.findall(cleaned)), len(_HANGUL.findall(cleaned))
    words = [word.casefold().replace("’", "'") for word in _WORD.findall(cleaned) if not _HAN.search(word)]
    if kana > 0.1 * (han + kana) and kana + han > len(words):
        return "ja"
    if hangul > han and hangul > len(words):
        return "ko"
    # A Han character carries about half a word; names of carriers and products in Latin letters must not outvote a short Chinese line.
    if han and han / 2 >= len(words) * 0.6:
        return CHINESE
    if not words:
        return UNDETERMINED
    return _detect_alphabetic(words)


def _detect_alphabetic(words: list[str]) -> str:
    known = sum(word in _ENGLISH_WORDS for word in words)
    if known >= max(1, round(0.3 * len(words))) and (known >= 2 or len(words) <= 3):
        return ENGLISH
    if len(words) == 1 and len(words[0]) < 4:
        return UNDETERMINED
    values = _detector().compute_language_confidence_values(" ".join(words[:200]))
    best, english = values[0], next((v.value for v in values if v.language.iso_code_639_1.name == "EN"), 0.0)
    if english >= 0.2 and best.value < 0.6:
        return ENGLISH
    return best.language.iso_code_639_1.name.lower() if best.value >= 0.45 else UNDETERMINED


@cache
def _detector() -> "LanguageDetector":
    from lingua import Language, LanguageDetectorBuilder  # loaded on first need: its models cost about two seconds

    return LanguageDetectorBuilder.from_languages(*(getattr(Language, name) for name in _TOLD_APART.split())).build()


def thread_language(texts: Iterable[str]) -> str:
    """The language that most of the `texts` (one person's messages, oldest first) are in; the latest wins a draw."""
    found = [language for language in map(_own_language, texts) if language != UNDETERMINED]
    if not found:
        return UNDETERMINED
    counts = Counter(found)
    most = max(counts.values())
    return next(language for language in reversed(found) if counts[language] == most)


def _own_language(text: str) -> str:
    """The language that a message's writer speaks: where it begins in one that the desk writes, and most of its characters are in another, that
    of most of its sentences, the first on a draw. So a longer insertion in a second language, as instructions to the desk are, doesn't turn
    the reply."""
    whole = detect(text)
    if whole == UNDETERMINED or (whole == ENGLISH and not _HAN.search(text[:DETECT_CHARACTERS])):
        return whole
    spoken = [detect(piece.text) for piece in sentences(text[:DETECT_CHARACTERS])]
    spoken = [language for language in spoken if language != UNDETERMINED]
    is_turned = bool(spoken) and spoken[0] in WRITTEN and spoken[0] != whole
    return Counter(spoken).most_common(1)[0][0] if is_turned else whole


@dataclass(frozen=True)
class Piece:
    """A stretch of a text: `text == original[start:end]` but for control characters, which read as spaces. Code points, end exclusive."""

    start: int
    end: int
    text: str


_QUOTED_LINE = re.compile(r"^[ \t]*(?:>|＞).*$", re.M)
_QUOTE_INTRO = re.compile(
    r"^[ \t]*(?:On .{4,120} wrote:|-{3,} ?(?:Original Message|Forwarded message|原始邮件|转发邮件) ?-{3,}|在.{4,60}写道[:：])[ \t]*$",
    re.M | re.I,
)
_SIGNATURE = re.compile(
    r"^[ \t]*(?:--|—|__+|sent from my \w+.*|get outlook for .*|发自我的.*|来自我的.*"
    r"|(?:best|kind|warm|many)? ?(?:regards|wishes),?|cheers,|sincerely,?|yours (?:truly|faithfully),?|此致|祝好[,，!！]?|谢谢[,，!！。]?)[ \t]*$",
    re.M | re.I,
)
SIGNATURE_LINES = 6


def readable(text: str) -> str:
    """`text` with control, format and surrogate characters as spaces: same length, so spans stay true. Newlines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else " " for c in text.replace("\r", "\n"))


def body(text: str) -> str:
    """What the writer of a message says: quoted mail and signature blanked, same length as `text`.

    A signature is only what follows a sign-off line within the last lines, so that a message that begins with "谢谢" keeps its content.
    When nothing else is left (a mail that is only a quotation), the text stays as it is.
    """
    clean = readable(text)
    blanked = _blank(
        clean, [m.span() for m in _QUOTED_LINE.finditer(clean)] + [m.span() for m in _QUOTE_INTRO.finditer(clean)]
    )
    for match in _SIGNATURE.finditer(blanked, _tail(blanked, SIGNATURE_LINES + 1)):
        if blanked[: match.start()].strip():
            blanked = _blank(blanked, [(match.start(), len(blanked))])
            break
    return blanked if blanked.strip() else clean


def _tail(text: str, lines: int) -> int:
    """Where the last `lines` lines with anything in them begin."""
    start = end = len(text.rstrip())
    for _ in range(lines):
        start = text.rfind("\n", 0, end) + 1
        if start == 0:
            break
        end = len(text[:start].rstrip())
    return start


def _blank(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in sorted(spans):
        if start < at:
            continue
        parts += [text[at:start], "".join("\n" if c == "\n" else " " for c in text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|st|no|nr|nos|vs|etc|e\.g|i\.e|approx|inc|ltd|co|corp|dept|est|fig|tel|ref|a\.m|p\.m|[A-Z]|"
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)$",
    re.I,
)
_END = re.compile(r"[。！？；…]+[”’」』）)\"']*|[.!?]+[”’\"')\]]*(?=\s|$|[\u3400-\u9fff])|\n")
_LIST_LINE = re.compile(r"^[ \t]*(?:[-*•·]|\(?\d{1,2}[.)、])?[ \t]*\S*\d\S*(?:[ \t,;，、；:：-]+\S+){0,5}[ \t]*$")
_BULLET = re.compile(r"^[ \t]*(?:[-*•·]|\(?\d{1,2}[.)、](?!\d))")
WRAPPED_LINE = 60
"""A line at least this long, not ended by punctuation, is taken as wrapped: its sentence goes on in the next line."""


def sentences(text: str) -> list[Piece]:
    """The sentences of what the writer says (`body`), in order. A pasted list of orders stays with the sentence that introduces it."""
    return all_sentences(body(text))


def all_sentences(text: str) -> list[Piece]:
    """Every sentence of a text, also what looks like quoted mail or stands below a signature: of what the desk sends, nothing goes unread."""
    return [piece for piece in _split(text) if any(c.isalnum() for c in piece.text)]


def _split(text: str) -> list[Piece]:
    bounds: list[int] = []
    for match in _END.finditer(text):
        if match.group() == "\n":
            if not _goes_on(text, match.start()):
                bounds.append(match.end())
        elif not (match.group().startswith(".") and _is_abbreviation(text, match.start())):
            bounds.append(match.end())
    pieces, at = [], 0
    for bound in [*bounds, len(text)]:
        chunk = text[at:bound]
        stripped = chunk.strip()
        if stripped:
            start = at + len(chunk) - len(chunk.lstrip())
            pieces.append(Piece(start, start + len(stripped), stripped))
        at = bound
    return pieces


def _is_abbreviation(text: str, dot: int) -> bool:
    if _ABBREVIATION.search(text[max(0, dot - 8) : dot]) is None:
        return False
    following = text[dot + 1 : dot + 40].lstrip()
    # "No. Please check" ends a sentence; "No. 12345", "Nov. 3" and "Mr. Chen" do not.
    if re.search(
        r"(?:^|\s)(?:no|nos|nr|ref|tel|fig|etc|a\.m|p\.m|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|est|co|inc|ltd)$",
        text[max(0, dot - 8) : dot],
        re.I,
    ):
        return following[:1].isdigit() or following[:1].islower() or following[:1] == "#"
    return True


def _goes_on(text: str, newline: int) -> bool:
    """Whether the sentence before this newline continues after it: wrapped prose, or a list that belongs to its introduction."""
    start = text.rfind("\n", 0, newline) + 1
    line = text[start:newline]
    stop = text.find("\n", newline + 1)
    following = text[newline + 1 : stop if stop >= 0 else len(text)]
    if not line.strip() or not following.strip():
        return False
    is_list = len(following) <= 120 and _LIST_LINE.match(following[:121]) is not None and len(following.split()) <= 6
    if is_list and (line.rstrip()[-1] in ":：,，、;；" or _LIST_LINE.match(line[:121]) is not None):
        return True
    if _BULLET.match(following) or line.rstrip()[-1] in ".!?。！？；…:：":
        return False
    return len(line.rstrip()) >= WRAPPED_LINE and not _HAN.search(following[:1])


def is_chinese(text: str) -> bool:
    """Whether more than a fifth of the characters that say something are Han: which of the two ways of cutting and searching to use."""
    counted = text[:DETECT_CHARACTERS]
    return len(_HAN.findall(counted)) > 0.2 * max(1, sum(unicodedata.category(c)[0] in "LN" for c in counted))
