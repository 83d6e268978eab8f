"""A document as the readers see it: its first bytes, its digest, its bytes as a stream.

Nothing here trusts a file's name. Compressed files are opened by their magic bytes and read
through a limit, so that a bomb is refused instead of unpacked.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

from moderation.errors import InputError, unreadable
from moderation.records import Thread
from moderation.threads.compression import open_unpacked

MAX_READ_BYTES = 256 << 20  # of one page, dump or JSON document; exports are streamed
HEAD_BYTES = 65_536  # enough for a page's <head>, an export's first record and its root element


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a caller may ask of the readers.

    - `keep_personal`: keep e-mail and IP addresses that an export carries (default: dropped).
    - `pseudonym_key`: replace authors by stable pseudonyms, keyed (HMAC-SHA256) by these bytes.
    - `columns`: for CSV and JSONL, our field -> their column, e.g. {"text": "body"}.
    - `notes`: where given, a line is appended for each decision that a reader takes.
    """

    keep_personal: bool = False
    pseudonym_key: bytes | None = None
    columns: dict[str, str] | None = None
    notes: list[str] | None = None

    def note(self, line: str) -> None:
        """Record why something was decided, where the caller asked for it."""
        if self.notes is not None:
            self.notes.append(line)


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure a reader is, in [0, 1], that a document is its own, and why (one line)."""

    confidence: float
    reason: str


@dataclass
class Document:
    """Bytes with a name.

    `head` holds the first `HEAD_BYTES` (decompressed); `open()` starts a new stream over all of
    them; `sha256` is the digest of the bytes as given (compressed, where they are). `damage` is
    one line once reading has shown that the compressed file is cut off or damaged.
    """

    name: str
    path: Path | None = None
    data: bytes | None = None
    head: bytes = b""
    compression: str | None = None
    damage: str | None = None
    _sha256: str | None = field(default=None, repr=False)

    @classmethod
    def from_path(cls, path: str | Path) -> Document:
        """Raises InputError where the file cannot be opened."""
        path = Path(path)
        document = cls(name=path.name, path=path)
        try:
            with document.open() as stream:
                document.head = stream.read(HEAD_BYTES)
        except OSError as error:
            raise InputError(str(path), unreadable(error)) from error
        return document

    @classmethod
    def from_bytes(cls, data: bytes, name: str = "-") -> Document:
        """A document already in memory (standard input, a download, a test)."""
        document = cls(name=name, data=data)
        with document.open() as stream:
            document.head = stream.read(HEAD_BYTES)
        return document

    def raw(self) -> BinaryIO:
        """The bytes as given, from the start."""
        if self.data is not None:
            return io.BytesIO(self.data)
        assert self.path is not None
        return self.path.open("rb")

    def open(self) -> BinaryIO:
        """The bytes, decompressed where they are compressed, from the start."""
        stream, self.compression = open_unpacked(self.raw(), self.name, self._note_damage)
        return stream

    def _note_damage(self, problem: str) -> None:
        self.damage = problem

    def read(self) -> bytes:
        """All bytes at once. Raises InputError where they are more than `MAX_READ_BYTES`."""
        blocks: list[bytes] = []
        size = 0
        with self.open() as stream:
            while block := stream.read(1 << 20):
                blocks.append(block)
                size += len(block)
                if size > MAX_READ_BYTES:
                    raise InputError(
                        self.name,
                        f"is larger than {MAX_READ_BYTES >> 20} MiB; split it into smaller files",
                    )
        return b"".join(blocks)

    @property
    def sha256(self) -> str:
        """Hex digest of the bytes as given."""
        if self._sha256 is None:
            digest = hashlib.sha256()
            with self.raw() as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
            self._sha256 = digest.hexdigest()
        return self._sha256


class Reader(Protocol):
    """What every reader offers; one module a format, listed in `moderation.threads.READERS`."""

    name: str

    def evidence(self, document: Document) -> Evidence | None:
        """Judge by `document.head` alone; None = certainly not this format."""

    def read(self, document: Document, options: ReadOptions) -> Iterator[Thread]:
        """Yield threads; problems that leave something readable become warnings."""
