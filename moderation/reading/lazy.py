"""A dict that answers the first few questions before it is built.

One short text asks a large table for a handful of words, and building a table of a hundred
thousand words in Python takes longer than reading the whole model. So the first look-ups search
the source itself; when more come, the dict is built once and is an ordinary one from then on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, ItemsView, Iterator, KeysView, ValuesView
from typing import Any

BUDGET = 200  # what may be spent on searching before the table is built
MISS = 10  # what a word that is not there costs, in the cost of one that is


class Table(dict[str, int]):
    """A built table: nothing but a dict, so that a look-up costs what it costs there."""


class LazyTable(Table):
    """Word -> number: `search` answers single words, `build` gives the whole, the same answers.

    Becomes a `Table` (its class changes) when it is built: once `budget` is spent, or at the first
    question about the whole. Thread-safe: its methods never look for one another on `self`, whose
    class another thread may change meanwhile.
    """

    _search: Callable[[str], int | None]
    _build: Callable[[], dict[str, int]]
    _left: int
    _answered: dict[str, int | None]
    _lock: threading.Lock

    @classmethod
    def over(
        cls,
        search: Callable[[str], int | None],
        build: Callable[[], dict[str, int]],
        budget: int = BUDGET,
    ) -> Table:
        """A table that is not built yet."""
        table = cls()
        table._search, table._build, table._left = search, build, budget
        table._answered, table._lock = {}, threading.Lock()
        return table

    def _whole(self) -> Table:
        with self._lock:
            if type(self) is LazyTable:
                dict.update(self, self._build())
                # Readers in other threads searched until now; from here on they find it here.
                self.__class__ = Table  # type: ignore[assignment]
                self._answered = {}
        return self

    def _find(self, word: str) -> int | None:
        answered = self._answered
        if word in answered:
            return answered[word]
        if self._left <= 0:
            return dict.get(LazyTable._whole(self), word)
        found = answered[word] = self._search(word)
        self._left -= MISS if found is None else 1
        return found

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and LazyTable._find(self, word) is not None

    def __getitem__(self, word: str) -> int:
        found = LazyTable._find(self, word)
        if found is None:
            raise KeyError(word)
        return found

    def get(self, word: str, default: Any = None) -> Any:
        """The number of `word`, or `default`."""
        found = LazyTable._find(self, word)
        return default if found is None else found

    def __iter__(self) -> Iterator[str]:
        return iter(LazyTable._whole(self))

    def __len__(self) -> int:
        return len(LazyTable._whole(self))

    def __bool__(self) -> bool:
        return bool(LazyTable._whole(self))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, LazyTable):
            other = LazyTable._whole(other)
        return dict.__eq__(LazyTable._whole(self), other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = None  # type: ignore[assignment]

    def __reversed__(self) -> Iterator[str]:
        return dict.__reversed__(LazyTable._whole(self))

    def __or__(self, other: Any) -> Any:
        return dict(LazyTable._whole(self)) | other

    def __ror__(self, other: Any) -> Any:
        return other | dict(LazyTable._whole(self))

    def copy(self) -> dict[str, int]:
        """A built copy."""
        return dict(LazyTable._whole(self))

    def __repr__(self) -> str:
        return dict.__repr__(LazyTable._whole(self))

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        """As of a dict."""
        return dict.keys(LazyTable._whole(self))

    def values(self) -> ValuesView[int]:  # type: ignore[override]
        """As of a dict."""
        return dict.values(LazyTable._whole(self))

    def items(self) -> ItemsView[str, int]:  # type: ignore[override]
        """As of a dict."""
        return dict.items(LazyTable._whole(self))


def lines_table(lines: bytes) -> Table:
    """Word -> its number among `lines`, UTF-8 words with line ends between them."""
    framed = b"\n" + lines + b"\n" if lines else b""

    def search(word: str) -> int | None:
        if "\n" in word:
            return None
        at = framed.find(f"\n{word}\n".encode("utf-8", "surrogatepass"))
        return None if at < 0 else framed.count(b"\n", 0, at)

    def build() -> dict[str, int]:
        words = lines.decode("utf-8").split("\n") if lines else []
        table = dict(zip(words, range(len(words)), strict=True))
        if len(table) < len(words):  # of equal words the first one counts, as in a search
            table.update((words[i], i) for i in reversed(range(len(words))))
        return table

    return LazyTable.over(search, build)


def halves(words: list[str]) -> tuple[Table, Table]:
    """Beginnings and ends of two letters or more that leave two letters or more of a word."""
    framed = "\n".join(["", *words, ""])

    def search_head(part: str) -> int | None:
        if len(part) < 2 or "\n" in part:
            return None
        at = framed.find("\n" + part)
        while at >= 0:
            end = framed.find("\n", at + 1)
            if end - at - 1 - len(part) >= 2:
                return 1
            at = framed.find("\n" + part, end)
        return None

    def search_tail(part: str) -> int | None:
        if len(part) < 2 or "\n" in part:
            return None
        at = framed.find(part + "\n")
        while at >= 0:
            if at - framed.rfind("\n", 0, at) - 1 >= 2:
                return 1
            at = framed.find(part + "\n", at + 1)
        return None

    return (
        LazyTable.over(
            search_head, lambda: {w[:i]: 1 for w in words for i in range(2, len(w) - 1)}
        ),
        LazyTable.over(
            search_tail, lambda: {w[i:]: 1 for w in words for i in range(2, len(w) - 1)}
        ),
    )
