"""Words and marks, remembered: what chunks are made of.

An *item* is a word as meant or a mark of the writing. Each is hashed, looked up and summed once, so
that "word," and "Word!" cost one look at the letters of "word"; what known words come to is known
beforehand (`vocabulary`).
"""

from __future__ import annotations

from itertools import repeat

import numpy as np
import numpy.typing as npt

from moderation.reading.chunks import I32, I64, U8, U64, Bools, KeyIndex, distinct, where
from moderation.reading.hashing import item_features, word_keys
from moderation.reading.lexer import Lexer
from moderation.reading.plain import MARKS, spell
from moderation.reading.vocabulary import Known, Vocabulary, vocabulary_of
from moderation.reading.words import MARKS as WRITTEN

NEW, HIDDEN = 32, 64  # flags of words besides the lexer's: not known, perhaps another in disguise
_EVERY_MARK = frozenset(WRITTEN)
_MARKS = tuple(dict.fromkeys(mark for marks in MARKS for mark in marks))
# The marks of each combination of MARKS, as places in _MARKS; -1 behind the last.
MARK_AT = np.full((len(MARKS), max(map(len, MARKS))), -1)
for _row, _marks in zip(MARK_AT, MARKS, strict=True):
    _row[: len(_marks)] = [_MARKS.index(mark) for mark in _marks]


class Sink:
    """What a ChunkTable does with the features of new items: a model sums their weights."""

    width = 0

    def take(self, keys: U64, owner: I32, count: int) -> npt.NDArray[np.float32]:
        """Mixed feature keys and the new item that owns each -> float32, shape (count, width)."""
        raise NotImplementedError


class Items:
    """Words and marks -> ids, and arrays by id.

    - `value`: float32, shape (N, width): what the sink made of the item's own features;
    - `key`: its key in n-grams of words (`hashing.word_keys`); `cls`: its class, 0 = none;
    - `unknown`: whether it is a word that the lexer does not know.

    With `known`, known words take their values from there: the sink sees the others. The owner
    holds a lock while something may be new; arrays that grow are replaced, so that readers of older
    ids need none.
    """

    def __init__(
        self,
        lexer: Lexer,
        classes: dict[str, int],
        class_keys: U64,
        sink: Sink,
        known: Known | None,
    ) -> None:
        self.lexer = lexer
        self.classes = classes
        self.class_keys = class_keys
        self.sink = sink
        self.known = known
        self.index: dict[str, int] = {}
        self.size = 0
        self.value = np.zeros((256, sink.width), np.float32)
        self.key = np.zeros(256, np.uint64)
        self.cls = np.zeros(256, np.uint8)
        self.unknown = np.zeros(256, np.bool_)
        # By rank of a known word: its id, -1 where it was not met.
        self._known_item = np.full(0 if known is None else len(known.sums), -1, np.int32)
        # By word of plain chunks, as written in lower case: its id, its flags.
        self._cores = KeyIndex()
        self._core_item = np.zeros(256, np.int32)
        self._core_flags = np.zeros(256, np.uint8)
        self._n_cores = 0
        self._mark_ids: I32 | None = None

    def ids(self, items: list[str]) -> I32:
        index = self.index
        found = np.fromiter(map(index.get, items, repeat(-1)), np.int32, len(items))
        missing = where(found < 0).tolist()
        if missing:
            fresh = list(dict.fromkeys([items[i] for i in missing]))
            if self.known is not None:
                fresh = self._find_known(fresh)
            keys, _, cls, features, owner = item_features(fresh, self.classes, self.class_keys)
            met = zip(fresh, self.lexer.knows(fresh), strict=True)
            unknown = np.fromiter(
                (not known and item not in _EVERY_MARK for item, known in met),
                np.bool_,
                len(fresh),
            )
            base = self._add_items(self.sink.take(features, owner, len(fresh)), keys, cls, unknown)
            index.update(zip(fresh, range(base, self.size), strict=True))
            found[missing] = [index[items[i]] for i in missing]
        return found

    def _find_known(self, words: list[str]) -> list[str]:
        """Put those of `words` that are known into the index of items; returns the others."""
        ranks = self.lexer.tables.vocabulary
        found = {word: rank for word in words if (rank := ranks.get(word)) is not None}
        if not found:
            return words
        at, known = np.array(list(found.values())), list(found)
        new = where(self._known_item.take(at) < 0)
        if len(new):
            self._add_known(at[new], word_keys([known[i] for i in new.tolist()]))
        self.index.update(zip(known, self._known_item[at].tolist(), strict=True))
        return [word for word in words if word not in found]

    def _known_items(self, vocabulary: Vocabulary, ranks: I64) -> I32:
        """The item ids of known words, by rank."""
        items = self._known_item.take(ranks)
        missing = ranks[items < 0]
        if len(missing):
            is_new = np.zeros(len(self._known_item), np.bool_)
            is_new[missing] = True
            new = where(is_new)
            self._add_known(new, vocabulary.key.take(new))
            items = self._known_item.take(ranks)
        return items

    def _add_known(self, ranks: I64, keys: U64) -> None:
        """Remember known words: ranks that were not met, each once."""
        assert self.known is not None
        sums = self.known.sums.take(ranks, axis=0)
        value = np.zeros((len(ranks), self.sink.width), np.float32)
        value[:, : sums.shape[1]] = sums
        unknown = np.zeros(len(ranks), np.bool_)
        base = self._add_items(value, keys, self.known.classes.take(ranks), unknown)
        self._known_item[ranks] = np.arange(base, self.size)

    def _add_items(self, value: npt.NDArray[np.float32], keys: U64, cls: U8, unknown: Bools) -> int:
        """Remember new items; returns the first's id."""
        base = self.size
        self.value = fill(self.value, base, value)
        self.key = fill(self.key, base, keys)
        self.cls = fill(self.cls, base, cls)
        self.unknown = fill(self.unknown, base, unknown)
        self.size = base + len(keys)
        return base

    def vocabulary(self, asked: int = 0) -> Vocabulary | None:
        """What is known beforehand, if it is made; `asked`: how many words are asked for now."""
        return None if self.known is None else vocabulary_of(self.lexer, asked)

    def marks_at(self, places: I64) -> I32:
        """The ids of marks, by their places as MARK_AT has them."""
        if self._mark_ids is None:
            self._mark_ids = self.ids(list(_MARKS))
        return self._mark_ids.take(places)

    def of_words(self, codes: U8, key: U64, first: I64, stop: I64) -> tuple[I32, U8]:
        """Item id and flags (NEW, HIDDEN too) of the words of plain chunks, new ones learnt."""
        vocabulary = self.vocabulary(len(key))
        if vocabulary is None:
            return self._of_spelt(codes, key, first, stop, None)
        rank = vocabulary.index.find(key)
        known, other = where(rank >= 0), where(rank < 0)
        ranks = rank.take(known)
        items, flags = np.empty(len(key), np.int32), np.empty(len(key), np.uint8)
        items[known] = self._known_items(vocabulary, ranks)
        flags[known] = vocabulary.flags.take(ranks)
        items[other], flags[other] = self._of_spelt(
            codes, key.take(other), first.take(other), stop.take(other), vocabulary
        )
        return items, flags

    def _of_spelt(
        self, codes: U8, key: U64, first: I64, stop: I64, vocabulary: Vocabulary | None
    ) -> tuple[I32, U8]:
        """`of_words` for words that are looked at one by one when they are new."""
        core = self._cores.find(key)
        missing = where(core < 0)
        if len(missing):
            which, number = distinct(key[missing])
            which = missing[which]
            words = spell(codes, first[which], stop[which])
            is_known = np.array(self.lexer.knows(words), np.bool_)
            flags = np.array(self.lexer.flags_of_many(words), np.uint8)
            flags[~is_known] |= NEW
            strange = where(~is_known)
            if len(strange):
                from moderation.reading.sieve import sieve_of  # a short text does without

                suspects = sieve_of(self.lexer).suspects([words[i] for i in strange], vocabulary)
                flags[strange[suspects]] |= HIDDEN
            clear = where(flags & HIDDEN == 0)
            items = np.full(len(words), -1, np.int32)
            items[clear] = self.ids([words[i] for i in clear])
            base = self._n_cores
            self._core_item = fill(self._core_item, base, items)
            self._core_flags = fill(self._core_flags, base, flags)
            self._n_cores = base + len(words)
            self._cores.add(key[which], np.arange(base, self._n_cores))
            core[missing] = base + number
        return self._core_item.take(core), self._core_flags.take(core)


def fill(array: npt.NDArray, at: int, new: npt.NDArray) -> npt.NDArray:  # type: ignore[type-arg]
    """Write `new` at `at`, into a larger copy where there is no room (readers keep the old one)."""
    end = at + len(new)
    if end > len(array):
        larger = np.zeros((max(end, 2 * len(array)), *array.shape[1:]), array.dtype)
        larger[:at] = array[:at]
        array = larger
    array[at:end] = new
    return array
