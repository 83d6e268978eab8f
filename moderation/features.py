"""Text -> hashed n-gram features, with numpy alone: the same code trains and scores.

    texts ── split ──► chunks ── ChunkTable (remembers readings) ──► words
          words ──► n-grams inside a word (a property of the chunk, remembered with it)
                └─► n-grams of words (hashed for all positions of a block at once)

Features of a chunk: each word, its character n-grams of 2 to 5 with word boundaries, its class,
and the marks of the writing (capitals, "!", …). Features of a sequence: word 2- and 3-grams; the
same with words of a telling class replaced by it ("all <group> are"); and n-grams of the classes
alone, with the words between them left out, where one of them is telling. N-grams never cross the
end of a sentence, so a document's counts are the sum of its sentences' counts.

A feature is a 64-bit hash: n-grams hash as a sum of code points (or word keys) times fixed odd
constants modulo 2^64, then one round of a multiply-xorshift mix. The high bits
choose a slot of the model's table, 16 other bits are the fingerprint that the slot must bear, so
that an n-gram which the model does not know adds nothing (up to one in 65,536 of the filled slots).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.chunks import Chunks, KeyIndex, cut, gather
from moderation.plain import MARKS, Tied, read_plain, read_tied, spell
from moderation.text import MAX_WORD, Lexer, Reading, locate, split

U64 = npt.NDArray[np.uint64]
I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
U8 = npt.NDArray[np.uint8]

N_MIN, N_MAX = 2, 5  # character n-grams
SMALL_TEXTS, SMALL_CHARS = 4, 2_000  # below, Python's own split and dict are faster than arrays
MAX_FEW = 50_000  # chunks that the dict for such texts holds before it starts again
MAX_CACHED = 300_000  # chunks remembered before the table starts again: about 40 MB
MAX_CACHED_CHARS = 8_000_000  # … or code points of them: a few megabyte-long chunks fill it too
FEW_CHUNKS = 24  # new chunks that are read one by one: arrays take as long
MAX_APART = 40  # letters written apart that are read as one word or a few
MAX_TRIES = 6  # places among so many letters where a word is looked for: the work stays linear

# Constants of the hash, part of the file format: odd numbers drawn once (PCG64, seed 20260701) and
# written down, because importing numpy.random takes as long as reading the model.
_CONSTANTS = (
    "5fc9ba0dfe21488d f52c84169d606a85 a6733d6d11be1c89 1d795ed99e34a013 84726ad90973f41d "
    "040d860b99b7d3c7 ce6a3c05f384ed63 00db1a87f916938b c296d3f08c6213c1 a2a634e1e5279995 "
    "cc861ab29e1b7a65 bac9d41b85c26441 ec86b20dac325e49 ed404ec692dc84ad 411797f4a87a3379 "
    "9581821b12a403c3 c4f409205f96c379 39a8a64a96c878c1 60a44ad32f7c2957 fff2e1e5ca789499 "
    "4c4f478e0ee72fc5 bfb5bf4e2d8b92dd 1933a6d960fa5843 2e12b08e0008e213 bcd9083442196b5f "
    "48b4612f1d649673 99f24fd8f9052967 46ef89decda2e6cf 59fe6f41f1114e13 538b8f8f4a15a45b "
    "ae23245fff8ed849 2d33816debfd16ad f3d21ade01fa8d9b 86eb1c3e9ec9707b 5924bfd4fb2cc829 "
    "1a437adfa7575ac3 052012453fb39d5b 09ccfbe16fdabb4f 1d8c92184c1e9859 93592fbf5335a60b "
    "136057ef9f7caac7 6d05619bc326281b f5725c127c7525d1 b67643190172af83 208071559d075523 "
    "a30b7264891b4cad b02642b3263944b5 6578433d16f6e855 7d69e2bcdd07de29 9f6b3c79aeabe9d9 "
    "40e35b26264727a5 0d8f9e8e2da8ce0d 3b1277b6199fe62d a3ded14f3e5268cb 069c038d9115119b "
    "382de699b814588f 4901927624ecf05b d5d86520b68f29d9 57f6f2426a6bd5b3 3ac7b79e2525ab1d "
    "34b944547776122b 4b172502c52f4f47 f5f03be33481bdf3 eb7fe4410f3b7e5f fb63b5dd88840e2b "
    "e663ae50395ca727 28ecb902af36132b eb5ca46958cc71c3 5d53c72395d1d199 fcf4fdc5694a8cd7 "
    "5dc5c33d73cfbb21 bd9fc42ce19fe221 a24029a7f2c763c1 8f994473cbd910b9 508648a9d0072145 "
    "0e3df0af005b39df 8683cc7d30a30d61 5070bf2068e27af5 dbe49aa06cc8473f 96c5db0b96e08bf5 "
    "37b101a6a4d4a251 64ff479e5efeb7f1 0ea2c5f66ca584bd b61d6fccde594947 8bb69bf02ab5841f "
    "22b7956acaecb609 fc29c16eeca2c481 185d577920e53dd1 f13f627edde2fb11 3fb9181d6a618ee3 "
    "48530c70309eca07 c4e296ab94020059 67c99be92b593dc3 5a754e1b486a856b 80cd361938965dab "
    "ef2544fa64471f6d e42329bd144bd251 cff49bb2916e83a1 9a9298f56ade969b ca81c4a58e672167 "
    "c2c9a140bd9f78cf 58f9dc454d15177f f5da4be3968077df 55800171eead2d1d b823a2af9f27a20b "
    "fd898063cb46601d 0819350d9b69e529 945ca38c528d897f a98f9bd9d6149727 00a32ccb06ce3f85 "
    "0f76dae01d80ef1b f990a52e133ce0c5 0b511329fa2534c3 f29f381589d72599 67cc7ef812e4ae2d "
    "ead0bebae46ffc57 47692c29792c1f9b 5ae372070ad737fd 398c051ed8214ddd 065b8d72cfe3e6a7 "
)
_ODD = np.array([int(number, 16) for number in _CONSTANTS.split()], np.uint64)
_CHAR = _ODD[0:8]  # place of a code point in an n-gram
_WORD = _ODD[8 : 8 + MAX_WORD + 2]  # place of a code point in a word
_SEQ = _ODD[64:72]  # place of a word in a word n-gram
_SALT = _ODD[80:120]
_M1 = np.uint64(0xBF58476D1CE4E5B9)

# families of features, each with a salt of its own
F_CHAR = 0  # + n
F_WORD, F_CLASS, F_BI, F_TRI, F_CBI, F_CTRI = 10, 11, 12, 13, 14, 15
F_SEQ2, F_SEQ3, F_SEQ4, F_WC, F_CW = 16, 17, 18, 19, 20


def mix(keys: U64) -> U64:
    """Spread keys over all 64 bits: xorshift, multiply, xorshift."""
    shifted = keys >> np.uint64(32)
    keys = keys ^ shifted
    keys *= _M1
    np.right_shift(keys, np.uint64(29), out=shifted)
    keys ^= shifted
    return keys


def slots(keys: U64, bits: int) -> tuple[I64, npt.NDArray[np.uint16]]:
    """Slot in `[0, 2**bits)` and fingerprint (never 0) of mixed keys."""
    fingerprint = keys.astype(np.uint16)
    fingerprint |= np.uint16(fingerprint == 0)
    return (keys >> np.uint64(64 - bits)).view(np.int64), fingerprint


def word_grams(words: Sequence[str]) -> tuple[U64, U64, I32]:
    """Hash words and their character n-grams.

    Returns the word keys (uint64, one a word), the mixed keys of all character n-grams and, for
    each of them, the index of its word. A mark (see `text.MARKS`) has no n-grams.
    """
    joined = "".join([f"\x02{word}\x03" for word in words])
    code = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
        np.uint64
    )
    lengths = np.fromiter((len(word) + 2 for word in words), np.int64, len(words))
    starts = np.cumsum(lengths) - lengths
    index = np.repeat(np.arange(len(words), dtype=np.int32), lengths)
    place = np.arange(len(code), dtype=np.int64) - starts[index]
    np.minimum(place, len(_WORD) - 1, out=place)
    keys: U64 = np.add.reduceat(code * _WORD[place], starts) if len(words) else code
    grams: list[U64] = []
    owners: list[I32] = []
    is_mark = np.fromiter((word[:1] == "\x01" for word in words), np.bool_, len(words))
    rolling = code * _CHAR[0]
    for n in range(2, N_MAX + 1):
        rolling = rolling[:-1] + code[n - 1 :] * _CHAR[n - 1]
        if n < N_MIN:
            continue
        if not len(rolling):
            break
        owner = index[: len(rolling)]
        inside = owner == index[n - 1 :]
        inside &= ~is_mark[owner]
        grams.append(mix(rolling[inside] + _SALT[F_CHAR + n]))
        owners.append(owner[inside])
    if not grams:
        return keys, np.empty(0, np.uint64), np.empty(0, np.int32)
    return keys, np.concatenate(grams), np.concatenate(owners)


@dataclass
class Sequences:
    """The words of a block of texts, one after the other.

    `key` and `cls` (0 = none) are indexed by word position; `sentence` numbers the sentences of the
    block. Classes 1 to `telling` are those that say something of their own (a group, an insult);
    the others only qualify (a pronoun). `class_keys` are the keys of the classes by number.
    """

    key: U64
    cls: npt.NDArray[np.uint8]
    sentence: I64
    telling: int
    class_keys: U64

    def families(self) -> list[tuple[U64, I64]]:
        """Mixed keys of all word n-grams, and the position of the first word of each."""
        return [(mix(family.keys), family.words(0)) for family in self._families()]

    def members(self) -> list[list[tuple[int, ...]]]:
        """For each of `families()`, the positions of each n-gram's words."""
        return [
            list(zip(*(family.words(i).tolist() for i in range(family.size)), strict=True))
            for family in self._families()
        ]

    def flat(self) -> tuple[U64, I64, Bools]:
        """All `families()` one after the other: mixed keys, positions of first words, which count.

        Two and three words in a row are hashed at every place, across the ends of sentences too,
        because leaving places out takes longer: those that do not count are marked.
        """
        key, n = self.key, len(self.key)
        if n < 2:
            return np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0, np.bool_)
        same = self.sentence[1:] == self.sentence[:-1]
        rows = np.empty(2 * n - 3, np.uint64)
        two, three = rows[: n - 1], rows[n - 1 :]
        np.multiply(key[:-1], _SEQ[0], out=two)
        two += key[1:] * _SEQ[1]
        np.multiply(key[2:], _SEQ[2], out=three)
        three += two[:-1]
        three += _SALT[F_TRI]
        two += _SALT[F_BI]
        others = self._class_families(same)
        first = np.arange(n - 1)
        counts = np.ones(len(rows) + sum(len(family.keys) for family in others), np.bool_)
        counts[: n - 1] = same
        np.logical_and(same[1:], same[:-1], out=counts[n - 1 : len(rows)])
        keys = np.concatenate([rows, *(family.keys for family in others)])
        first = np.concatenate([first, first[:-1], *(family.words(0) for family in others)])
        return mix(keys), first, counts

    def _families(self) -> list[_Family]:
        key, sentence = self.key, self.sentence
        if len(key) < 2:
            return []
        same = sentence[1:] == sentence[:-1]
        at = _where(same)
        two = key[at] * _SEQ[0] + key[at + 1] * _SEQ[1]
        out = [_Family(two + _SALT[F_BI], at, 2)]
        at = _where(same[1:] & same[:-1])
        three = key[at] * _SEQ[0] + key[at + 1] * _SEQ[1] + key[at + 2] * _SEQ[2]
        out.append(_Family(three + _SALT[F_TRI], at, 3))
        return out + self._class_families(same)

    def _class_families(self, same: Bools) -> list[_Family]:
        """N-grams with classes; `same`: whether word i + 1 stands in the sentence of word i."""
        key, cls = self.key, self.cls
        tells = (cls - np.uint8(1)) < np.uint8(self.telling)  # 0 wraps round to 255
        # Two and three words with classes in the place of telling words.
        at = _where(same & (tells[1:] | tells[:-1]))
        if not len(at):
            return []
        telling = _where(tells)
        shown = key.copy()
        shown[telling] = self.class_keys.take(cls.take(telling))
        two = shown.take(at) * _SEQ[0]
        two += shown.take(at + 1) * _SEQ[1]
        inside, at3 = _longer(at, same, 2)
        three = shown.take(at3 + 2) * _SEQ[2]
        three += two.take(inside)
        out = [_Family(two + _SALT[F_CBI], at, 2), _Family(three + _SALT[F_CTRI], at3, 3)]
        # The words that have a class, with those between them left out.
        bearing = _where(cls)
        if len(bearing) < 2:
            return out
        s, w = self.sentence.take(bearing), key.take(bearing)
        t, v = tells.take(bearing), self.class_keys.take(cls.take(bearing))
        same = s[1:] == s[:-1]
        at = _where(same & (t[1:] | t[:-1]))
        after = at + 1
        first, second = v.take(at) * _SEQ[0], v.take(after) * _SEQ[1]
        two = first + second
        second += w.take(at) * _SEQ[0]
        first += w.take(after) * _SEQ[1]
        inside, at3 = _longer(at, same, 2)
        three = v.take(at3 + 2) * _SEQ[2]
        three += two.take(inside)
        inside, at4 = _longer(at3, same, 3)
        four = v.take(at4 + 3) * _SEQ[3]
        four += three.take(inside)
        out += [
            _Family(two + _SALT[F_SEQ2], at, 2, bearing),
            _Family(second + _SALT[F_WC], at, 2, bearing),
            _Family(first + _SALT[F_CW], at, 2, bearing),
            _Family(three + _SALT[F_SEQ3], at3, 3, bearing),
            _Family(four + _SALT[F_SEQ4], at4, 4, bearing),
        ]
        return out


class _Family(NamedTuple):
    """N-grams of one kind: keys, not mixed; place of the first word among all, or those of `base`.

    An n-gram's words stand one after the other there, `size` of them.
    """

    keys: U64
    at: I64
    size: int
    base: I64 | None = None

    def words(self, number: int) -> I64:
        """The positions of the n-grams' words number `number`."""
        at = self.at + number if number else self.at
        return at if self.base is None else self.base.take(at)


def _longer(at: I64, same: Bools, size: int) -> tuple[I64, I64]:
    """Which n-grams of `size` words, the first at `at`, have a next word too: indices and places.

    `same` says of each word but the last whether the next one is of its sentence.
    """
    ends = at + (size - 1)
    inside = _where(same.take(ends, mode="clip") & (ends < len(same)))
    return inside, at.take(inside)


def _where(flags: npt.NDArray[np.generic]) -> I64:
    """`np.flatnonzero` of one dimension, without its calls: for short texts they are the work."""
    return flags.nonzero()[0]


def class_keys(classes: Sequence[str]) -> U64:
    """The key of each class by number: uint64, shape (K + 1,); 0 stands for no class."""
    names = ["", *(f"<{name}>" for name in classes)]
    keys: U64 = word_grams(names)[0] * _ODD[3]
    return keys


class Sink:
    """What a ChunkTable does with the features of new items: a model sums their weights."""

    width = 0

    def take(self, keys: U64, owner: I32, count: int) -> npt.NDArray[np.float32]:
        """Mixed feature keys and the new item that owns each -> float32, shape (count, width)."""
        raise NotImplementedError


# Flags of chunks (see `text.Lexer.quick`), then of words: not known, perhaps another in disguise.
SINGLE, UNKNOWN, HEAD, TAIL = 2, 4, 8, 16
ALL_FLAGS = 31
NEW, HIDDEN = 32, 64
_N_MARKS = np.array([len(marks) for marks in MARKS], np.int32)


class _Index(dict[str, int]):
    def __missing__(self, chunk: str) -> int:
        return -1


class ChunkTable:
    """Readings of chunks, remembered: chunk -> id, and arrays by id.

    A chunk is a few *items*: its words, then its marks. Items are remembered too, so that "word",
    "word," and "Word!" cost one look at the letters of "word".

    By chunk id:
    - `value`: float32, shape (N, width): what the sink made of the chunk's own features;
    - `first`: where its items start in `items`; `words` of them are words, `marks` marks;
    - `flags`: see `text.Lexer.quick`.
    - `lead`: its first item.
    By item id: `item_value`, `key`, `cls`.

    Reading is lock-free; only new chunks take the lock. A table never shrinks: its owner starts a
    new one when it is full.
    """

    def __init__(
        self, lexer: Lexer, classes: dict[str, int], class_keys: U64, telling: int, sink: Sink
    ) -> None:
        self.lexer = lexer
        self.telling = telling
        self.classes = classes
        self.class_keys = class_keys
        self.sink = sink
        self.index = KeyIndex()
        self.item_index = _Index()
        self.few: dict[str, int] = {}
        self.joined: dict[str, int] = {}
        self._lock = threading.Lock()
        self.size = self.chars = self.n_items = self.n_places = 0
        self.value = np.zeros((256, sink.width), np.float32)
        self.first = np.zeros(256, np.int64)
        self.lead = np.zeros(256, np.int32)
        self.words = np.zeros(256, np.int32)
        self.marks = np.zeros(256, np.int32)
        self.flags = np.zeros(256, np.uint8)
        self.items = np.zeros(256, np.int32)
        self.item_value = np.zeros((256, sink.width), np.float32)
        self.key = np.zeros(256, np.uint64)
        self.cls = np.zeros(256, np.uint8)
        # By word of plain chunks, as written in lower case: its item, its flags.
        self.core_index = KeyIndex()
        self.core_item = np.zeros(256, np.int32)
        self.core_flags = np.zeros(256, np.uint8)
        self.n_cores = 0

    @property
    def full(self) -> bool:
        """Whether it is time to start a new table."""
        return self.size > MAX_CACHED or self.chars > MAX_CACHED_CHARS

    def ids(self, chunks: Chunks | Sequence[str]) -> I32:
        """The id of each chunk; new ones are read first."""
        if not isinstance(chunks, Chunks):
            chunks = gather(chunks, np.array([len(chunks)], np.int64))
        found = self.index.find(chunks.key)
        missing = np.flatnonzero(found < 0)
        if len(missing):
            with self._lock:
                keys, first = np.unique(chunks.key[missing], return_index=True)
                new = np.flatnonzero(
                    self.index.find(keys) < 0
                )  # another thread may have been faster
                # Numbered as they come: keys differ from process to process, numbers must not.
                new = new[np.argsort(first[new])]
                keys, first = keys[new], first[new]
                if len(keys):
                    base = self._add_chunks(chunks, missing[first])
                    numbers = np.arange(base, base + len(keys), dtype=np.int32)
                    self.index.add(keys, numbers)
            found[missing] = self.index.find(chunks.key[missing])
        return found

    def ids_of_few(self, chunks: list[str]) -> I32:
        """The same for a few chunks: for them a dict is faster than arrays."""
        few = self.few
        found = [few.get(chunk, -1) for chunk in chunks]
        if -1 in found:
            ids = self.ids(chunks)
            if len(few) > MAX_FEW:
                few.clear()
            for chunk, number in zip(chunks, ids.tolist(), strict=True):
                if len(chunk) <= MAX_WORD:
                    few[chunk] = number
            return ids
        return np.array(found, np.int32)

    def join(self, pieces: tuple[str, ...]) -> int:
        """The id of chunks read as one word written apart; -1 where they are not."""
        name = " ".join(pieces)
        known = self.joined.get(name)
        if known is None:
            with self._lock:
                reading = self.lexer.read_joined(pieces)
                known = -1 if reading is None else self._add_reading(reading)
                if len(self.joined) < MAX_CACHED:
                    self.joined[name] = known
        return known

    def _add_chunks(self, chunks: Chunks, at: I64) -> int:
        """Read new chunks, `chunks[at]`, and remember them; returns the first's id."""
        count = len(at)
        n_words = np.zeros(count, np.int32)
        n_marks = np.zeros(count, np.int32)
        flags = np.zeros(count, np.uint8)
        done = np.zeros(count, np.bool_)  # read at once with others
        combination = np.zeros(count, np.int64)  # of those: of their marks
        owner: list[I64] = []  # … the chunk of each word
        item: list[I32] = []  # … the word
        self.chars += int((chunks.end[at] - chunks.start[at]).sum())
        if count > FEW_CHUNKS:
            # Most are plain words: those are read all at once.
            codes, start, end = chunks.codes, chunks.start[at], chunks.end[at]
            plain = read_plain(codes, start, end)
            other = np.ones(count, np.bool_)
            other[plain.at] = False
            others = np.flatnonzero(other)
            tied = read_tied(codes, start[others], end[others])
            all_words, all_facts = self._cores(
                codes,
                np.concatenate([plain.key, tied.key]),
                np.concatenate([plain.first, tied.first]),
                np.concatenate([plain.stop, tied.stop]),
            )
            words, facts = all_words[: len(plain.at)], all_facts[: len(plain.at)]
            new = facts & NEW != 0
            sure = np.flatnonzero((facts & HIDDEN == 0) & ~(new & plain.starred))
            facts[new & plain.owned] &= np.uint8(SINGLE)
            facts &= np.uint8(ALL_FLAGS)
            facts[plain.tail] &= np.uint8(ALL_FLAGS ^ HEAD)
            facts[plain.lead] &= np.uint8(ALL_FLAGS ^ TAIL)
            facts |= plain.ends
            read = plain.at[sure]
            n_words[read] = 1
            flags[read], combination[read] = facts[sure], plain.marks[sure]
            done[read] = True
            owner, item = [read], [words[sure]]
            # Then words tied together, and numbers.
            words, facts = all_words[len(plain.at) :], all_facts[len(plain.at) :]
            of_chunk = np.repeat(np.arange(len(tied.at)), tied.counts)
            good = np.ones(len(tied.at), np.bool_)
            good[of_chunk[facts & NEW != 0]] = False
            # Unknown words among them: if nothing is hidden in each, nor in all together.
            hidden = np.zeros(len(tied.at), np.bool_)
            hidden[of_chunk[facts & HIDDEN != 0]] = True
            loose = np.flatnonzero(tied.loose & ~hidden)
            good[loose] = ~self._hides(codes, tied, loose)
            read = others[tied.at[good]]
            n_words[read] = tied.counts[good]
            flags[read], combination[read] = tied.ends[good], tied.marks[good]
            done[read] = True
            kept = good[of_chunk]
            owner.append(others[tied.at[of_chunk[kept]]])
            item.append(words[kept])
            n_marks[done] = _N_MARKS[combination[done]]
        rest = np.flatnonzero(~done)
        readings = [self._read(chunks[i]) for i in at[rest].tolist()]
        if readings:
            n_words[rest] = [len(reading[0]) for reading in readings]
            n_marks[rest] = [len(reading[1]) for reading in readings]
            flags[rest] = [reading[2] for reading in readings]
        length = n_words + n_marks
        first = np.cumsum(length, dtype=np.int64) - length
        places = np.empty(int(length.sum()), np.int32)
        for chunk, word in zip(owner, item, strict=True):
            nth = np.arange(len(chunk)) - np.searchsorted(chunk, chunk)
            places[first[chunk] + nth] = word
        for which in np.unique(combination[done]).tolist():
            marked = np.flatnonzero(done & (combination == which))
            place = first[marked] + n_words[marked]
            for offset, mark in enumerate(self._item_ids(list(MARKS[which])).tolist()):
                places[place + offset] = mark
        if readings:
            slow = self._item_ids([text for words, marks, _ in readings for text in words + marks])
            where = np.repeat(first[rest], length[rest])
            where += np.arange(len(slow)) - np.repeat(
                np.cumsum(length[rest]) - length[rest], length[rest]
            )
            places[where] = slow
        return self._remember(places, n_words, n_marks, flags)

    def _add_reading(self, reading: Reading) -> int:
        """Remember a reading of several chunks; returns its id."""
        words = [word.text for word in reading.words]
        return self._remember(
            self._item_ids([*words, *reading.marks]),
            np.array([len(words)], np.int32),
            np.array([len(reading.marks)], np.int32),
            np.array([reading.ends | reading.single << 1], np.uint8),
        )

    def _read(self, chunk: str) -> tuple[tuple[str, ...], tuple[str, ...], int]:
        """A chunk's words, marks and flags."""
        fast = self.lexer.quick(chunk)
        if fast is not None:
            word, marks, flags = fast
            return (word,), marks, flags
        reading = self.lexer.read(chunk)
        words = tuple([word.text for word in reading.words])
        return words, reading.marks, reading.ends | reading.single << 1

    def _hides(self, codes: U8, tied: Tied, which: I64) -> Bools:
        """Whether an offensive word may hide in the letters of each of some tied chunks."""
        if not len(which):
            return np.empty(0, np.bool_)
        from moderation.sieve import sieve_of

        words = spell(codes, tied.first, tied.stop)
        stop = np.cumsum(tied.counts)
        spans = zip((stop - tied.counts)[which].tolist(), stop[which].tolist(), strict=True)
        return sieve_of(self.lexer).lacks_a_letter(["".join(words[a:b]) for a, b in spans])

    def _cores(self, codes: U8, key: U64, first: I64, stop: I64) -> tuple[I32, U8]:
        """Item id and flags (NEW, HIDDEN too) of the words of plain chunks, new ones learnt."""
        core = self.core_index.find(key)
        missing = np.flatnonzero(core < 0)
        if len(missing):
            keys, which = np.unique(key[missing], return_index=True)
            order = np.argsort(which)
            keys, which = keys[order], missing[which[order]]
            words = spell(codes, first[which], stop[which])
            is_known = np.array(self.lexer.knows(words), np.bool_)
            flags = np.fromiter(map(self.lexer.flags_of, words), np.uint8, len(words))
            flags[~is_known] |= NEW
            strange = np.flatnonzero(~is_known)
            if len(strange):
                from moderation.sieve import sieve_of  # a short text does without

                suspects = sieve_of(self.lexer).suspects([words[i] for i in strange])
                flags[strange[suspects]] |= HIDDEN
            clear = np.flatnonzero(flags & HIDDEN == 0)
            items = np.full(len(words), -1, np.int32)
            items[clear] = self._item_ids([words[i] for i in clear])
            base = self.n_cores
            self.core_item = _fill(self.core_item, base, items)
            self.core_flags = _fill(self.core_flags, base, flags)
            self.n_cores = base + len(words)
            self.core_index.add(keys, np.arange(base, self.n_cores, dtype=np.int32))
            core[missing] = self.core_index.find(key[missing])
        return self.core_item.take(core), self.core_flags.take(core)

    def _remember(
        self, places: I32, n_words: I32, n_marks: I32, flags: npt.NDArray[np.uint8]
    ) -> int:
        """Remember chunks that were read: items one after the other, how many of each chunk."""
        base, count = self.size, len(flags)
        length = (n_words + n_marks).astype(np.int64)
        first = np.cumsum(length) - length
        value = np.zeros((count, self.sink.width), np.float32)
        some = np.flatnonzero(length)
        if len(some) and self.sink.width:
            value[some] = np.add.reduceat(self.item_value[places], first[some], axis=0)
        lead = np.zeros(count, np.int32)
        lead[some] = places[first[some]]
        self.items = _fill(self.items, self.n_places, places)
        self.lead = _fill(self.lead, base, lead)
        self.first = _fill(self.first, base, first + self.n_places)
        self.words = _fill(self.words, base, n_words)
        self.marks = _fill(self.marks, base, n_marks)
        self.flags = _fill(self.flags, base, flags)
        self.value = _fill(self.value, base, value)
        self.n_places += len(places)
        self.size = base + count
        return base

    def _item_ids(self, items: list[str]) -> I32:
        index = self.item_index
        found = np.fromiter(map(index.__getitem__, items), np.int32, len(items))
        missing = np.flatnonzero(found < 0).tolist()
        if missing:
            fresh = list(dict.fromkeys(items[i] for i in missing))
            keys, _, cls, features, owner = item_features(fresh, self.classes, self.class_keys)
            at = self.n_items
            self.item_value = _fill(
                self.item_value, at, self.sink.take(features, owner, len(fresh))
            )
            self.key = _fill(self.key, at, keys)
            self.cls = _fill(self.cls, at, cls)
            self.n_items = at + len(fresh)
            index.update(zip(fresh, range(at, self.n_items), strict=True))
            found[missing] = [index[items[i]] for i in missing]
        return found

    def expand(self, ids: I32, count: I32) -> tuple[I32, I64]:
        """The first `count` items of each chunk: item ids, and the position in `ids` of each."""
        owner = np.repeat(np.arange(len(ids)), count)
        items = self.lead.take(ids).take(owner)
        many = _where(count > 1)
        if len(many):
            more = count[many] - 1
            which = np.repeat(np.arange(len(many)), more)
            nth = np.arange(1, len(which) + 1) - (np.cumsum(more) - more)[which]
            place = np.searchsorted(owner, many)[which] + nth
            items[place] = self.items.take(self.first.take(ids[many])[which] + nth)
        return items, owner


def item_features(
    items: Sequence[str], classes: dict[str, int], class_keys: U64
) -> tuple[U64, U64, npt.NDArray[np.uint8], U64, I32]:
    """Words or marks -> (key, view, class) of each, and their features: mixed keys and owners.

    A feature's owner is the index of its item.
    """
    keys, grams, gram_item = word_grams(items)
    cls = np.fromiter((classes.get(item, 0) for item in items), np.uint8, len(items))
    view = np.where(cls > 0, class_keys[cls], keys) if len(items) else keys
    number = np.arange(len(items), dtype=np.int32)
    classed = np.flatnonzero(cls)
    features = [mix(keys + _SALT[F_WORD]), mix(view[classed] + _SALT[F_CLASS]), grams]
    owners = [number, number[classed], gram_item]
    return keys, view, cls, np.concatenate(features), np.concatenate(owners)


def _fill(array: npt.NDArray, at: int, new: npt.NDArray) -> npt.NDArray:  # type: ignore[type-arg]
    """Write `new` at `at`, into a larger copy where there is no room (readers keep the old one)."""
    end = at + len(new)
    if end > len(array):
        larger = np.zeros((max(end, 2 * len(array)), *array.shape[1:]), array.dtype)
        larger[:at] = array[:at]
        array = larger
    array[at:end] = new
    return array


@dataclass
class Block:
    """A block of texts, encoded.

    - `ids`: chunk ids, int32, one a chunk (chunks read as one word written apart are merged);
    - `chunk_sentence`: the sentence of each chunk, non-decreasing;
    - `sequences`: the words; `length`: words in each sentence;
    - `text_first`: index of each text's first sentence (every text has at least one sentence);
    - `sentence_first`: the first chunk of each sentence that has any;
    - `origin`: for each chunk, the index of its first chunk as split, where anything was merged.
    """

    ids: I32
    chunk_sentence: I64
    sequences: Sequences
    word_chunk: I64
    length: I64
    text_first: I64
    sentence_first: I64
    origin: I64 | None


def encode(texts: Sequence[str], table: ChunkTable) -> Block:
    """Encode a block of texts with what `table` knows, teaching it what it does not."""
    if len(texts) <= SMALL_TEXTS and sum(map(len, texts)) <= SMALL_CHARS:
        parts = [split(text) for text in texts]
        chunks = [chunk for part in parts for chunk in part]
        counts = np.array([len(part) for part in parts], np.int64)
        return _encode(chunks, counts, table.ids_of_few(chunks), table)
    block = cut(texts)
    return _encode(block, block.counts, table.ids(block), table)


def encode_chunks(chunks: Sequence[str], counts: I64, table: ChunkTable) -> Block:
    """Encode chunks of texts that were cut already (`counts` chunks each)."""
    return _encode(chunks, counts, table.ids(gather(chunks, counts)), table)


def _encode(chunks: Chunks | Sequence[str], counts: I64, ids: I32, table: ChunkTable) -> Block:
    flags = table.flags.take(ids)
    origin: I64 | None = None
    merges = _find_merges(chunks, counts, ids, flags, table)
    if merges:
        ids, counts, origin = _merge(merges, ids, counts)
        flags = table.flags.take(ids)
    n_texts = len(counts)
    # A sentence begins at each text's first chunk and after each chunk that ends one.
    text_start = np.cumsum(counts) - counts
    begins = np.zeros(len(ids) + 1, np.bool_)
    np.not_equal(flags & 1, 0, out=begins[1:])
    begins[text_start] = True
    begins = begins[: len(ids)]
    chunk_sentence: I64 = np.cumsum(begins, dtype=np.int64)
    chunk_sentence -= 1
    empty = counts == 0
    if empty.any():
        # An empty text has one sentence without chunks: shift what follows.
        shift = np.cumsum(empty)
        owner = np.repeat(np.arange(n_texts), counts)
        chunk_sentence += shift[owner]
        n_sentences = (int(chunk_sentence[-1]) + 1 if len(ids) else 0) + int(
            empty[owner[-1] + 1 :].sum() if len(ids) else n_texts
        )
        text_first = np.empty(n_texts, np.int64)
        full = _where(~empty)
        text_first[full] = chunk_sentence[text_start[full]]
        # the empty texts take the numbers that are left between
        taken = np.zeros(n_sentences, np.bool_)
        taken[chunk_sentence] = True
        text_first[empty] = _where(~taken)[: int(empty.sum())]
    else:
        n_sentences = int(chunk_sentence[-1]) + 1 if len(ids) else 0
        text_first = chunk_sentence[text_start] if len(ids) else np.empty(0, np.int64)
    items, word_chunk = table.expand(ids, table.words.take(ids))
    sentence = chunk_sentence.take(word_chunk)
    sequences = Sequences(
        table.key.take(items), table.cls.take(items), sentence, table.telling, table.class_keys
    )
    length = np.bincount(sentence, minlength=n_sentences)
    return Block(
        ids,
        chunk_sentence,
        sequences,
        word_chunk,
        length,
        text_first,
        _where(begins),
        origin,
    )


def _find_merges(
    chunks: Chunks | Sequence[str],
    counts: I64,
    ids: I32,
    flags: npt.NDArray[np.uint8],
    table: ChunkTable,
) -> list[tuple[int, int, int]]:
    """Runs of chunks that are one word written apart: (start, end, id of the joined chunk)."""
    merges: list[tuple[int, int, int]] = []
    single = flags & 2
    triple = _where(single[2:] & single[1:-1] & single[:-2]) if len(ids) > 2 else ids[:0]
    halves = _where((flags[:-1] & 8 != 0) & (flags[1:] & 16 != 0))
    halves = halves[((flags[halves] | flags[halves + 1]) & 4) != 0]
    if not len(triple) and not len(halves):
        return merges
    text_end = np.cumsum(counts)
    taken = -1
    limits = text_end[np.searchsorted(text_end, triple, side="right")]
    run = tries = before = limit_before = -1  # where this run of letters began, tries since then
    for start, limit in zip(triple.tolist(), limits.tolist(), strict=True):
        if start != before + 1 or limit != limit_before or start - run >= MAX_APART:
            run, tries = start, 0
        before, limit_before = start, limit
        if start < taken or tries >= MAX_TRIES:
            continue
        tries += 1
        end = start + 3
        while end < limit and single[end] and end - start < MAX_APART:
            end += 1
        if end > limit:
            continue
        joined = table.join(tuple(chunks[start:end]))
        if joined >= 0:
            merges.append((start, end, joined))
            taken = end
    if len(halves):
        # Two chunks, one of them unknown, that make an offensive word together.
        last_of_text = np.zeros(len(chunks), np.bool_)
        last_of_text[text_end[counts > 0] - 1] = True
        for start in halves[~last_of_text[halves]].tolist():
            joined = table.join((chunks[start], chunks[start + 1]))
            if joined >= 0 and int(table.words[joined]) == 1:
                merges.append((start, start + 2, joined))
    merges.sort()
    kept: list[tuple[int, int, int]] = []
    for merge in merges:
        if not kept or merge[0] >= kept[-1][1]:
            kept.append(merge)
    return kept


def _merge(merges: list[tuple[int, int, int]], ids: I32, counts: I64) -> tuple[I32, I64, I64]:
    keep = np.ones(len(ids), np.bool_)
    ids = ids.copy()
    owner = np.repeat(np.arange(len(counts)), counts)
    counts = counts.copy()
    for start, end, joined in merges:
        keep[start + 1 : end] = False
        ids[start] = joined
        counts[owner[start]] -= end - start - 1
    return ids[keep], counts, _where(keep)


__all__ = [
    "MAX_CACHED",
    "Block",
    "ChunkTable",
    "Sequences",
    "Sink",
    "class_keys",
    "encode",
    "encode_chunks",
    "item_features",
    "locate",
    "mix",
    "slots",
    "word_grams",
]
