"""Chunks as written -> words as meant, each with its place in the original.

    text ── split ──► chunks (white-space separated) ── Lexer.read ──► words + marks

A *chunk* is what `str.split` yields. A *word* is what a reader would take it for: lower case,
marks stripped, look-alike letters folded, leet and masks undone, stretched letters and glued
words taken apart. Each word keeps the half-open range of the chunk that it came from, so whatever
is reported later points into the text as written.

Only chunks that the vocabulary does not know take the slow path, and every chunk's reading is
remembered by its caller, so undoing tricks costs little on ordinary text. Nothing is undone
unless the result is a word that is known: inventing abuse in harmless text is the worse error.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from moderation.reading.disguises import MASKED, Disguises
from moderation.reading.gluing import Splitter
from moderation.reading.lazy import halves
from moderation.reading.repairing import Repairer
from moderation.reading.spelling import LIKELY, LONG, Speller
from moderation.reading.text import (
    BREAK,
    CODED,
    ENDS,
    MAIL,
    MAX_CHUNK,
    NUMBER,
    OUTER,
    PARTS,
    PAUSE,
    PLAIN,
    PUNCTUATION,
    SHOUT,
    URL,
    bare,
    edges,
    find_marks,
    group_letters,
    unescape,
    writing,
)
from moderation.reading.words import (
    MARK_CAPS,
    MARK_CENSORED,
    MARK_MENTION,
    MARK_NUMBER,
    MARK_URL,
    MAX_WORD,
    ODD,
    Reading,
    Tables,
    Word,
    place_words,
)

_CONTRACTED = frozenset(["ll", "re", "ve", "nt", "em", "im", "til"])  # "they ll" is no fragment


class Lexer:
    """Reads chunks with the knowledge in `tables`. Thread-safe after construction.

    What a `sieve` tells its parts afterwards is what they would find themselves: it saves time.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._known = tables.vocabulary
        self._offensive = tables.offensive
        meant = () if tables.context is None else tables.meant
        self._slips = {} if tables.context is None else tables.slips
        self.speller = Speller(
            tables.vocabulary, tables.offensive, tables.telling, meant, tables.names, tables.common
        )
        self._edges: dict[tuple[str, str], tuple[tuple[str, ...], int]] = {}
        self._parts: dict[str, tuple[str, bool]] = {}
        self.splitter = Splitter(tables.vocabulary, tables.offensive, tables.telling)
        self.disguises = Disguises(
            tables.vocabulary, tables.offensive, tables.leet, self.splitter, longest=MAX_WORD
        )
        self.repairer = Repairer(
            tables.vocabulary,
            tables.offensive,
            self.speller,
            self.splitter,
            self.disguises,
            longest=MAX_WORD,
        )
        split_words = [word for word in tables.offensive if 4 <= len(word) <= 12]
        self._heads, self._tails = halves(split_words)

    # ------------------------------------------------------------------ chunks

    def quick(self, chunk: str) -> tuple[str, tuple[str, ...], int] | None:
        """The word, marks and flags of a chunk that is one plain word; else None.

        Flags: 1 a sentence ends here, 2 a single letter, 4 no word that stands alone, 8 (16) it may
        be the first (second) half of an offensive word written apart, 128 its neighbours may show
        that another word is meant (`second`). `read` says the same of plain words.
        """
        plain = PLAIN.fullmatch(chunk) if len(chunk) <= MAX_WORD else None
        if plain is None:
            return None
        lead, core, tail = plain.groups()
        word = bare(core.lower())
        written = word
        doubtful = False
        if word not in self._known:
            if "*" in lead or "*" in tail or "_" in lead or "_" in tail or "'" in core:
                return None
            resolved = self.repairer.resolve(word, writing(core))
            if len(resolved) != 1:
                return None
            word = resolved[0]
            doubtful = word == written and self.speller.doubts(word)
        flags = self.flags_of(written)
        if doubtful:
            flags |= 128
        if tail:
            flags &= ~8
        if lead:
            flags &= ~16
        marks: tuple[str, ...] = ()
        if lead or tail:
            edge = self._edges.get((lead, tail))
            if edge is None:
                ends = bool(tail) and ENDS.search(tail) is not None
                edge = (find_marks("", lead + tail), int(ends))
                if len(self._edges) < 10_000:
                    self._edges[(lead, tail)] = edge
            marks = edge[0]
            flags |= edge[1]
        if core.isupper() and len(core) > 2:
            marks = (MARK_CAPS, *marks)
        return word, marks, flags

    def flags_of(self, word: str) -> int:
        """The flags of a bare word, as written, with nothing about it; see `quick`."""
        flags = 2 if len(word) == 1 else 0
        rank = self._known.get(word)
        if rank is None:
            flags |= 4 if 2 <= len(word) <= 8 else 0
        elif 2 <= len(word) <= 3 and rank >= ODD and word not in _CONTRACTED:
            flags |= 4
        if word in self._slips:
            flags |= 128
        if word in self._heads:
            flags |= 8
        if word in self._tails:
            flags |= 16
        return flags

    def flags_of_many(self, words: list[str]) -> list[int]:
        """`flags_of` each of many words, most of which nobody knows."""
        known, heads, tails = self._known, self._heads, self._tails
        some = known.keys() & words
        some |= (heads.keys() & words) | (tails.keys() & words) | (self._slips.keys() & words)
        flags = [4 if 2 <= len(word) <= 8 else 2 if len(word) == 1 else 0 for word in words]
        if some:
            for place, word in enumerate(words):
                if word in some:
                    flags[place] = self.flags_of(word)
        return flags

    def flags_of_known(self) -> dict[str, int]:
        """`flags_of` the known words, those that have flags and some others."""
        known = self._known
        some = {word for word in known if len(word) <= 3}
        some |= known.keys() & (self._heads.keys() | self._tails.keys() | self._slips.keys())
        return {word: self.flags_of(word) for word in some}

    def knows(self, words: Sequence[str]) -> list[bool]:
        """Whether each bare word is in the vocabulary."""
        return list(map(self._known.__contains__, words))

    def read(self, chunk: str) -> Reading:
        """Read one chunk; never fails, whatever the characters."""
        fast = self.quick(chunk)
        if fast is not None:
            plain = PLAIN.fullmatch(chunk)
            assert plain is not None  # quick found it
            word, marks, flags = fast
            place = Word(word, plain.start("core"), plain.end("core"))
            return Reading((place,), marks, bool(flags & 1), bool(flags & 2))
        return self.read_other(chunk)

    def second(self, chunk: str) -> tuple[str, Mapping[str, float], bool] | None:
        """What a chunk may mean besides what it says, None where there is no doubt.

        Its word; others, with the bits that neighbours must speak for each; whether it is written
        like a name. Of a word that nobody knows, the letters have said so of names already.
        """
        plain = PLAIN.fullmatch(chunk)
        if plain is None or "'" in chunk or "’" in chunk:
            return None
        word = plain["core"].lower()
        if word in self._known:
            found = self._slips.get(word)
            return None if found is None else (word, found, plain["core"].istitle())
        others = self.speller.others(word, writing(plain["core"]))
        return (word, others, False) if others else None

    def read_other(self, chunk: str) -> Reading:
        """`read` of a chunk in which `quick` finds no plain word."""
        if chunk == BREAK:
            return Reading(ends=True)
        if chunk[:1].isdecimal() and len(chunk) <= MAX_WORD and NUMBER.match(chunk):
            return Reading(
                marks=(*find_marks("", chunk), MARK_NUMBER), ends=ENDS.search(chunk) is not None
            )
        if len(chunk) > MAX_CHUNK:
            return self._read_long(chunk)
        coded = CODED.fullmatch(chunk) if len(chunk) <= MAX_WORD else None
        if coded is not None:
            reading = self._read_coded(chunk, coded)
            if reading is not None:
                return reading
        return self._read_slowly(chunk)

    def _read_coded(self, chunk: str, coded: re.Match[str]) -> Reading | None:
        """What `_read_slowly` says of letters and digits with punctuation about them.

        None where they may be more than a word: a number with its unit, an address.
        """
        start, end = coded.span("core")
        core = chunk[start:end].lower()
        if core.endswith("www") or (core[0].isdigit() and NUMBER.match(chunk.lower())):
            return None
        word = core
        if core not in self.disguises.cleared:
            word = (self.disguises.unleet(core) if len(core) >= 3 else None) or core
        if word is core and core not in self.disguises.cleared:
            word = next(iter(self.repairer.respelled(core)), core)
        marks = find_marks(chunk, chunk[:start] + chunk[end:])
        return Reading((Word(word, start, end),), marks, ENDS.search(chunk[-20:]) is not None)

    def _read_long(self, chunk: str) -> Reading:
        words: list[Word] = []
        marks: dict[str, None] = {}
        for offset in range(0, len(chunk), MAX_CHUNK):
            piece = self._read_slowly(chunk[offset : offset + MAX_CHUNK])
            words += [Word(w.text, w.start + offset, w.end + offset) for w in piece.words]
            marks.update(dict.fromkeys(piece.marks))
        return Reading(tuple(words), tuple(marks), ENDS.search(chunk[-20:]) is not None)

    def read_joined(self, pieces: Iterable[str]) -> Reading | None:
        """Read chunks that may be one word written apart ("i d i o t", "id iot").

        None unless the joined letters are an offensive word, or words of which one is offensive;
        ranges count from the first piece's start in `" ".join(pieces)`.
        """
        pieces = tuple(pieces)
        core = "".join(pieces).lower()
        # Most pairs of words are no other together: that is seen before places are looked for.
        plain = core.isascii() and core.isalpha() and len(core) > len(pieces)
        if plain and (len(core) < 3 or self._read_apart(core, by_letter=False) is None):
            return None
        joined = " ".join(pieces)
        letters, origin = self._clean(joined)
        groups = group_letters(letters)
        by_letter = sum(map(len, groups)) == joined.count(" ") + 1
        # A chunk of nothing but what is dropped makes no room for one of two letters.
        by_letter = by_letter and all(b > a + 1 for at in groups for a, b in itertools.pairwise(at))
        if not by_letter:
            groups = [[at for group in groups for at in group]]
        words: list[Word] = []
        found = False
        for group in groups:
            core = "".join(letters[at] for at in group)
            meant = self._read_apart(core, by_letter=by_letter) if len(core) >= 3 else None
            found = found or meant is not None
            words += place_words(meant or list(core), [origin[at] for at in group], core)
        if not found:
            return None
        ends = ENDS.search(joined[-20:]) is not None
        return Reading(tuple(words), find_marks("", joined), ends)

    def _read_apart(self, core: str, *, by_letter: bool) -> list[str] | None:
        """The words of letters that were written apart, None unless one is offensive.

        Letter by letter harmless words are spelt too; they count where they are long enough.
        """
        if not core.isalpha():
            found = self.disguises.unleet(core)
            return [found] if found is not None and found in self._offensive else None
        if core in self._offensive:
            sure = by_letter or len(core) >= LONG or self._known.get(core, LIKELY) < LIKELY
            return [core] if sure else None
        squeezed = self.repairer.squeeze(core) if by_letter or len(core) >= 6 else None
        if squeezed in self._offensive:
            return [str(squeezed)]
        if not by_letter:
            return None
        words = self.splitter.split(core)
        if words is None and len(core) >= 4 and core in self._known:
            words = [core]
        if words is None and core[-1] in "aiu" and core[:-1] in self._offensive:
            words = [core[:-1], core[-1]]  # "what the h e l l I …"
        if words is None and len(core) >= 8:
            words = self.splitter.part(core)
        return words

    # ------------------------------------------------------------------ slow path

    def _clean(self, chunk: str) -> tuple[list[str], list[int]]:
        """Lower-case letters with the index that each came from; marks and invisibles dropped."""
        if chunk.isascii():
            if chunk.isprintable():
                return list(chunk.lower()), list(range(len(chunk)))
            kept = [i for i, char in enumerate(chunk) if char >= " "]
            return [chunk[i].lower() for i in kept], kept
        letters: list[str] = []
        origin: list[int] = []
        foreign = False
        for i, char in enumerate(chunk):
            if char < "\x80":
                if char >= " ":
                    letters.append(char.lower())
                    origin.append(i)
                continue
            parts = self._parts.get(char)
            if parts is None:
                parts = self._take_apart(char)
            foreign = foreign or parts[1]
            for low in parts[0]:
                letters.append(low)
                origin.append(i)
        fold = self.tables.homoglyphs
        if not foreign and not any(c in fold for c in letters if c >= "\x80"):
            return letters, origin
        latin = any("a" <= c <= "z" for c in letters)
        foreigners = [c for c in letters if c >= "\x80" and c.isalpha()]
        if not latin and foreigners:
            # A word wholly of another script is left alone unless it spells an offensive one.
            folded = "".join(fold.get(c, c) for c in letters if c.isalpha())
            living = all("\u0370" <= c < "\u1d00" or "\u1e00" <= c < "\ua720" for c in foreigners)
            if not (
                len(folded) > 4 and self.repairer.is_likely(folded)
                if living
                else folded in self._known or (len(folded) > 3 and folded in self._offensive)
            ):
                return letters, origin
        out: list[str] = []
        places: list[int] = []
        for char, place in zip(letters, origin, strict=True):
            for low in fold.get(char, char) if char >= "\x80" else char:
                out.append(low)
                places.append(place)
        return out, places

    def _take_apart(self, char: str) -> tuple[str, bool]:
        """The small letters or signs of one that is not ASCII, and whether it is a foreign letter.

        No letters where it is a mark or invisible.
        """
        lows: list[str] = []
        category = unicodedata.category(char)
        if category[0] != "C" and category not in ("Mn", "Me"):
            # a ligature has at most three letters; a few signs stand for whole phrases
            for part in unicodedata.normalize("NFKD", char)[:6]:
                if not unicodedata.combining(part):
                    lows += [low for low in part.lower() if not unicodedata.combining(low)]
        is_latin = char < "\u0250" or "\u1e00" <= char <= "\u1eff"
        parts = "".join(lows), category[0] == "L" and not is_latin
        if len(self._parts) < 10_000:
            self._parts[char] = parts
        return parts

    def _read_slowly(self, chunk: str) -> Reading:
        if "&" in chunk and ";" in chunk:
            plain, places = unescape(chunk)
            if plain != chunk:
                inner = self._read_stretches(plain)
                return inner._replace(
                    words=tuple(
                        Word(w.text, places[w.start][0], places[w.end - 1][1]) for w in inner.words
                    ),
                )
        return self._read_stretches(chunk)

    def _read_stretches(self, chunk: str) -> Reading:
        ends = ENDS.search(chunk[-20:]) is not None
        marks = dict.fromkeys(find_marks(chunk, edges(chunk)))
        words: list[Word] = []
        rest_start = 0
        if not chunk.isascii():
            # Emoji are words of their own; the stretches between them are read like chunks.
            for start, end, spoken in self._emoji(chunk):
                if start > rest_start:
                    self._read_stretch(chunk, rest_start, start, words, marks)
                words += [Word(w, start, end) for w in spoken.split()]
                rest_start = end
        if rest_start < len(chunk):
            self._read_stretch(chunk, rest_start, len(chunk), words, marks)
        alone = len(words) == 1
        single = alone and len(words[0].text) == 1
        return Reading(tuple(words), tuple(marks), ends, single)

    def _emoji(self, chunk: str) -> Iterable[tuple[int, int, str]]:
        table = self.tables.emoji
        i, n = 0, len(chunk)
        while i < n:
            char = chunk[i]
            if char < "\u2000" or (char not in table and unicodedata.category(char) != "So"):
                i += 1
                continue
            end, spoken = i + 1, table.get(char)
            for length in range(min(8, n - i), 1, -1):
                found = table.get(chunk[i : i + length])
                if found is not None:
                    end, spoken = i + length, found
                    break
            if spoken is None:
                name = unicodedata.name(char, "symbol").lower()
                spoken = re.sub(r"[^a-z]+", "", name)[:MAX_WORD] or "symbol"
                if not name.isascii() or char < "\u2190" or "letter" in name or "number" in name:
                    i += 1  # circled letters and the like are read as letters
                    continue
            # variation selectors, skin tones and joiners belong to the emoji before them
            while end < n and (
                chunk[end] in "\ufe0f\ufe0e\u200d" or "\U0001f3fb" <= chunk[end] <= "\U0001f3ff"
            ):
                end += 1
            yield i, end, spoken
            i = end

    def _read_stretch(
        self, chunk: str, start: int, end: int, words: list[Word], marks: dict[str, None]
    ) -> None:
        """Read `chunk[start:end]`, which holds no emoji, into `words` and `marks`."""
        text = chunk[start:end]
        origin: Sequence[int]
        if text.isascii() and text.isprintable():
            text, origin = text.lower(), range(len(text))
        else:
            letters, origin = self._clean(text)
            text = "".join(letters)
            if len(letters) != len(text):  # pragma: no cover - every letter is one code point
                raise AssertionError("a cleaned letter is one code point")
        if ("." in text or ":" in text) and URL.search(text):
            marks[MARK_URL] = None
            return
        if "@" in text and MAIL.match(text):
            marks[MARK_MENTION] = None
            return
        if NUMBER.match(text):
            marks[MARK_NUMBER] = None
            return
        left, right = len(text) - len(text.lstrip(OUTER)), len(text.rstrip(OUTER))
        right = max(left, right)
        shout = SHOUT.search(text) if "!1" in text else None
        if shout and shout.start() > left:
            right = min(right, shout.start())
        if left == right or not (text[left].isalnum() or any(map(str.isalnum, text))):
            meant = self.disguises.unleet(text.strip(PUNCTUATION)) if "@" in text else None
            if meant in self._offensive:  # "@$$"
                words.append(Word(str(meant), start + origin[0], start + origin[-1] + 1))
                return
            stars = text.count("*")
            if stars >= 3 or (len(text) >= 3 and len(set(text) & set("#@$%&*!")) >= 3):
                marks[MARK_CENSORED] = None
            return

        def add(found: list[str], lo: int, hi: int) -> None:
            if len(found) == 1:
                words.append(Word(found[0], start + origin[lo], start + origin[hi - 1] + 1))
                return
            spots = [start + o for o in origin[lo:hi]]
            words.extend(place_words(found, spots, text[lo:hi]))

        core = text[left:right]
        if core.isalpha():
            # A mask at the edge ("*diot", "idio*") matters only where the rest is no word.
            if core not in self._known and (left or right < len(text)):
                masked = self.disguises.unmask(text.strip(" .,!?;:\"'()[]"))
                if masked is not None:
                    add([masked], left, right)
                    return
            written = chunk[start + origin[left] : start + origin[right - 1] + 1]
            add(self.repairer.resolve(core, writing(written)), left, right)
            return
        if core[0] in "@#" and core[1:].replace("_", "").isalnum():
            disguised = self.disguises.unleet(core)
            if disguised is not None and disguised in self._offensive and core[0] == "@":
                add([disguised], left, right)
            elif core[0] == "#":
                add(self.repairer.hashtag(core[1:]), left + 1, right)
            elif self._known.get("a" + core[1:], LIKELY) < MASKED and core[1:] not in self._known:
                add(["a" + core[1:]], left, right)  # "@mericans"
            else:
                marks[MARK_MENTION] = None
            return
        owned = "'" in core or "’" in core
        if owned and core.replace("'", "").replace("’", "").isalpha():
            add(self.repairer.resolve(bare(core.replace("’", "'"))), left, right)
            return
        whole = text[: shout.start() if shout else None].strip(PUNCTUATION)
        for candidate in dict.fromkeys((core, whole)):
            if candidate in self.disguises.cleared:
                continue
            found = self.disguises.read(candidate) or self.repairer.respelled(candidate)
            if found:
                lo = text.find(candidate)
                add(found, lo, lo + len(candidate))
                return
        # Otherwise: parts between symbols, each read on its own.
        pauses = [pause.span() for pause in PAUSE.finditer(text, left, right)]
        if pauses:
            at, as_written = left, isinstance(origin, range)
            for stop, after in (*pauses, (right, right)):
                if stop > at:
                    lo, hi = start + origin[at], start + origin[stop - 1] + 1
                    if as_written and text[at:stop].isalpha():  # what is said of it next, sooner
                        add(self.repairer.resolve(text[at:stop], writing(chunk[lo:hi])), at, stop)
                    else:
                        self._read_stretch(chunk, lo, hi, words, marks)
                at = after
            return
        for part in PARTS.finditer(text):
            piece = part.group()
            if piece.isdigit():
                marks[MARK_NUMBER] = None
            elif piece.isalpha():
                add(self.repairer.resolve(piece), part.start(), part.end())
            else:
                plain = bare(piece)
                add([plain[:MAX_WORD]], part.start(), part.end())
