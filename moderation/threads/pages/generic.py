"""Threads of systems never seen: which repeated records of a page are comments?

1. Elements that share a class, an id with a number, an attribute or a parent are groups.
2. Groups are ranked by how many members hold a date and how much text; the best are read with
   template induction (fields.py).
3. The group with the most complete records wins, if enough speaks for comments and little
   against it: words, reply buttons, anchors, avatars, nesting beside headlines that link to other
   pages, "read more", prices, sidebars. Silence is the better error.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from moderation.threads.pages.dates import find_date, is_date
from moderation.threads.pages.fields import (
    AUTHOR_WORDS,
    BODY_WORDS,
    BUTTONS,
    PROFILE_LINK,
    Fields,
    Selectors,
    _date_of,
    read_fields,
    stable,
)
from moderation.threads.pages.records import Record, make_records
from moderation.threads.pages.tree import Element, Page

COMMENT_WORDS = re.compile(
    r"comment|kommentar|comentario|commentaire|commento|reactie|reaction-?item|opinion|"
    r"discuss|antwort|réponse|respuesta|risposta|odpowied|komentar|yorum|посилання|"
    r"отзыв|коммент|talkback|guestbook|gaestebuch|shout",
    re.IGNORECASE,
)
REPLY_WORDS = re.compile(r"repl(?:y|ies)|respon[sd]e|answer", re.IGNORECASE)
POST_WORDS = re.compile(r"post|message|msg|thread|topic|beitrag|forum|posting|review|mensaje", re.I)
AGAINST_WORDS = re.compile(
    r"related|teaser|recent|latest|popular|trending|sidebar|widget|carousel|slider|product|price|"
    r"event|calendar|search-?result|archive|ticker|live-?blog|more-?stories|recommend|"
    r"promo|read-?more|navigation|breadcrumb|sponsor|outbrain|taboola|newsletter|playlist|"
    r"most-?read|most-?commented|top-?stories|headline|hot-?topics|similar|further|lastpost|"
    r"latest-?comments|byline|bio\b|gallery|shop|cart|podcast",
    re.IGNORECASE,
)
_BUTTON_WORDS = re.compile(
    r"(?i)^(?:reply|antworten|répondre|responder|rispondi|quote|zitieren|citer|citar|report|melden|"
    r"beitrag melden|signaler|svara|svar|odpowiedz|ответить|reageer|beantwoorden|返信|回复|"
    r"permalink|"
    r"flag|report abuse|log in to reply|reply to .{1,40}|reply with quote|report post|"
    r"vastaa|yanıtla|cevapla|válasz|odpovědět|add message|quote selected|parent|"
    r"report this (?:comment|post)|alerter|denunciar|segnala)$"
)
_MORE = re.compile(
    r"(?i)^(?:read more|continue reading|more|mehr|weiterlesen|weiter|lire la suite|leer más|"
    r"continua a leggere|leggi tutto|lees meer|lees verder|czytaj więcej|läs mer|читать "
    r"далее).{0,12}$"
)
_PANEL = re.compile(
    r"(?i)^(?:posts?|beiträge|messages?|joined|join(?:ing)? date|registered|registriert(?: "
    r"seit)?|location|"
    r"wohnort|mitglied seit|dabei seit|member since|inscrit(?: le)?|inscription|mensajes|"
    r"registrado|"
    r"ubicación|messaggi|iscritto(?: il)?|data registrazione|località|mensagens|registro|lid "
    r"sinds|berichten|"
    r"dołączył(?:\(a\))?|posty|skąd|inlägg|reg\.?datum|сообщени[яй]|сообщений|регистрация|"
    r"откуда|зарегистрирован|"
    r"reputation|reputación|karma|likes received|gefällt mir|anmeldungsdatum|karma|rep|from|"
    r"rank|gender|age|"
    r"thanks|thanked)\s*(?:[:：]|\d|$)"
)
_SAYS_AFTER = re.compile(
    r"(?i)\b(?:says|said|wrote|writes|sagt|schrieb|schreibt|meint|posted by|submitted by|"
    r"commented|dit|écrit|"
    r"dice|dijo|escribió|scrive|ha scritto|disse|escreveu|zegt|schreef|pisze|napisał|skrev|"
    r"kirjoitti|"
    r"пишет|писал|написал)\b"
)
# a link of a posting on an index page to the comments on it
_THEIR_COMMENTS = re.compile(
    r"(?i)[^#]#(?:comments?|disqus_thread|respond|kommentare)$|/comments/?$"
)
_PRICE = re.compile(r"[€$£¥]\s?\d|\d\s?(?:€|EUR|USD|zł|kr\b)")
# what stands above a list of comments: "Comments", "12 Kommentare", "Commentaires (3)"
HEADING = re.compile(
    r"(?i)^\W*(?:(?:all|alle|reader|readers['’]?|user|visitor|die|les|los|i|os)\s+)?"
    r"(?:\d[\d.,\s]*|no|one)?\s*"
    r"(?:comments?|kommentare?|leserkommentare?|lesermeinungen|commentaires?|comentarios?|commenti|"
    r"commento|coment[áa]rios?|reacties?|reactions|komentarz(?:e|y)?|komentarzy|kommentarer|"
    r"kommentit|kommentaarit|koment[áa]ř[eů]?|koment[áa]re|komentari|komentarji|komentar|"
    r"hozzász[óo]l[áa]s(?:ok)?|comentarii|yorum(?:lar)?|bình luận|σχόλι[αο]|коммента\w+|"
    r"комента\w+|комментар\w+|отзыв\w*|replies|responses?|answers?|antworten|réponses?|"
    r"respuestas?|risposte|respostas?|odpowiedzi|ответ\w*|svar|vastaukset|discussion|diskussion|"
    r"debate|opinions?|opiniones|opinie|meinungen|thoughts|guest ?book|gästebuch|livre d'or|"
    r"コメント(?:一覧)?|评论|評論|留言|回复|回應|网友评论|댓글|답글|تعليقات|التعليقات|תגובות|ความคิดเห็น)"
    r"(?:\s*[(\[:–-]?\s*\d[\d.,\s]*(?:件|条|條|개)?\s*[)\]]?)?"
    r"(?:\s+(?:on|to|zu|zum|zur|sur|à|sobre|su|a|en|for|für|about|к|на|do)\s.{1,90})?\W*$"
)
_ABOVE = 30  # pieces above the first record in which its heading is looked for
_NUMBERED = re.compile(r"\d{2,}")

TRIES = 14  # groups read in full
SAMPLE = 150  # records of a group that are read to judge it
LIKELY = 1.0  # points of a group that may be one half of a thread
ENOUGH = 4.0  # points that speak for comments, see `_points`


Group = list[tuple[Element, ...]]


@dataclass(eq=False, slots=True)
class Candidate:
    """Records with their fields; `points` speak for comments, `worth` compares candidates."""

    key: str
    records: list[Record]
    fields: list[Fields]
    points: float
    worth: float
    reasons: tuple[str, ...]
    parts: tuple[Group, ...] = ()


def find_thread(page: Page, note: list[str] | None = None) -> Candidate | None:
    """The group of records that most likely is the thread, or None."""
    dates = _dated(page)
    best: Candidate | None = None
    judged: list[Candidate] = []
    for key, groups in _ranked(page, dates):
        candidate = _judge(page, key, [groups])
        if candidate is None:
            continue
        judged.append(candidate)
        if note is not None:
            note.append(
                f"generic: {key}: {len(candidate.records)} records, worth {candidate.worth:.1f}, "
                f"points {candidate.points:.1f} ({', '.join(candidate.reasons)})"
            )
        if candidate.points >= ENOUGH and (best is None or candidate.worth > best.worth):
            best = candidate
    merged = _merge(page, judged)
    if merged is not None and (best is None or merged.worth > 1.1 * best.worth):
        best = merged
        if note is not None:
            note.append(
                f"generic: {best.key}: {len(best.records)} records, worth {best.worth:.1f}, "
                f"points {best.points:.1f} ({', '.join(best.reasons)})"
            )
    if best is not None and any(len(part) >= SAMPLE for part in best.parts):
        parts = [_all_of(page, key, dates) for key in best.key.split(AND)]
        records, fields = _read(page, parts)
        best = Candidate(
            best.key, records, fields, best.points, best.worth, best.reasons, tuple(parts)
        )
    return best


AND = " with "  # between the names of groups that make one thread


def _merge(page: Page, judged: list[Candidate]) -> Candidate | None:
    """The best thread of two groups: comments and replies, answers and notes, of unlike classes.

    The one must lie inside the records of the other, or both must be siblings that alternate; each
    must be complete without the other, so that a part of a record is never taken for a reply.
    """
    best: Candidate | None = None
    good = [c for c in judged if c.points >= LIKELY and not c.key.endswith((SIBLINGS, DATED))]
    good.sort(key=lambda c: -c.worth)
    for number, one in enumerate(good[:6]):
        for other in good[number + 1 : 8]:
            if max(one.points, other.points) < ENOUGH or not _belong_together(one, other):
                continue
            both = _judge(page, one.key + AND + other.key, [one.parts[0], other.parts[0]])
            if both is None or both.points < ENOUGH:
                continue
            if len(both.fields) < len(one.fields) + len(other.fields):
                continue
            if not _all_complete(both, one.parts[0]) or not _all_complete(both, other.parts[0]):
                continue
            if best is None or both.worth > best.worth:
                best = both
    return best


def _all_complete(both: Candidate, part: Group) -> bool:
    """Whether nearly all records of a part have a text, an author, and a date where any has."""
    roots = {group[0].index for group in part}
    fields = [one for one in both.fields if one.record.root.index in roots]
    dated = any(one.created_raw is not None for one in both.fields)
    whole = sum(
        bool(one.pieces) and one.author is not None and (one.created_raw is not None or not dated)
        for one in fields
    )
    # what holds the other part is none of it: something must be left when that is taken away
    holders = {one.record.outer.number for one in both.fields if one.record.outer is not None}
    left = all(
        one.pieces and one.author is not None for one in fields if one.record.number in holders
    )
    return left and whole >= 0.95 * len(fields)


def _belong_together(one: Candidate, other: Candidate) -> bool:
    """Whether two groups can be comments and replies: nested, or siblings that alternate."""
    if {r.root.index for r in one.records} & {r.root.index for r in other.records}:
        return False
    first, second = one.records[0], other.records[0]
    if first.root.parent is second.root.parent:
        if any(r.root.parent is not first.root.parent for r in (*one.records, *other.records)):
            return False
        start, end = one.records[0].root.index, one.records[-1].end
        low, high = other.records[0].root.index, other.records[-1].end
        return start < high and low < end and not _inside(one, other)
    outer, inner = (one, other) if first.root.index < second.root.index else (other, one)
    holders = _inside(outer, inner)
    if len(holders) < len(inner.records):
        return False
    # one in each: a part of the record, such as the panel with the author's name
    return len(set(holders)) < len(holders) or len(holders) < 0.8 * len(outer.records)


def _inside(outer: Candidate, inner: Candidate) -> list[int]:
    """For each of `inner`'s records that lies in one of `outer`'s, the number of that."""
    starts = [r.root.index for r in outer.records]
    held: list[int] = []
    for record in inner.records:
        low = bisect_left(starts, record.root.index) - 1
        while low >= 0 and outer.records[low].end < record.end:
            outside = outer.records[low].outer
            if outside is None:
                break
            low = outside.number
        if low >= 0 and outer.records[low].end >= record.end:
            held.append(low)
    return held


def _dated(page: Page) -> list[int]:
    """Indices of elements that hold a date, sorted."""
    found = set()
    for element in page.elements:
        attributes = element.attributes
        if (
            element.tag == "time"
            or "datetime" in attributes
            or "title" in attributes
            or "data-time" in attributes
            or "data-timestamp" in attributes
            or "data-utime" in attributes
        ) and _date_of(page, element) is not None:
            found.add(element.index)
    for piece, owner in enumerate(page.owners):
        if page.stops[piece] - page.starts[piece] <= 160 and owner not in found:
            text = page.piece(piece)
            if is_date(text) or (len(text) < 120 and find_date(text) is not None):
                found.add(owner)
    return sorted(found)


def _keys_of(element: Element) -> Iterator[str]:
    tag = element.tag
    for token in element.classes[:12]:
        name = stable(token)
        if name and len(name) < 60:
            yield f"{tag}.{name}"
    identifier = element.id
    if identifier and any(c.isdigit() for c in identifier):
        yield f"{tag}#{re.sub(r'[0-9a-f]*[0-9][0-9a-f]*', '0', identifier)[:60]}"
    for name in ("itemtype", "itemprop", "data-testid", "role", "data-type", "typeof"):
        value = element.get(name)
        if value and len(value) < 80:
            yield f"{tag}[{name}={value}]"
    if "-" in tag:
        yield tag
    for name in ("data-comment-id", "data-post-id", "data-id", "data-author", "data-post"):
        if name in element.attributes:
            yield f"{tag}[{name}]"
    if (
        tag in ("li", "tr", "div", "article", "dt", "section", "td", "p", "table")
        and element.parent is not None
    ):
        yield f"{tag} in {element.parent.index}"
        if not element.classes and tag in ("li", "div", "article", "section"):
            inside = []
            for child in element.children:
                names = sorted(n for t in child.classes if (n := stable(t)))
                inside.append(".".join((child.tag, *names)))
                if len(inside) == 2:
                    yield f"{tag} of {inside[0]} {inside[1]}"
                    break
        if not element.classes and element.end > element.index + 1:
            inner = element.page.elements[element.index + 1]
            names = sorted(n for t in inner.classes if (n := stable(t)))
            if names:
                place = f"{tag} in {element.parent.index} with {inner.tag}.{'.'.join(names)}"
                yield place
                if inner.end > inner.index + 1:
                    deep = element.page.elements[inner.index + 1]
                    names = sorted(n for t in deep.classes if (n := stable(t)))
                    if names:
                        yield f"{place}>{deep.tag}.{'.'.join(names)}"


# what may begin a comment on pages whose texts stand between tags, in no element of their own
_LOOSE = frozenset(("b", "strong", "font", "h3", "h4", "h5", "em", "i", "span", "u"))


def _groups(page: Page) -> dict[str, list[Element]]:
    groups: dict[str, list[Element]] = defaultdict(list)
    loose: dict[int, bool] = {}
    for element in page.elements[1:]:
        if element.tag in ("html", "body", "head", "script", "style", "option", "meta", "link"):
            continue
        if element.last <= element.first:
            if element.tag == "hr" and element.parent is not None:
                groups[f"hr in {element.parent.index}"].append(element)
            continue
        if element.tag in _LOOSE and element.parent is not None:
            number = element.parent.index
            if number not in loose:  # text of its own beside its elements: an old board
                loose[number] = (
                    sum(
                        page.owners[piece] == number
                        for piece in range(element.parent.first, element.parent.last)
                    )
                    >= 2
                )
            if loose[number]:
                groups[f"{element.tag} in {number}"].append(element)
        for key in dict.fromkeys(_keys_of(element)):
            groups[key].append(element)
    return groups


def _ranked(page: Page, dates: list[int]) -> list[tuple[str, Group]]:
    """The most promising groups, as records' roots (sampled where there are many)."""
    ranked: list[tuple[float, str, Group]] = []
    seen: set[tuple[int, ...]] = set()
    for key, members in _groups(page).items():
        count = len(members)
        if count < 2 and not (COMMENT_WORDS.search(key) and "#" in key):
            continue
        members = members[:SAMPLE]
        mark = tuple(e.index for e in members[:40])
        if mark in seen:
            continue
        seen.add(mark)
        for manner in (ALONE, SIBLINGS, DATED):
            groups = _grouped(page, members, manner, dates)
            if not groups:
                continue
            size = 0
            dated = 0
            for group in groups:
                first, last = group[0].first, group[-1].last
                size += page.stops[last - 1] - page.starts[first] if last > first else 0
                low = bisect_left(dates, group[0].index)
                dated += low < len(dates) and dates[low] < group[-1].end
            share = dated / len(groups)
            words = (
                key
                + " "
                + " ".join(
                    " ".join(a.classes) + " " + a.id
                    for a, _ in zip(members[0].ancestors, range(4), strict=False)
                )
            )
            named = bool(COMMENT_WORDS.search(words)) + 0.5 * bool(
                REPLY_WORDS.search(words) or POST_WORDS.search(words)
            )
            named += 0.7 * bool(COMMENT_WORDS.search(key))
            named += _headed(page, members[0])
            if share < 0.5 and not named:
                continue
            if size < 20 * len(groups):
                continue
            rank = (1.0 + min(count, 60) ** 0.5) * (share + 0.25) * (1 + named)
            if manner:
                rank *= 0.8
            if AGAINST_WORDS.search(key):
                rank *= 0.5
            ranked.append((rank, key + manner, groups))
    ranked.sort(key=lambda r: -r[0])
    return [(key, groups) for _, key, groups in ranked[:TRIES]]


def _all_of(page: Page, key: str, dates: list[int]) -> Group:
    """All members of a group, however many."""
    manner = next((m for m in (SIBLINGS, DATED) if key.endswith(m)), ALONE)
    return _grouped(page, _groups(page)[key.removesuffix(manner)], manner, dates)


# How members of a group make records: each alone, each with the siblings behind it, or each that
# holds a date with the members behind it (a row with name and date, then a row with the text)
ALONE, SIBLINGS, DATED = "", " and siblings", " from date to date"


def _grouped(page: Page, members: list[Element], manner: str, dates: list[int]) -> Group:
    if manner == ALONE:
        return [(e,) for e in members]
    if manner == SIBLINGS:
        return _segments(page, members)
    starts = []
    for element in members:
        low = bisect_left(dates, element.index)
        if low < len(dates) and dates[low] < element.end:
            starts.append(element)
    if len(starts) < 2 or len(starts) > 0.7 * len(members):
        return []
    return _segments(page, starts)


def _segments(page: Page, members: list[Element]) -> Group:
    """Each member with the siblings behind it, up to the next member of the same parent."""
    parent = members[0].parent
    if parent is None or len(members) < 2 or any(e.parent is not parent for e in members):
        return []
    starts = {e.index for e in members}
    groups: list[list[Element]] = []
    extra = 0
    for child in parent.children:
        if child.index in starts:
            groups.append([child])
        elif groups:
            if child.index > members[-1].index and len(members) >= SAMPLE:
                break
            groups[-1].append(child)
            extra += child.last > child.first
    own = 0  # texts between the siblings that stand in the parent itself
    if extra < 0.6 * len(groups):
        pieces = range(groups[0][0].first, parent.last)
        own = sum(page.owners[piece] == parent.index for piece in pieces)
    if extra + own < 0.6 * len(groups):
        return []
    # what follows the last record is cut at the usual number of siblings
    usual = sorted(len(g) for g in groups[:-1])[len(groups[:-1]) // 2]
    groups[-1] = groups[-1][:usual]
    return [tuple(group) for group in groups]


def _read(page: Page, parts: list[Group]) -> tuple[list[Record], list[Fields]]:
    """Records of all parts together; the fields are induced for each part on its own."""
    records = make_records(page, [group for part in parts for group in part])
    if len(parts) == 1:
        return records, read_fields(page, records, Selectors())
    found: dict[int, Fields] = {}
    for part in parts:
        roots = {group[0].index for group in part}
        own = [record for record in records if record.root.index in roots]
        for one in read_fields(page, own, Selectors()):
            found[one.record.number] = one
    return records, [found[record.number] for record in records]


def _judge(page: Page, key: str, parts: list[Group]) -> Candidate | None:
    records, fields = _read(page, parts)
    if not records:
        return None
    complete = 0.0
    filled = 0
    sizes = []
    for one in fields:
        letters = sum(page.stops[p] - page.starts[p] for p in one.pieces)
        if letters < 2:
            continue
        filled += 1
        sizes.append(letters)
        complete += 0.4 + 0.3 * (one.author is not None) + 0.3 * (one.created_raw is not None)
    if not filled:
        return None
    points, reasons = _points(page, key, fields, filled, sizes)
    named = ("named comment", "inside comments", "below a heading")
    unnamed = not any(r.startswith(named) for r in reasons)
    if unnamed and complete < (0.75 if len(records) > 2 else 0.95) * len(records):
        points -= 1.5
        reasons.append("incomplete -1.5")
    nested = any(record.outer is not None for record in records)
    ratio = complete / len(records)
    # few chunks that hold several comments each, or parts of comments, are worth less
    worth = (
        complete * ratio * (1.15 if nested else 1.0) * (1 + 0.04 * max(-10.0, min(points, 12.0)))
    )
    bodies = sum(bool(one.body) for one in fields) / len(fields)
    worth *= 0.85 + 0.15 * bodies
    return Candidate(key, records, fields, points, worth, tuple(reasons), tuple(parts))


def _points(
    page: Page, key: str, fields: list[Fields], filled: int, sizes: list[int]
) -> tuple[float, list[str]]:
    """What speaks for comments and against: the sum, and each reason in a word."""
    points = 0.0
    reasons: list[str] = []
    count = len(fields)

    def add(value: float, reason: str) -> None:
        nonlocal points
        points += value
        reasons.append(f"{reason} {value:+g}")

    first = fields[0].record.root
    own = " ".join(
        (
            key,
            *first.classes,
            first.id,
            first.get("itemprop"),
            first.get("itemtype"),
            first.get("typeof"),
        )
    )
    around = " ".join(
        " ".join(a.classes) + " " + a.id for a, _ in zip(first.ancestors, range(6), strict=False)
    )
    tags = [a.tag for a in first.ancestors]
    if COMMENT_WORDS.search(own):
        add(2.5, "named comment")
    elif COMMENT_WORDS.search(around):
        add(2.0, "inside comments")
    if REPLY_WORDS.search(own):
        add(1.0, "named reply")
    if POST_WORDS.search(own) or POST_WORDS.search(around):
        add(0.8, "named post")
    if re.search(r"(?i)schema.org/(?:comment|answer|discussion|usercomments)|UserComments", own):
        add(3, "schema.org")
    if AGAINST_WORDS.search(own):
        add(-3.0, "named otherwise")
    elif AGAINST_WORDS.search(around):
        add(-2.0, "inside something else")
    if "nav" in tags or "footer" in tags:
        add(-2.0, "in nav or footer")
    if "aside" in tags and not COMMENT_WORDS.search(own):
        add(-1.5, "in aside")
    buttons = headlines = more = avatars = anchors = profiles = prices = timed = panels = says = (
        discussed
    ) = 0
    linked = 0.0
    for one in fields:
        has_button = has_headline = has_more = has_avatar = has_anchor = has_comments = False
        body = set(one.pieces)
        link_size = 0
        for element in one.record.elements:
            tag = element.tag
            if tag in ("a", "button", "input", "span", "li") and element.last - element.first <= 2:
                text = element.text if element.last > element.first else element.get("value")
                if len(text) <= 50 and _BUTTON_WORDS.match(text):
                    has_button = True
                elif len(text) <= 40 and _MORE.match(text):
                    has_more = True
            if tag == "a":
                href = element.get("href")
                if re.search(r"#\w*\d", href) or "replytocom" in href:
                    has_anchor = True
                has_comments = has_comments or bool(_THEIR_COMMENTS.search(href))
                link_size += sum(
                    page.stops[p] - page.starts[p]
                    for p in range(element.first, min(element.last, element.first + 50))
                    if p in body
                )
            elif tag in ("h1", "h2", "h3", "h4"):
                for inner in element.descendants:
                    if (
                        inner.tag == "a"
                        and _elsewhere(inner.get("href"))
                        and not PROFILE_LINK.search(inner.get("href"))
                        and element is not one.author_element
                        and not (one.author_element and element.contains(one.author_element))
                    ):
                        has_headline = True
                up = element.parent
                if up is not None and up.tag == "a" and _elsewhere(up.get("href")):
                    has_headline = True
            elif tag in ("img", "svg", "picture") and re.search(
                r"(?i)avatar|gravatar|profile|user",
                " ".join((*element.classes, element.get("src"), element.get("alt"))),
            ):
                has_avatar = True
            if any("avatar" in t.lower() for t in element.classes):
                has_avatar = True
        root_number = bool(_NUMBERED.search(one.record.root.id)) or any(
            n in one.record.root.attributes for n in ("data-comment-id", "data-post-id", "data-id")
        )
        buttons += has_button
        headlines += has_headline
        more += has_more
        discussed += has_comments
        avatars += has_avatar
        anchors += has_anchor or root_number
        if one.author_element is not None:
            href = one.author_element.get("href") or next(
                (d.get("href") for d in one.author_element.descendants if d.tag == "a"), ""
            )
            profiles += bool(PROFILE_LINK.search(href))
        timed += bool(
            one.created_raw
            and re.search(r"\d\d?[:.h]\d\d|ago|vor |il y a|hace|前", one.created_raw)
        )
        labels = 0
        for piece in one.record.pieces[:60]:
            if page.stops[piece] - page.starts[piece] <= 80 and piece not in body:
                labels += bool(_PANEL.match(page.piece(piece)))
        panels += labels >= 2
        if one.author_element is not None and one.author_element.parent is not None:
            around_name = one.author_element.parent.text
            says += len(around_name) < 120 and bool(_SAYS_AFTER.search(around_name))
        size = sum(page.stops[p] - page.starts[p] for p in one.pieces)
        linked += link_size / size if size else 0
        prices += bool(_PRICE.search(page.fold(one.record.pieces[:30])))
    nested = sum(one.record.outer is not None for one in fields)
    topic = re.sub(r"\W+", " ", (page.title() or "").casefold())[:24]
    if len(topic) > 8 and count >= 2:
        repeated = sum(
            topic in re.sub(r"\W+", " ", page.fold(one.record.pieces[:4]).casefold())
            and bool(re.search(r"(?i)\b(?:re|aw|sv|antw|odp):", page.fold(one.record.pieces[:4])))
            for one in fields
        )
        if repeated >= 0.5 * count:
            add(2.0, "answers to the title")
    if panels >= 0.5 * count:
        add(2.0, "member panels")
    if says >= 0.5 * count:
        add(1.0, "says")
    if buttons >= 0.5 * count:
        add(2.0, "reply buttons")
    if anchors >= 0.6 * count:
        add(1.2, "anchors")
    if avatars >= 0.5 * count:
        add(1.0, "avatars")
    if profiles >= 0.4 * count:
        add(1.0, "profiles")
    if timed >= 0.5 * count:
        add(0.7, "times")
    if nested:
        add(1.5, "replies")
    dated = sum(one.created_raw is not None for one in fields)
    named = sum(one.author is not None for one in fields)
    if dated >= 0.7 * count:
        add(1.0, "dates")
    elif dated < 0.3 * count:
        add(-1.5, "no dates")
    if named >= 0.7 * count:
        add(1.0, "authors")
    elif named < 0.4 * count:
        add(-2.5, "no authors")
    if _numbered(page, fields):
        add(1.5, "numbered")
    if _headed(page, first):
        add(2.5, "below a heading")
    names = {one.author for one in fields if one.author}
    if count >= 4 and len(names) == 1:
        add(-2.0, "one author")
    if filled < 0.6 * count:
        add(-2.0, "empty")
    texts = Counter(page.fold(one.pieces[:20]) for one in fields if one.pieces)
    if count >= 2 and texts and max(texts.values()) > 0.5 * count:
        add(-4.0, "one text")
    if headlines >= 0.5 * count:
        add(-4.0, "headlines")
    if discussed >= 0.5 * count:
        add(-4.0, "with comments of their own")
    if more >= 0.4 * count:
        add(-2.0, "read more")
    if linked >= 0.5 * count:
        add(-3.5, "links")
    if prices >= 0.4 * count:
        add(-2.0, "prices")
    if sum(sizes) / len(sizes) < (25 if count <= 2 and not dated else 12):
        add(-2.0, "short")
    elif sum(sizes) / len(sizes) > 60:
        add(0.5, "text")
    if count == 1:
        add(-1.5, "single")
    elif count == 2:
        add(-0.5, "only two")
    told = {"dates +1", "authors +1"}.issubset(reasons) and any(
        r.startswith(("member panels", "numbered")) for r in reasons
    )
    if not COMMENT_WORDS.search(own + around) and not nested and not _headed(page, first):
        add(-1.0 if count > 2 or told else -2.0, "unnamed")
    fields_named = sum(
        one.author_element is not None
        and any(AUTHOR_WORDS.search(t) for t in one.author_element.classes)
        and any(BODY_WORDS.search(t) for b in one.body for t in b.classes)
        for one in fields
    )
    if fields_named >= 0.7 * count:
        add(1.5, "named parts")
    return points, reasons


def _headed(page: Page, first: Element) -> bool:
    """Whether a heading above the first record announces comments; links to others do not."""
    size = 0
    for piece in range(first.first - 1, max(-1, first.first - 1 - _ABOVE), -1):
        size += page.stops[piece] - page.starts[piece]
        if size > 700:
            break
        if page.stops[piece] - page.starts[piece] > 140:
            continue
        owner = page.elements[page.owners[piece]]
        # the whole line: "Comments" alone or parted from its number by a tag
        line = owner.text if owner.last - owner.first <= 3 else page.piece(piece)
        if owner.tag in ("span", "b", "strong", "small", "em") and owner.parent is not None:
            up = owner.parent
            if up.last - up.first <= 3 and not HEADING.match(line):
                line = up.text
        if len(line) > 140 or not HEADING.match(line):
            continue
        if _NONE.match(line):
            return False
        tags = [owner.tag, *(a.tag for a, _ in zip(owner.ancestors, range(4), strict=False))]
        if not _NO_HEADING.intersection(tags):
            return not _ended(owner, first)
    return False


_NO_HEADING = frozenset(("a", "nav", "footer", "aside", "option", "button", "label", "form"))
_HEADER = re.compile(r"(?i)head|title|count|bar|tab|top|tool|label|sort|intro")
_NONE = re.compile(r"(?i)^\W*(?:0|no|keine?|aucun|sin|ning[uú]n|nessun|geen|brak|ingen|нет)\b")


def _ended(heading: Element, first: Element) -> bool:
    """Whether the part that a heading opens, and that says so, ends before the first record."""
    for place, _ in zip(heading.ancestors, range(6), strict=False):
        if place.contains(first):
            return False
        names = [name for name in (*place.classes, place.id) if COMMENT_WORDS.search(name)]
        if names and not any(_HEADER.search(name) for name in names):
            if place.last - place.first > 1:
                return True
        elif place.tag in ("section", "article", "fieldset") and place.last - place.first > 3:
            return True
    return False


_NUMBER = re.compile(r"(?:#|No\.?|Nr\.?|№)?\s?(\d{1,6})[.:)：]?")


def _numbered(page: Page, fields: list[Fields]) -> bool:
    """Whether the records bear numbers that rise or fall by one: "#1", "#2", "#3"."""
    numbers: list[int | None] = []
    for one in fields:
        found = None
        body = set(one.pieces)
        for piece in one.record.pieces[:12]:
            if piece in body or page.stops[piece] - page.starts[piece] > 12:
                continue
            match = _NUMBER.fullmatch(page.piece(piece))
            if match:
                found = int(match[1])
                break
        numbers.append(found)
    steps = [b - a for a, b in pairwise(numbers) if a is not None and b is not None]
    count = len(fields)
    return count >= 3 and max(steps.count(1), steps.count(-1)) >= 0.7 * (count - 1)


def _elsewhere(href: str) -> bool:
    """Whether a link leaves the page (no fragment, no script)."""
    return (
        bool(href) and "#" not in href and not href.lower().startswith(("javascript:", "mailto:"))
    )


__all__ = ["BUTTONS", "Candidate", "find_thread"]
