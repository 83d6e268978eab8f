"""An article, then paragraphs that are comments, with no names at all: told by the register.

The weakest layout. It is believed only where the end of the document speaks otherwise than its
beginning *and* something else shows that readers speak there: they quote the article's own words,
they join their paragraphs by a lone dash, they answer somebody, they write as one does in haste.
"""

from __future__ import annotations

from moderation.threads.dumps.found import Dump, Found, Item, is_running
from moderation.threads.dumps.lines import Line, span_of
from moderation.threads.dumps.register import Register, measure, split_words

LAYOUT = "bare-paragraphs"
FEWEST = 3  # comments; less is an author's note or a letter
QUOTED_WORDS = 6  # words in a row that a quotation shares with the article
CONFIDENCE = 0.4  # of each comment: where one ends is a guess


def find(dump: Dump) -> Found | None:
    """Split the document in article and remarks; None where nothing speaks for it."""
    pieces = [paragraph.lines for paragraph in dump.paragraphs]
    lone = [len(piece) == 1 and piece[0].dash for piece in pieces]
    texts = [" ".join(line.shown for line in piece) for piece in pieces]
    registers = [measure(text) for text in texts]
    split = _split(registers, lone)
    if split is None:
        return None
    speech = [(index, register) for index, register in enumerate(registers) if not lone[index]]
    before = [register for index, register in speech if index < split]
    tail = [register for index, register in speech if index >= split]
    if sum(register.words for register in before) < 60 or len(before) < 2:
        return None
    items = _items(pieces[split:], lone[split:])
    if len(items) < FEWEST:
        return None
    tail = [
        register for register, dash in zip(registers[split:], lone[split:], strict=True) if not dash
    ]
    if not is_running(dump.paragraphs[:split], 0.7) or not is_running(dump.paragraphs[split:]):
        return None  # a page with its menus
    if sum(1 for register in tail if register.words <= 3) > 0.25 * len(tail):
        return None  # names or titles stand between the texts
    early = sum(1 for register in before if register.remark > 0) / len(before)
    late = sum(1 for register in tail if register.remark > 0) / len(tail)
    if late < 0.4 or late - early < 0.35:
        return None
    score, cues = 0.1 + 0.3 * (late - early), [f"remarks {early:.0%} before, {late:.0%} after"]
    if _quotes_article(texts[:split], tail):
        score += 0.3
        cues.append("the article is quoted word by word")
    dashes = sum(lone[split:])
    if dashes and not any(lone[:split]):
        score += 0.2
        cues.append(f"{dashes} lone dashes join paragraphs")
    speaking = sum(1 for register in tail if register.first_person)
    if speaking >= 2 and not any(register.first_person for register in before):
        score += 0.1
        cues.append(f"first person in {speaking} of {len(tail)}")
    if any(register.questions for register in tail) and not any(
        register.questions for register in before
    ):
        score += 0.05
        cues.append("questions")
    hasty = sum(1 for register in tail if register.informal or register.lower_starts)
    if hasty >= 2 and not any(register.informal or register.lower_starts for register in before):
        score += 0.15
        cues.append(f"hasty writing in {hasty}")
    if len(cues) < 3:
        return None
    reason = f"article, then {len(items)} paragraphs of another register; " + ", ".join(cues)
    return Found(LAYOUT, min(score, 0.65), reason, items, pieces[split][0].visible)


def _split(registers: list[Register], lone: list[bool]) -> int | None:
    """Where the weight of evidence for remarks, summed to the end, is greatest."""
    total, best, split = 0.0, 0.5, None
    for index in range(len(registers) - 1, -1, -1):
        if lone[index]:
            continue
        total += registers[index].remark
        if total > best and registers[index].remark > 0:
            best, split = total, index
    return split


def _items(pieces: list[list[Line]], lone: list[bool]) -> list[Item]:
    items: list[Item] = []
    joined = False
    for piece, dash in zip(pieces, lone, strict=True):
        if dash:
            joined = bool(items)
        elif joined:
            items[-1].spans.append(span_of(piece))
            joined = False
        else:
            items.append(Item(spans=[span_of(piece)], confidence=CONFIDENCE))
    return items


def _quotes_article(article: list[str], tail: list[Register]) -> bool:
    """Whether a quotation after the split repeats words of the article in the same order."""
    grams: set[tuple[str, ...]] = set()
    for text in article:
        found = split_words(text)
        grams.update(
            tuple(found[index : index + QUOTED_WORDS])
            for index in range(len(found) - QUOTED_WORDS + 1)
        )
    for register in tail:
        for quoted in register.quoted:
            found = split_words(quoted)
            for index in range(len(found) - QUOTED_WORDS + 1):
                if tuple(found[index : index + QUOTED_WORDS]) in grams:
                    return True
    return False
