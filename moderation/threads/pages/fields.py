"""From records to fields: author, date, text, by selectors or by what recurs.

Template induction: in a list of comments each field stands in the same place of its record, so
places are compared over all records. An author's place holds short, varying, name-like texts
("author" in a class, a link to a profile); a date's place holds dates, in order; the text's place
holds most of what is left once the recurring words (buttons, labels, ranks) are taken away.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from moderation.threads.pages.dates import date_in_line, find_date, is_date, parse_date
from moderation.threads.pages.records import Record
from moderation.threads.pages.selectors import compile_selectors
from moderation.threads.pages.tree import Element, Page

AUTHOR_WORDS = re.compile(
    r"author|auteur|autor|auttore|user|nick|poster|^fn$|name|byline|commenter|commentor|creator|"
    r"member|handle|owner|^by$|person|profile|verfasser|nutzer|usuario|utilisateur|utente",
    re.IGNORECASE,
)
NOT_AUTHOR_WORDS = re.compile(
    r"avatar|rank|title|info|count|posts|badge|group|status|date|time|role|level|locat|joined|"
    r"reply|replies|parent|mention|signature|quote|stat|score|body|content|text|icon|image|photo|"
    r"label|online|offline|flair|button|link-?count",
    re.IGNORECASE,
)
PROFILE_LINK = re.compile(
    r"(?:^|/)(?:users?|profiles?|members?|u|authors?|people|accounts?|membres?|usuarios?|perfil|"
    r"profil|benutzer|nutzer|mitglied(?:er)?|profilo|utenti|user-\w+)[/.?=-]|/[~@][\w.]+|"
    r"member\.php|"
    r"profile\.php|memberlist|viewprofile|action=profile|user_?id=|[?&]uid=|userinfo|[?&]u=\d|"
    r"showuser|mode=profile|/profile\b|blogger\.com/profile",
    re.IGNORECASE,
)
BODY_WORDS = re.compile(
    r"(?:comment|post|message|msg|reply|entry|kommentar|answer|review)s?[_-]{0,2}"
    r"(?:content|body|text|txt|message|copy|entry|inhalt|main|msg|raw|html)|^(?:content|text|body|"
    r"message|cooked|md|msg|description|articlebody|commenttext|reviewbody|usercontent|messagetext|"
    r"bbwrapper|e-content|markdown|rich-?text|prose|commenttext|texto|contenu|inhalt|entry)$",
    re.IGNORECASE,
)
NOT_BODY_WORDS = re.compile(
    r"signature|^sig|[_-]sig$|avatar|user-?info|user-?details|profile|author-?info|tooltip|"
    r"hovercard|"
    r"dropdown|menu|actions?$|controls?$|toolbar|button|^tools|permalink|rating|voting|votes?$|"
    r"score|badge|share|social|report|reply-?(?:link|button|to)|likes?$|karma|reactions?|"
    r"^meta$|[-_]meta$|[-_]header$|[-_]footer$|^footer$|^header$|breadcrumb|edited|editnote|"
    r"attachments?-|advert|\bads?\b|promo",
    re.IGNORECASE,
)
# written by the system or the moderators, or the same below each text, even inside a text's element
_NOT_WRITTEN = re.compile(
    r"^(?:user|post|message|forum|member)?[-_]{0,2}signature$|^sig$|^moderated$|"
    r"^mod(?:erator|eration)?[-_]?(?:note|message|notice)$|"
    r"^(?:last|post|message)[-_]?edit(?:ed)?$|^edit[-_]?(?:note|notice|info|date)$|^edited[-_]by$",
    re.IGNORECASE,
)
QUOTE_WORDS = re.compile(r"quote|zitat|^cita$|citation|quoted|blockquote", re.IGNORECASE)
NOT_QUOTE_WORDS = re.compile(
    r"selecttoquote|quote-?(?:button|link|icon|this|reply|able)|unquote|multiquote|js-quote", re.I
)
SAYS = re.compile(
    r"^\s*(?:(?:by|von|par|por|da|di|door|av|af|от|автор:?|posted by|submitted by|written by|"
    r"geschrieben von|verfasst von|kommentar von|comment by|comentario de|commento di|comment from|"
    r"reply by|antwort von|réponse de|name:|author:|autor:|user:)\s+)?"
    r"(?P<name>\S(?:.{0,58}?\S)?)\s*"
    r"(?:(?:\bsays|\bsaid|\bsagt|\bschreibt|\bschrieb|\bwrote|\bwrites|\bmeint|\bdit|\ba dit|"
    r"\ba écrit|\bécrit|\bdice|\bdijo|\bha dicho|\bha scritto|\bscrive|\bha detto|\bdisse|\bdiz|"
    r"\bescreveu|\bzegt|\bschreef|\bpisze|\bnapisał|\bmówi|\bskrev|\bskriver|\bsäger|\bsier|"
    r"\bsiger|"
    r"\bkirjoitti|\bsanoo|\bpíše|\bnapsal|\bhovorí|\bíрta|\bszerint|\bспune|\bspune|\bcommented|"
    r"\bcommenta|\breplied|\banswered|\bkommentierte|\bpiše|\bговорит|\bпишет|\bсказал|\bdedi ki|"
    r"\bposted|\bсказав|\bさんのコメント|さんより|说道?|說道?)\s*(?:on|am|le|:|：|\.{3}|…)?|\s*[:：])\s*$",
    re.IGNORECASE,
)
BY = re.compile(
    r"^\s*(?:by|von|par|por|di|door|av|af|от|автор:?|posted by|submitted by|written by|"
    r"geschrieben von|verfasst von|comment by|name:|author:|autor:|user:|[-–—|•])\s+(?=\S)",
    re.IGNORECASE,
)
BUTTONS = frozenset(
    """reply|answer|respond|quote|report|flag|edit|delete|like|unlike|dislike|share|permalink|link|
    parent|more|show more|read more|hide|collapse|expand|follow|subscribe|vote|upvote|downvote|
    recommend|save|copy link|view profile|reply to this comment|report abuse|report comment|
    reply with quote|log in to reply|login to reply|log in to comment|like this|top|back to top|
    antworten|zitieren|melden|löschen|bearbeiten|teilen|gefällt mir|antwort|beitrag melden|
    kommentar melden|nach oben|empfehlen|link zum kommentar|auf diesen kommentar antworten|
    répondre|signaler|citer|partager|modifier|supprimer|j'aime|alerter|haut|
    responder|citar|denunciar|compartir|reportar|me gusta|editar|eliminar|compartilhar|curtir|
    rispondi|segnala|cita|condividi|mi piace|modifica|elimina|
    beantwoorden|reageer|rapporteer|citeer|delen|vind ik leuk|antwoord|
    odpowiedz|zgłoś|cytuj|udostępnij|svara|rapportera|citera|svar|anmäl|vastaa|ilmoita|
    odpovědět|nahlásit|citovat|válasz|răspunde|yanıtla|cevapla|beğen|şikayet et|
    ответить|цитировать|пожаловаться|поделиться|нравится|ссылка|відповісти|
    next|previous|first|last|weiter|zurück|suivant|précédent|siguiente|anterior|successivo|
    返信|返信する|報告|回复|回覆|举报|답글|신고""".replace("\n", "").split("|")
)
BUTTONS = frozenset(" ".join(b.split()) for b in BUTTONS)
_DIGITS = re.compile(r"\d+")
_MARK = re.compile(r"[-_]{0,2}\d+[-_]?|^(?:odd|even|alt|first|last|active|open|closed|new|old)$")

# columns of a grid: "col-2" and "col-10" are two places of one record
_GRID = re.compile(
    r"(?:col|column|span|grid|cell|w|basis|medium|large|small)(?:[-_]?[a-z]{2})?[-_]?\d{1,2}(?:[-/]\d+)?"
)
_COUNTER = re.compile(
    r"(?i)^(?:[+-]?\d[\d.,]*\s?k?\s*(?:likes?|shares?|points?|votes?|repl(?:y|ies)|"
    r"antwort(?:en)?|kudos|"
    r"upvotes?|downvotes?|j'aime|me gusta|reactions?|thanks|dislikes?|people like this|"
    r"gefällt(?: mir)?|réponses?|respuestas?|risposte|mi piace|likes this|likers?|claps?|hearts?|"
    r"views?|comments?|kommentare?)?[\s·|,•]*)+$"
)
_UNSEEN = frozenset(
    [
        "hidden",
        "hide",
        "visually-hidden",
        "visuallyhidden",
        "sr-only",
        "screen-reader-text",
        "d-none",
        "u-hidden",
        "element-invisible",
    ]
)
_PARAGRAPH = re.compile(r">p$|^p\b")

SURE = 5.0  # worth of a name's place that words or links tell: where it stands need not
NAME_LENGTH = 60  # characters; longer texts are no names
NAME_WORDS = 7


@dataclass(eq=False, slots=True)
class Fields:
    """What was found of one record; elements are None where nothing was."""

    record: Record
    author: str | None = None
    author_element: Element | None = None
    author_piece: int | None = None  # where the name is no element's whole text
    created_raw: str | None = None
    created_at: str | None = None
    date_element: Element | None = None
    date_piece: int | None = None
    body: tuple[Element, ...] = ()
    pieces: list[int] = field(default_factory=list)
    quotes: list[Element] = field(default_factory=list)
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Selectors:
    """Where fields are, as far as a system's table entry says it; "" = to be induced."""

    author: str = ""
    date: str = ""
    body: str = ""
    drop: str = ""
    quote: str = ""
    deleted: str = ""
    titles: bool = False  # take a title right before the text with it


# classes that style what they are on and tell nothing of what it is ("text-sm", "font-title")
_UTILITY = re.compile(
    r"(?:[a-z]+:)*-?(?:text|font|bg|border|icon|label|flex|grid|items|content|justify|self|space|gap|"
    r"[mp][trblxy]?|[wh]|min|max|rounded|shadow|leading|tracking|whitespace|break|overflow|align)"
    r"-(?:\w{1,3}|base|bold|semibold|medium|light|normal|muted|gr[ae]y|slate|black|white|left|right|"
    r"center|start|end|between|wrap|words|full|auto|screen|primary|secondary|none)"
    r"(?:[-/][\w.]+)*",
)


@lru_cache(maxsize=65_536)
def _names(token: str) -> tuple[bool, bool, bool, bool]:
    """Whether a class or id speaks for an author, against one, for a text, against one."""
    if _UTILITY.fullmatch(token):
        return (False, False, False, False)
    return (
        bool(AUTHOR_WORDS.search(token)) and not NOT_AUTHOR_WORDS.search(token),
        bool(NOT_AUTHOR_WORDS.search(token))
        and not re.search(r"(?i)name|nick|author$|user$", token),
        bool(BODY_WORDS.search(token)),
        bool(NOT_BODY_WORDS.search(token)),
    )


@lru_cache(maxsize=65_536)
def _quotes(token: str) -> bool:
    return bool(QUOTE_WORDS.search(token)) and not NOT_QUOTE_WORDS.search(token)


@lru_cache(maxsize=65_536)
def stable(token: str) -> str:
    """A class token or id without its numbers; "" for tokens that only mark a position."""
    return token if _GRID.fullmatch(token) else _MARK.sub("", token)


class Keys:
    """Names for places: the same place in two records has the same key."""

    def __init__(self, roots: frozenset[int], further: frozenset[int]) -> None:
        self._roots = roots
        self._further = further
        self._siblings: dict[int, dict[tuple[str, ...], set[str]]] = {}
        self._known: dict[int, str] = {}

    def __call__(self, element: Element) -> str:
        known = self._known.get(element.index)
        if known is not None:
            return known
        chain = [element]
        while (
            chain[-1].parent is not None
            and chain[-1].index not in self._roots
            and chain[-1].index not in self._further
        ):
            parent = chain[-1].parent
            if parent.index in self._known or len(chain) > 40:
                break
            chain.append(parent)
        key = ""
        for node in reversed(chain):
            if node.index in self._roots:
                key = "^"
            else:
                tokens = sorted({s for t in node.classes if (s := stable(t))})
                if tokens and self._are_numbered(node, tokens):
                    tokens = sorted(node.classes)
                tokens += [
                    node.get(n) for n in ("itemprop", "rel", "slot", "property") if node.get(n)
                ]
                if tokens:
                    key = node.tag + "." + ".".join(tokens[:6])
                elif node.index in self._further:
                    key = f"^+{node.tag}"
                elif node.id and (name := stable(node.id)):
                    key = node.tag + "#" + name
                else:
                    above = self._known.get(node.parent.index, "^") if node.parent else "^"
                    key = f"{above[-200:]}>{node.tag}"
                    if node.tag in ("td", "th", "span", "div", "dd", "li", "a", "b", "strong"):
                        key += str(min(_position(node), 4))
            self._known[node.index] = key
        return key

    def _are_numbered(self, node: Element, tokens: list[str]) -> bool:
        """Whether siblings differ in the numbers of their classes alone: "alt1" beside "alt2"."""
        parent = node.parent
        if (
            parent is None
            or parent.index not in self._roots
            or not any(c.isdigit() for t in node.classes for c in t)
        ):
            return False
        known = self._siblings.get(parent.index)
        if known is None:
            known = {}
            for child, _ in zip(parent.children, range(24), strict=False):
                name = (child.tag, *sorted({s for t in child.classes if (s := stable(t))}))
                known.setdefault(name, set()).add(child.get("class"))
            self._siblings[parent.index] = known
        return len(known.get((node.tag, *tokens), ())) > 1


def _position(element: Element) -> int:
    """How many siblings of the same tag stand before it (at most 4 are told apart)."""
    if element.parent is None:
        return 0
    count = 0
    for sibling in element.parent.children:
        if sibling is element:
            return count
        if sibling.tag == element.tag:
            count += 1
            if count >= 4:
                return count
    return count


def read_fields(
    page: Page, records: list[Record], selectors: Selectors, day_first: bool | None = None
) -> list[Fields]:
    """Fields of each record, in the records' order."""
    roots = frozenset(record.root.index for record in records)
    further = frozenset(root.index for record in records for root in record.roots[1:])
    keys = Keys(roots, further)
    fields = [Fields(record) for record in records]
    found_bodies = _select_bodies(fields, selectors, roots)
    _find_dates(page, fields, selectors, roots, keys)
    _find_authors(page, fields, selectors, roots, keys)
    for one in fields:
        if one.created_raw is not None:
            one.created_raw = one.created_raw.strip() or None
    if found_bodies and selectors.titles:
        for one in fields:
            if len(one.body) == 1:
                own = set(one.record.pieces)
                one.body = (_lifted(page, one.body[0], one, own, roots),)
    if not found_bodies:
        _induce_bodies(page, fields, selectors.drop, keys)
    _cut_bodies(page, fields, selectors, roots, keys)
    _parse_dates(fields, day_first)
    return fields


# ---------------------------------------------------------------- selectors


def _pick(record: Record, text: str, roots: frozenset[int]) -> list[tuple[Element, str | None]]:
    """All owned elements that fit the first alternative which fits any."""
    for selector in compile_selectors(text):
        last = selector.compounds[-1]
        pool = record.with_class(last.classes[0]) if last.classes else record.elements
        found = [
            (element, selector.attribute)
            for element in pool
            if selector.matches(element, roots)
            and not (selector.attribute and not element.get(selector.attribute).strip())
        ]
        if found:
            return found
    return []


def _select_bodies(fields: list[Fields], selectors: Selectors, roots: frozenset[int]) -> bool:
    """Bodies by selector; False where so few fit that they must be induced."""
    if not selectors.body:
        return False
    hits = 0
    for one in fields:
        picked = [element for element, _ in _pick(one.record, selectors.body, roots)]
        outermost: list[Element] = []
        for element in picked:
            if not outermost or element.index >= outermost[-1].end:
                outermost.append(element)
        one.body = tuple(outermost)
        hits += bool(picked)
    if hits >= 0.5 * len(fields):
        return True
    for one in fields:
        one.body = ()
    return False


# ---------------------------------------------------------------- dates


def _date_of(page: Page, element: Element) -> tuple[str, str] | None:
    """(raw text shown, text to parse) if this very element holds a date."""
    if not element.attributes and element.tag != "time":
        return None
    if element.index not in page.dates:
        page.dates[element.index] = _find_date_of(element)
    return page.dates[element.index]


def _find_date_of(element: Element) -> tuple[str, str] | None:
    attributes = element.attributes
    shown = ""
    if element.last - element.first <= 6:
        shown = element.text
    if attributes:
        for name in (
            "datetime",
            "data-time",
            "data-timestamp",
            "data-utime",
            "data-unixtime",
            "data-date",
            "data-datetime",
            "data-epoch",
            "data-created",
            "data-created-at",
            "content",
            "created-timestamp",
            "ts",
        ):
            value = attributes.get(name, "")
            if name == "content" and "date" not in attributes.get("itemprop", "").lower():
                continue
            if 0 < len(value) < 60 and parse_date(value) is not None:
                fits = 0 < len(shown) <= 40 and name != "datetime"
                return (shown if fits else value), value
        title = attributes.get("title", "")
        if (
            title
            and len(title) < 60
            and parse_date(title) is not None
            and (
                element.tag in ("span", "a", "time", "abbr", "small", "b", "i", "em", "div", "p")
                and (is_date(shown) or is_date(title))
                and len(shown) < 40
            )
        ):
            return title if not is_date(shown) else shown, title
    if element.tag == "time" and shown:
        return shown, shown
    return None


def _find_dates(
    page: Page, fields: list[Fields], selectors: Selectors, roots: frozenset[int], keys: Keys
) -> None:
    candidates: list[list[tuple[str, Element, str, str]]] = []
    for one in fields:
        found: list[tuple[str, Element, str, str]] = []
        for element, attribute in _pick(one.record, selectors.date, roots)[:6]:
            dated = _selected_date(element, attribute)
            if dated is not None and len(dated[0]) < 120:
                one.date_element, one.created_raw, one.created_at = element, dated[0], dated[1]
                break
        if one.created_raw is None:
            found = _date_candidates(page, one, keys)
        candidates.append(found)
    _choose_dates(page, fields, candidates)


_NOT_POSTED = re.compile(
    r"(?i)join|regist|member since|dabei|inscri|seit|since|edit|bearbeitet|geändert|modifi|ändrad"
)


def _selected_date(element: Element, attribute: str | None) -> tuple[str, str] | None:
    """(raw text, text to parse) of an element that a selector names; None if no date is there."""
    if attribute:
        value = element.get(attribute)
        shown = element.text if element.last - element.first <= 3 else ""
        return (shown if attribute != "datetime" and is_date(shown) else value), value
    for inner in (element, *element.descendants):
        dated = _date_of(element.page, inner)
        if dated is not None:
            return dated
    text = element.text
    if is_date(text):
        return text, text
    place = find_date(text[:300])
    if place is not None and not _NOT_POSTED.search(text[: place[0]]):
        return text[place[0] : place[1]].strip(), text[place[0] : place[1]]
    return None


def _in_body(one: Fields, element: Element) -> bool:
    return any(body.contains(element) for body in one.body)


def _in_quote(element: Element, record: Record) -> bool:
    place: Element | None = element
    for _ in range(12):
        if place is None or place in record.roots:
            return False
        if place.tag == "blockquote" or _is_quote(place):
            return True
        place = place.parent
    return False


def _is_quote(element: Element) -> bool:
    return any(_quotes(token) for token in element.classes)


def _date_candidates(page: Page, one: Fields, keys: Keys) -> list[tuple[str, Element, str, str]]:
    found: list[tuple[str, Element, str, str]] = []
    inside = -1
    for element in one.record.elements:
        if element.index < inside:
            continue
        if _in_body(one, element):
            inside = element.end
            continue
        dated = _date_of(page, element)
        if dated is not None:
            if not _in_quote(element, one.record):
                found.append((keys(element), element, *dated))
            inside = element.end
            if len(found) >= 12:
                break
    held = {c[1].index for c in found}
    for piece in one.record.pieces:
        owner = page.elements[page.owners[piece]]
        if owner.index in held or page.stops[piece] - page.starts[piece] > 300:
            continue
        text = page.piece(piece)
        place = date_in_line(text) if len(text) < 160 else None
        if place is None or _in_body(one, owner) or _in_quote(owner, one.record):
            continue
        if _NOT_POSTED.search(text[: place[0]]):
            continue
        named = date_in_line(text) != (0, len(text)) and is_date(text)
        whole = place[1] - place[0] >= 0.5 * len(text) and not named
        raw = text[place[0] : place[1]]
        found.append((keys(owner) + ("" if whole else " in line"), owner, raw.strip(), raw))
        if len(found) >= 16:
            break
    return found


def _choose_dates(
    page: Page, fields: list[Fields], candidates: list[list[tuple[str, Element, str, str]]]
) -> None:
    """The place that most records share; among equals, the one whose dates are in order."""
    shared: Counter[str] = Counter()
    values: defaultdict[str, list[str]] = defaultdict(list)
    marked: Counter[str] = Counter()
    for found in candidates:
        seen: set[str] = set()
        for key, element, _, text in found:
            if key not in seen:
                seen.add(key)
                shared[key] += 1
                values[key].append(parse_date(text) or "")
                if element.tag == "time" or "datetime" in element.attributes:
                    marked[key] += 1
    if not shared:
        return

    def rank(key: str) -> tuple[float, ...]:
        dates = values[key]
        pairs = [(a, b) for a, b in pairwise(dates) if a and b]
        ordered = 0.0
        if pairs:
            up = sum(a <= b for a, b in pairs) / len(pairs)
            ordered = max(up, 1 - up if any(a != b for a, b in pairs) else up)
        most = max(shared.values())
        coverage = shared[key] / most
        panel = bool(re.search(r"(?i)join|regist|profil|userinfo|member-?since|signup", key))
        return (
            round(coverage, 1)
            - panel
            - 0.3 * key.endswith(" in line")
            + 0.2 * (marked[key] > 0)
            + 0.4 * ordered,
        )

    order = {key: number for number, key in enumerate(sorted(shared, key=rank, reverse=True))}
    for one, found in zip(fields, candidates, strict=True):
        if one.created_raw is None and found:
            key, element, raw, text = min(found, key=lambda c: order[c[0]])
            if shared[key] < 0.3 * len(fields) and len(fields) > 4:
                continue
            one.date_element, one.created_raw, one.created_at = element, raw, text
            if key.endswith(" in line"):
                one.date_element = None
                for piece in range(element.first, element.last):
                    line = page.piece(piece)
                    if raw in line:
                        one.date_piece = piece
                        break


def _parse_dates(fields: list[Fields], day_first: bool | None) -> None:
    """Order of day and month in "3/4/2020": as in any date of the page whose day is above 12."""
    if day_first is None:
        for one in fields:
            match = re.match(r"\s*(\d{1,2})/(\d{1,2})/\d{2,4}", one.created_at or "")
            if match and int(match[1]) > 12:
                day_first = True
            elif match and int(match[2]) > 12:
                day_first = False
    for one in fields:
        if one.created_at is not None:
            one.created_at = parse_date(one.created_at, day_first)
        if one.created_raw is not None:
            one.created_raw = " ".join(one.created_raw.split()).strip("·•|,–— ") or None


# ---------------------------------------------------------------- authors


@lru_cache(maxsize=16_384)
def _says(text: str) -> str | None:
    """The name in "X says:"."""
    match = SAYS.match(text)
    return match["name"] if match else None


@lru_cache(maxsize=16_384)
def clean_name(text: str) -> str | None:
    """A name as shown, without "says:", "by" and marks around it; None if it cannot be one."""
    text = " ".join(text.split())
    text = _says(text) or text
    text = BY.sub("", text).strip(" :,|•·–—»«\u200b\u200e\u200f")
    text = text.removesuffix(" さん").removesuffix(" 님")
    if not any(c.isalnum() for c in text) or re.fullmatch(r"#\d+", text):
        return None
    if len(text) > NAME_LENGTH or len(text.split()) > NAME_WORDS + 3:
        return None
    return text


def _find_authors(
    page: Page, fields: list[Fields], selectors: Selectors, roots: frozenset[int], keys: Keys
) -> None:
    missing = 0
    for one in fields:
        for element, attribute in _pick(one.record, selectors.author, roots):
            text = element.get(attribute) if attribute else _name_text(page, element, one)
            name = clean_name(text)
            if name is not None and not (
                is_date(name) and any(c.isdigit() for c in name) and len(name) > 4
            ):
                one.author, one.author_element = name, element
                break
        missing += one.author is None
    if selectors.author and missing < 0.5 * len(fields):
        return
    candidates: list[list[_Name]] = [
        [] if one.author is not None else _author_candidates(page, one, keys) for one in fields
    ]
    _choose_authors(page, fields, candidates)
    for one in fields:
        if one.author is None:
            one.author = _author_by_attribute(one)


def _name_text(page: Page, element: Element, one: Fields) -> str:
    """The element's text without a date, a rank or a button in it."""
    if element.last - element.first <= 1:
        return element.text
    parts: list[str] = []
    dated = one.date_element
    for piece in range(element.first, element.last):
        owner = page.elements[page.owners[piece]]
        if dated is not None and dated.contains(owner) and not dated.contains(element):
            continue
        text = page.piece(piece)
        if text.casefold() in BUTTONS:
            continue
        if owner is not element and any(
            NOT_AUTHOR_WORDS.search(t) and not AUTHOR_WORDS.search(t) for t in owner.classes
        ):
            continue
        if parts and (page.gaps[piece] == 2 or text.startswith("@")):
            break  # "@handle" behind the name that is shown
        parts.append((" " if page.gaps[piece] else "") + text)
    return "".join(parts)


def _author_score(element: Element, record: Record) -> float:
    score = 0.0
    attributes = element.attributes
    place: Element | None = element
    for distance in range(3):
        if place is None or place in record.roots:
            break
        tokens = [*place.classes, place.get("itemprop"), place.get("rel"), stable(place.id)]
        if "-" in place.tag:
            tokens.append(place.tag)  # a custom element: <x-author>
        if place.get("property") or place.get("slot") or place.get("name"):
            tokens += [place.get("property"), place.get("slot")]
        good = any(t and _names(t)[0] for t in tokens)
        bad = any(t and _names(t)[1] for t in tokens)
        weight = (3.0, 2.0, 1.0)[distance]
        score += weight * good - 0.6 * weight * bad
        if good and place.get("itemprop") in ("name", "author", "creator"):
            score += 1
        place = place.parent
    href = attributes.get("href", "")
    if href:
        score += 2.0 if PROFILE_LINK.search(href) else 0.3
        if "nofollow" in attributes.get("rel", "") and "external" in attributes.get("rel", ""):
            score += 1
        if href.startswith("#") or "replytocom" in href or "#comment" in href:
            score -= 1.5
    if element.tag in ("cite", "b", "strong", "h3", "h4", "h5", "h6", "dt", "th"):
        score += 0.7
    return score


_NAME_IN_LINK = re.compile(
    r"(?:/(?:user|users|u|profile|profiles|members?|people|author)/|"
    r"/@)([^/?#&]{2,40})/?(?:[?#].*)?$"
)
_NAME_ATTRIBUTES = (
    "data-author",
    "data-username",
    "data-author-name",
    "data-authorname",
    "data-user-name",
    "data-comment-author",
    "data-commenter",
    "author",
)
_AVATAR_OF = re.compile(
    r"(?i)^(?:(?:profile (?:picture|photo|image)|avatar|user avatar|photo|picture|bild|profilbild)"
    r" (?:for|of|von|de|user|van|di)(?: user)? (.{2,40})|(.{2,40})['’]s? (?:avatar|profile "
    r"(?:picture|photo)|photo|picture))$"
)


def _author_by_attribute(one: Fields) -> str | None:
    """Where no text shows the name: an attribute, the end of a profile link, an avatar's words."""
    for root in one.record.roots:
        for name in _NAME_ATTRIBUTES:
            value = root.get(name).strip()
            if value and not value.isdigit() and len(value) <= NAME_LENGTH:
                return value
    for element in one.record.elements:
        if _in_body(one, element) or _in_quote(element, one.record):
            continue
        if element.tag == "a":
            match = _NAME_IN_LINK.search(element.get("href"))
            if match and not match[1].isdigit():
                return match[1]
        elif element.tag == "img":
            match = _AVATAR_OF.match(element.get("alt").strip())
            if match:
                return (match[1] or match[2]).strip()
    return None


def _is_avatar(image: Element) -> bool:
    place: Element | None = image
    words = image.get("src")[-120:] + " " + image.get("alt")
    for _ in range(3):
        if place is None:
            break
        words += " " + place.get("class") + " " + place.id
        place = place.parent
    return not re.search(r"(?i)rank|badge|flag|status|icon|smil|emoji|award", words) or bool(
        re.search(r"(?i)avatar|gravatar|profile|userpic", words)
    )


def _is_all_date(text: str) -> bool:
    return is_date(text) and date_in_line(text) == (0, len(text))


class _Name(NamedTuple):
    """What may be an author's name: its place, element, text, what speaks for it.

    `piece` is the piece of text where the name is no element's whole text.
    """

    key: str
    element: Element
    name: str
    score: float
    piece: int | None = None


def _author_candidates(page: Page, one: Fields, keys: Keys) -> list[_Name]:
    record = one.record
    found: list[_Name] = []
    alternatives = {
        " ".join(e.get("alt").split()).casefold()
        for e in record.elements
        if e.tag == "img" and 0 < len(e.get("alt")) <= NAME_LENGTH and _is_avatar(e)
    }
    if record.root.attributes:
        for name in (
            "data-author",
            "data-username",
            "data-author-name",
            "data-authorname",
            "data-user-name",
            "data-user",
            "data-comment-author",
            "author",
            "data-name",
        ):
            value = record.root.get(name)
            if value and not value.isdigit() and len(value) <= NAME_LENGTH:
                alternatives.add(value.casefold())
    inside = -1
    seen_text = 0
    for element in record.elements:
        if element.index < inside or element.first >= element.last:
            continue
        if (
            _in_body(one, element)
            or element.tag in ("form", "blockquote")
            or (element.tag == "button" and not any(_names(t)[0] for t in element.classes))
        ):
            inside = element.end
            continue
        if element.last - element.first > 4 or (
            page.stops[element.last - 1] - page.starts[element.first] > 2000
        ):
            continue
        dated = one.date_element
        if (
            dated is not None
            and dated.contains(element)
            and (_is_all_date(element.text) or (dated is not element and _is_all_date(dated.text)))
        ):
            continue
        text = _name_text(page, element, one)
        if len(text) > NAME_LENGTH + 40:
            continue
        says = _says(text)
        cut = date_in_line(text)
        if cut is not None and cut != (0, len(text)):
            text = text[: cut[0]] or text[cut[1] :]
            text = re.sub(r"(?i)[\s,|•·–—(-]+(?:on|am|at|le|el|op)?\s*$", "", text)
        found_name = clean_name(text)
        name = found_name or ""
        if (
            not name
            or len(name.split()) > NAME_WORDS
            or not any(c.isalnum() for c in name)
            or _is_all_date(name)
            or name.casefold() in BUTTONS
            or name.startswith("#")
        ):
            continue
        if _in_quote(element, record):
            continue
        score = _author_score(element, record)
        if name.replace(".", "").isdigit() and score < 2:
            continue
        if element.last - element.first > 1:
            score -= 1.2 * (element.last - element.first - 1)
        if len(name) < 3 and name.isascii():
            score -= 2  # initials in a circle, rather
        if name.casefold() in alternatives:
            score += 3
        elif any(name.casefold() in a for a in alternatives if len(name) > 2):
            score += 1.5
        if says is not None:
            score += 1.5
        if name.endswith((".", "!", "?")) and len(name.split()) > 2:
            score -= 2
        score -= 0.15 * min(seen_text, 10)
        seen_text += 1
        found.append(_Name(keys(element), element, name, score))
        if len(found) >= 40:
            break
    return found + _names_between_tags(page, one, keys)


_LABEL = re.compile(
    r"(?i)^\W*(?:from|name|author|by|posted by|written by|user(?:name)?|nick(?:name)?|von|autor|"
    r"verfasser|de|auteur|par|nom|por|nombre|da|nome|door|naam|av|namn|od|имя|автор|от|名前|投稿者|"
    r"作者)\s*[:：]?\W*$"
)


def _names_between_tags(page: Page, one: Fields, keys: Keys) -> list[_Name]:
    """Names that stand beside elements and not in one of their own: "<b>From:</b> Ada"."""
    found: list[_Name] = []
    pieces = one.record.pieces
    order: Counter[int] = Counter()
    for number, piece in enumerate(pieces[:12]):
        owner = page.elements[page.owners[piece]]
        order[owner.index] += 1
        if owner.last - owner.first < 2 or page.stops[piece] - page.starts[piece] > 80:
            continue
        if one.date_piece == piece or _in_body(one, owner) or _in_quote(owner, one.record):
            continue
        text = page.piece(piece)
        name = clean_name(text)
        if name is None or is_date(name) or name.casefold() in BUTTONS or _DIGIT_LABEL.search(name):
            continue
        score = -0.15 * number
        if number and _LABEL.match(page.piece(pieces[number - 1])):
            score += 2
        found.append(_Name(f"{keys(owner)} text {order[owner.index]}", owner, name, score, piece))
    return found


_DIGIT_LABEL = re.compile(r"[:#]\s?\d|^\d+$")


BESIDE = 0.8  # for standing first, and for standing beside the date


def _stands_as_name(one: Fields, name: _Name) -> float:
    """How far its place alone says that a text is the author's name: first, or beside the date."""
    first, last = name.element.first, name.element.last
    if name.piece is not None:
        first, last = name.piece, name.piece + 1
    pieces = one.record.pieces
    value = BESIDE if pieces and first <= pieces[0] < last else 0.0
    dated = one.date_element
    if one.date_piece is not None:
        near = first - 2 <= one.date_piece <= last + 1
    elif dated is not None and dated.last > dated.first:
        holds = name.piece is None and name.element.contains(dated) and last - first > 4
        near = dated.first - 2 <= first < dated.last + 2 and not holds
    else:
        near = False
    return value + BESIDE * near


def _look_like_names(names: Counter[str]) -> bool:
    """Whether the texts of one place are as short as names: few words, no sentence marks."""
    total = sum(names.values())
    words = sum(len(name.split()) * n for name, n in names.items()) / total
    size = sum(len(name) * n for name, n in names.items()) / total
    marked = sum(n for name, n in names.items() if re.search(r"[?!:;]|\. |, |。", name))
    if size < 3 and all(name.isascii() for name in names):
        return False  # initials in a circle
    return words <= 2.6 and size <= 22 and marked <= 0.2 * total and max(map(len, names)) <= 40


WORTH = 2.6  # least worth of a place of names


def _choose_authors(page: Page, fields: list[Fields], candidates: list[list[_Name]]) -> None:
    total = max(1, sum(one.author is None for one in fields))
    shared: Counter[str] = Counter()
    names: defaultdict[str, Counter[str]] = defaultdict(Counter)
    scores: defaultdict[str, float] = defaultdict(float)
    places: defaultdict[str, float] = defaultdict(float)
    for one, found in zip(fields, candidates, strict=True):
        seen: set[str] = set()
        for candidate in found:
            key = candidate.key
            if key not in seen:
                seen.add(key)
                shared[key] += 1
                scores[key] += candidate.score
                places[key] += _stands_as_name(one, candidate)
                names[key][_DIGITS.sub("#", candidate.name.casefold())] += 1
    worth: dict[str, float] = {}
    for key, count in shared.items():
        value = scores[key] / count + 2.5 * min(1.0, count / total)
        distinct = len(names[key])
        if count >= 4 and (distinct == 1 or names[key].most_common(1)[0][1] > 0.85 * count):
            value -= 5  # the same words everywhere: a label or a button
        elif count >= 4 and distinct <= 3 and count >= 12:
            value -= 2
        worth[key] = value
    if max((worth[k] for k in worth if shared[k] >= 0.5 * total), default=0.0) < SURE:
        named = [
            key
            for key, count in shared.items()
            if _look_like_names(names[key]) and (len(names[key]) > 1 or count < 3)
        ]
        for key in named:
            worth[key] += places[key] / shared[key]
        if named and max(worth.values()) < WORTH:
            # nothing tells by its words: what stands beside each date is the name
            best = max(named, key=lambda k: (places[k] / shared[k], worth[k]))
            if shared[best] >= 0.7 * total and places[best] >= 0.99 * BESIDE * shared[best]:
                worth[best] = max(worth[best], WORTH)
    for one, found in zip(fields, candidates, strict=True):
        if one.author is not None or not found:
            continue
        first_of: dict[str, _Name] = {}
        for candidate in found:
            first_of.setdefault(candidate.key, candidate)
        chosen = max(first_of.values(), key=lambda c: worth[c.key])
        if worth[chosen.key] >= WORTH:
            one.author = chosen.name
            one.author_piece = chosen.piece
            one.author_element = None if chosen.piece is not None else chosen.element


# ---------------------------------------------------------------- bodies


def _controls(one: Fields, drop: str, roots: frozenset[int]) -> list[Element]:
    """Owned elements that are no part of the text: buttons, votes, forms, signatures."""
    record = one.record
    found = _pick_all(record, drop, roots)
    for element in record.elements:
        if element.index in roots:
            continue
        if (
            element.tag in ("button", "form", "nav")
            or _UNSEEN.intersection(element.classes)
            or any(_names(t)[3] and not _names(t)[2] for t in element.classes)
        ):
            found.append(element)
    return found


def _pick_all(record: Record, text: str, roots: frozenset[int]) -> list[Element]:
    """All owned elements that fit any alternative, alternatives one after the other."""
    found: list[Element] = []
    for selector in compile_selectors(text):
        last = selector.compounds[-1]
        pool = record.with_class(last.classes[0]) if last.classes else record.elements
        found += [element for element in pool if selector.matches(element, roots)]
    return found


def _lines(page: Page, pieces: Iterable[int]) -> list[list[int]]:
    lines: list[list[int]] = []
    previous = -2
    for piece in pieces:
        if not lines or page.gaps[piece] == 2 or piece != previous + 1:
            lines.append([])
        lines[-1].append(piece)
        previous = piece
    return lines


def _meta_pieces(page: Page, one: Fields, controls: list[Element]) -> set[int]:
    taken: set[int] = set()
    for element in (one.author_element, one.date_element):
        if element is not None and (element is not one.record.root or len(one.record.roots) > 1):
            size = (
                page.stops[element.last - 1] - page.starts[element.first]
                if element.last > element.first
                else 0
            )
            if size < 300:
                taken.update(range(element.first, element.last))
    if one.author_piece is not None:
        taken.add(one.author_piece)
    if one.date_piece is not None:
        rest = page.piece(one.date_piece).replace(one.created_raw or "", "")
        if len(rest.split()) <= 6:
            taken.add(one.date_piece)
    for element in controls:
        taken.update(range(element.first, element.last))
    return taken


def _recurring(page: Page, fields: list[Fields], taken: list[set[int]]) -> frozenset[str]:
    """Lines (digits as one) that stand in many records: labels, ranks and buttons.

    Counted whole and without what is `taken` already, such as the name before "says:".
    """
    counts: Counter[str] = Counter()
    for one, away in zip(fields, taken, strict=True):
        seen = set()
        for line in _lines(page, one.record.pieces):
            if page.stops[line[-1]] - page.starts[line[0]] < 400:
                for part in (line, [p for p in line if p not in away]):
                    text = _DIGITS.sub("#", page.fold(part).casefold())
                    if 0 < len(text) <= 160:
                        seen.add(text)
        counts.update(seen)
    least = 2 if len(fields) == 2 else max(3, 0.3 * len(fields))
    return frozenset(text for text, count in counts.items() if count >= least)


def _induce_bodies(page: Page, fields: list[Fields], drop: str, keys: Keys) -> None:
    roots = frozenset(one.record.root.index for one in fields)
    metas = [_meta_pieces(page, one, _controls(one, drop, roots)) for one in fields]
    recurring = _recurring(page, fields, metas)
    covered: defaultdict[str, float] = defaultdict(float)
    present: Counter[str] = Counter()
    holds_meta: Counter[str] = Counter()
    sizes: defaultdict[str, float] = defaultdict(float)
    depth: dict[str, int] = {}
    total = 0.0
    prose: list[set[int]] = []
    for one, taken in zip(fields, metas, strict=True):
        own: set[int] = set()
        for line in _lines(page, one.record.pieces):
            left = [p for p in line if p not in taken]
            if not left:
                continue
            if page.stops[line[-1]] - page.starts[line[0]] < 400:
                text = page.fold(line).casefold()
                rest = text if len(left) == len(line) else page.fold(left).casefold()
                if _DIGITS.sub("#", text) in recurring or _DIGITS.sub("#", rest) in recurring:
                    continue
                if text in BUTTONS or rest in BUTTONS:
                    continue
                if not own and (is_date(text) or is_date(rest)):
                    continue
                if _COUNTER.match(text):
                    continue
                if not any(c.isalnum() for c in text):
                    continue
            own.update(left)
        prose.append(own)
        weights = _weights(page, own, one.record)
        whole = sum(page.stops[p] - page.starts[p] for p in own)
        whole = min(whole, 3000)  # one long text must not decide alone
        total += whole
        seen: set[str] = set()
        for element in one.record.elements:
            weight = weights.get(element.index)
            if not weight or element.index in roots:
                continue
            key = keys(element)
            if key in seen:
                continue
            seen.add(key)
            covered[key] += min(weight, 3000)
            present[key] += 1
            sizes[key] += 1 + element.last - element.first
            depth.setdefault(key, sum(1 for _ in zip(range(60), element.ancestors, strict=False)))
            for meta in (one.author_element, one.date_element):
                if meta is not None and element.contains(meta) and (meta is not element):
                    holds_meta[key] += 1
                    break
    holders = sum(bool(p) for p in prose)

    def named(key: str) -> bool:
        return any(BODY_WORDS.search(t) for t in re.split(r"[.#]", key.rpartition(">")[2])[1:])

    def fits(key: str) -> bool:
        if not total or present[key] < 0.6 * holders:
            return False
        if _PARAGRAPH.search(key) and not named(key):
            return False  # one of several paragraphs, for all one knows
        return covered[key] >= (0.5 if named(key) else 0.75) * total

    chosen: str | None = None
    cut_out = False
    for allow_meta in (False, True):
        enough = [
            key
            for key in covered
            if fits(key) and (allow_meta or holds_meta[key] <= 0.2 * present[key])
        ]
        if allow_meta:  # its author or date is cut out of it; the named and well filled only
            enough = [k for k in enough if covered[k] >= (0.6 if named(k) else 0.9) * total]
        if enough:
            best = max(covered[key] for key in enough)
            cut_out = allow_meta
            pool = [k for k in enough if named(k) and covered[k] >= 0.9 * best] or [
                k for k in enough if covered[k] >= 0.97 * best
            ]
            chosen = max(pool, key=lambda k: (depth[k], -sizes[k]))
            break
    for one, own in zip(fields, prose, strict=True):
        if chosen is not None:
            for element in one.record.elements:
                if element.index not in roots and keys(element) == chosen:
                    if cut_out:
                        own &= set(range(element.first, element.last))
                        break
                    one.body = (_lifted(page, element, one, own, roots),)
                    break
        if not one.body:
            one.pieces = [p for p in one.record.pieces if p in own]


def _lifted(
    page: Page, element: Element, one: Fields, own: set[int], roots: frozenset[int]
) -> Element:
    """From the text to what holds it and its title, or its other paragraphs, and nothing else."""
    parent = element.parent
    if parent is None or parent.index in roots or element.index in roots:
        return element
    metas = [m for m in (one.author_element, one.date_element) if m is not None]
    if any(parent.contains(meta) for meta in metas):
        return element
    for child in parent.children:
        if child is element or child.last <= child.first:
            continue
        if child.tag not in (
            "p",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "blockquote",
            "ul",
            "ol",
            "pre",
        ):
            return element
        if child.index > element.index and child.tag in ("ul", "ol") and element.tag != "p":
            return element  # a list of buttons, rather
        if child.tag[0] == "h" and (
            any(d.tag == "a" for d in child.descendants) or _is_topic(page, child.text)
        ):
            return element
        if not any(p in own for p in range(child.first, child.last)):
            return element
    return parent


def _is_topic(page: Page, text: str) -> bool:
    """Whether a title only repeats the page's ("Re: …")."""
    text = re.sub(r"(?i)^\s*(?:re|aw|sv|antw|vs|odp|fwd?)\s*:\s*", "", text).casefold()
    return len(text) < 3 or text[:60] in (page.title() or "").casefold()


def _weights(page: Page, own: set[int], record: Record) -> dict[int, float]:
    """Characters of prose inside each owned element that has any."""
    weights: dict[int, float] = {}
    for piece in own:
        size = page.stops[piece] - page.starts[piece]
        place: Element | None = page.elements[page.owners[piece]]
        for _ in range(60):
            if place is None:
                break
            weights[place.index] = weights.get(place.index, 0) + size
            if place in record.roots:
                break
            place = place.parent
    return weights


def _cut_bodies(
    page: Page, fields: list[Fields], selectors: Selectors, roots: frozenset[int], keys: Keys
) -> None:
    """Take the body's own pieces without what is not text; mark quotes."""
    for one in fields:
        record = one.record
        if one.body:
            own = set(record.pieces)
            pieces = [p for b in one.body for p in range(b.first, b.last) if p in own]
            whole_record = any(b in record.roots for b in one.body)
            away: set[int] = set()
            for element in _pick_all(record, selectors.drop, roots):
                if not any(element.contains(b) and element is not b for b in one.body):
                    away.update(range(element.first, element.last))
            for element in record.elements:
                if (
                    element.tag in ("button", "form")
                    or any(_NOT_WRITTEN.match(t) for t in element.classes)
                ) and not any(element.contains(b) for b in one.body):
                    away.update(range(element.first, element.last))
            holds_author = one.author_element is not None and any(
                b.contains(one.author_element) and b is not one.author_element for b in one.body
            )
            holds_date = one.date_element is not None and any(
                b.contains(one.date_element) and b is not one.date_element for b in one.body
            )
            if whole_record or holds_author or holds_date:
                away |= _meta_pieces(page, one, _controls(one, selectors.drop, roots))
            one.pieces = [p for p in pieces if p not in away]
        one.pieces = _trim(page, one)
        own = set(one.pieces)
        if not own:
            continue
        inner = set(own)
        if selectors.quote:
            hits = _pick_all(record, selectors.quote, roots)
        else:
            hits = [
                e
                for e in record.elements
                if e.tag == "blockquote" or (e.classes and _is_quote(e) and e.tag != "q")
            ]
        for element in sorted(hits, key=lambda e: e.index):
            if element.index in roots or element.first >= element.last:
                continue
            if any(element.contains(b) for b in one.body):
                continue
            held = [p for p in range(element.first, element.last) if p in inner]
            if held and (len(held) < len(inner) or one.body):
                one.quotes.append(element)


def _trim(page: Page, one: Fields) -> list[int]:
    """Drop buttons left at both ends of the text."""
    lines = _lines(page, one.pieces)
    while lines and (_is_button(page, lines[-1]) or _is_edit_notice(page, lines[-1])):
        lines.pop()
    while lines and not one.body and _is_button(page, lines[0]):
        lines.pop(0)
    if len(lines) > 1 and _is_answer_title(page, lines[0]):
        lines.pop(0)
    for number, line in enumerate(lines):
        rest = page.stops[lines[-1][-1]] - page.starts[line[0]]
        if number and rest < SIGNATURE and _RULE.fullmatch(page.fold(line[:1])):
            del lines[number:]
            break
    return [piece for line in lines for piece in line]


SIGNATURE = 500  # code points of page below a line of underscores that are still a signature
_RULE = re.compile(r"_{5,}|—{5,}")


def _is_answer_title(page: Page, line: list[int]) -> bool:
    """Whether a line only names what is answered: "Re: The new bridge" on that page."""
    if page.stops[line[-1]] - page.starts[line[0]] > 200:
        return False
    text = page.fold(line)
    return bool(re.match(r"(?i)(?:re|aw|sv|antw|vs|odp)\s*:", text)) and _is_topic(page, text)


_EDITED = re.compile(
    r"(?i)^\W*(?:(?:zuletzt |nachträglich )?(?:geändert|bearbeitet|editiert|modifiziert) "
    r"(?:von|am|durch|\d)|"
    r"(?:this (?:post|comment|message) (?:has been |was )?)?(?:last )?(?:edited|modified|"
    r"updated) (?:by|on|at|\d+ time)|"
    r"(?:der |dieser )?beitrag wurde .{0,30}(?:bearbeitet|editiert|geändert)|last edit(?:ed)?:|"
    r"(?:message |dernière )?(?:modifi(?:é|cation)|édité)(?:e?)? (?:par|le|en dernier)|"
    r"dernière édition par|"
    r"(?:última )?(?:edición|edição|edição por|editado|modificado) (?:por|el|em|última)|última "
    r"vez (?:editado|modificado)|"
    r"(?:ultima )?modific(?:a|ato) (?:di|da|il|effettuata)|laatst (?:bewerkt|gewijzigd|aangepast)|"
    r"(?:ostatnio )?(?:edytowan[ey]|zmieniony) (?:przez|w)|(?:senast )?(?:redigera[dt]|ändrad) "
    r"(?:av|:)|"
    r"sist (?:redigert|endret) av|sidst redigeret af|последний раз редактировалось|отредактировано)"
)


def _is_edit_notice(page: Page, line: list[int]) -> bool:
    """ "Last edited by X; Apr 12, 2020" below a text: written by the system."""
    if page.stops[line[-1]] - page.starts[line[0]] > 600:
        return False
    text = page.fold(line)
    return len(text) < 200 and bool(_EDITED.match(text)) and any(c.isdigit() for c in text)


def _is_button(page: Page, line: list[int]) -> bool:
    if page.stops[line[-1]] - page.starts[line[0]] > 200:
        return False
    if all(_linked(page, piece) for piece in line):
        text = page.fold(line).casefold().strip(" .·•|»«[]()>↩↑")
        return text in BUTTONS
    return False


def _linked(page: Page, piece: int) -> bool:
    place: Element | None = page.elements[page.owners[piece]]
    for _ in range(4):
        if place is None:
            return False
        if place.tag in ("a", "button"):
            return True
        place = place.parent
    return False
