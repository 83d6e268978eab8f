"""Compressed documents, opened by their magic bytes and read through limits.

gzip, bzip2, xz, zstd (windows up to 2 GiB, as the Pushshift dumps have) and zip archives that hold
one document. A stream is unpacked while it is read, never as a whole; it is refused (InputError)

- when more than `FREE_BYTES` came out of it and that is more than `MAX_RATIO` times what went in,
- when more than `MAX_BYTES` came out of it.

A stream that breaks off or is damaged ends there: what came before is read, and `on_damage` is
told. Only one layer is opened: an archive inside an archive is not.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

from moderation.errors import InputError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

FREE_BYTES = 32 << 20  # below this size no ratio is suspicious: a short file may be all blanks
MAX_RATIO = 250  # exports shrink 4 to 60 times; a bomb 1,000 times (gzip) or far more (zstd)
MAX_BYTES = 1 << 40  # 1 TiB: the largest monthly Pushshift dump unpacks to about a third of it
BLOCK_BYTES = 1 << 17  # unpacked at a time
WINDOW_BYTES = 2**31  # zstd --long=31, the largest there is; memory is used as it fills
XZ_MEMORY = 512 << 20  # the decoder's dictionary; xz -9 needs 65 MiB

_MAGIC = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
)
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, MemoryError)


class _Unpacked(Protocol):
    """The part of GzipFile, BZ2File, LZMAFile, ZipExtFile, ZstdDecompressionReader used here."""

    def read1(self, size: int, /) -> bytes: ...

    def close(self) -> None: ...


def find_compression(head: bytes) -> str | None:
    """The compression that the first bytes announce, or None."""
    if head[1:4] == b"\x2a\x4d\x18" and 0x50 <= head[0] <= 0x5F:
        return "zstd"  # a skippable frame comes first
    for magic, name in _MAGIC:
        if head.startswith(magic) and (name != "bzip2" or head[3:4].isdigit()):
            return name
    return None


class _Counted(io.RawIOBase):
    """Raw bytes on their way to the decompressor, counted."""

    def __init__(self, raw: BinaryIO) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return self._raw.seekable()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def read(self, size: int = -1, /) -> bytes:
        block = self._raw.read(size)
        self.count += len(block)
        return block

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        block = self.read(len(view))
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _ZstdFile:
    """Frames of zstd, one after another. (The library's own stream ends silently where a frame is
    cut off.) Fed by small pieces, because a piece is unpacked as a whole."""

    PIECE = 1 << 10  # at most 256 blocks of 128 KiB come out of it

    def __init__(self, source: BinaryIO) -> None:
        import zstandard

        self._make = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES).decompressobj
        self._frame = self._make()
        self._source = source
        self._inside = False  # some of a frame was read, but not its end
        self._ready = b""
        self._pieces: list[bytes] = []  # read, not yet unpacked; the last comes first

    def _next_piece(self) -> bytes:
        if not self._pieces:
            block = self._source.read(1 << 17)
            starts = range(0, len(block), self.PIECE)
            self._pieces = [block[at : at + self.PIECE] for at in reversed(starts)]
        return self._pieces.pop() if self._pieces else b""

    def read1(self, size: int, /) -> bytes:
        while not self._ready:
            piece = self._next_piece()
            if not piece:
                if self._inside:
                    raise EOFError("the last frame is cut off")
                return b""
            if self._frame.eof:
                self._frame = self._make()
            self._inside = True
            self._ready = self._frame.decompress(piece)
            if self._frame.eof:
                self._inside = False
                if self._frame.unused_data:
                    self._pieces.append(self._frame.unused_data)
        block, self._ready = self._ready[:size], self._ready[size:]
        return block

    def close(self) -> None:
        self._ready = b""


class _Limited(io.RawIOBase):
    """Unpacked bytes, stopped at the limits; damage ends the stream instead of raising."""

    def __init__(
        self,
        unpacked: _Unpacked,
        counted: _Counted,
        name: str,
        damage: tuple[type[BaseException], ...],
        on_damage: Callable[[str], None] | None,
    ) -> None:
        self._unpacked = unpacked
        self._counted = counted
        self._name = name
        self._damage = damage
        self._on_damage = on_damage
        self._out = 0
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        view = memoryview(buffer).cast("B")
        if self._ended or not len(view):
            return 0
        try:
            block = self._unpacked.read1(min(len(view), BLOCK_BYTES))
        except self._damage as error:
            self._ended = True
            place = f"byte {self._counted.count:,} of the compressed file"
            problem = f"damaged or cut off near {place} ({_brief(error)})"
            if self._out == 0:
                raise InputError(self._name, f"{problem}; nothing could be unpacked") from error
            if self._on_damage is not None:
                self._on_damage(f"{problem}; everything before was read")
            return 0
        self._out += len(block)
        if self._out > FREE_BYTES and self._out > MAX_RATIO * max(1, self._counted.count):
            raise InputError(
                self._name,
                f"unpacks to more than {MAX_RATIO} times its size (a decompression bomb?); "
                "unpack it yourself if you trust it",
            )
        if self._out > MAX_BYTES:
            raise InputError(self._name, f"unpacks to more than {MAX_BYTES:,} bytes")
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        if not self.closed:
            self._unpacked.close()
            self._counted.close()
        super().close()


def _brief(error: BaseException) -> str:
    return str(error).splitlines()[0][:120] if str(error) else type(error).__name__


def open_unpacked(
    raw: BinaryIO, name: str, on_damage: Callable[[str], None] | None = None
) -> tuple[BinaryIO, str | None]:
    """`raw` (at its start, seekable) as a stream of unpacked bytes, and the compression's name.

    Bytes that are not compressed come back as they are, with None. `on_damage` is called at most
    once, with one line, when the stream turns out to be cut off or damaged after its first bytes.
    Raises InputError for a bomb and for an archive that does not hold exactly one document.
    """
    try:
        return _open_unpacked(raw, name, on_damage)
    except BaseException:
        raw.close()
        raise


def _open_unpacked(
    raw: BinaryIO, name: str, on_damage: Callable[[str], None] | None
) -> tuple[BinaryIO, str | None]:
    head = raw.read(8)
    raw.seek(0)
    compression = find_compression(head)
    if compression is None:
        return raw, None
    counted = _Counted(raw)
    source = cast(BinaryIO, counted)
    damage: tuple[type[BaseException], ...] = _DAMAGE
    unpacked: _Unpacked
    if compression == "gzip":
        unpacked = gzip.GzipFile(fileobj=source, mode="rb")
    elif compression == "bzip2":
        unpacked = bz2.BZ2File(source, mode="rb")
    elif compression == "xz":
        # The decoder's memory is bounded by probing the header with a limited decoder first.
        _check_xz(raw, name)
        unpacked = lzma.LZMAFile(source, mode="rb")  # noqa: SIM115 (closed by _Limited)
    elif compression == "zip":
        unpacked = _open_zip(source, name)
    else:
        import zstandard  # 15 ms, only where it is needed

        damage = (*_DAMAGE, zstandard.ZstdError)
        unpacked = _ZstdFile(source)
    limited = _Limited(unpacked, counted, name, damage, on_damage)
    return io.BufferedReader(limited, BLOCK_BYTES), compression


def _check_xz(raw: BinaryIO, name: str) -> None:
    probe = lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=XZ_MEMORY)
    try:
        probe.decompress(raw.read(4096), max_length=1)
    except lzma.LZMAError as error:
        if "memory usage limit" in str(error).lower():
            raise InputError(
                name, f"needs more than {XZ_MEMORY >> 20} MiB to unpack; unpack it yourself"
            ) from error
        # anything else is met again, and reported, when it is read
    finally:
        raw.seek(0)


def _open_zip(source: BinaryIO, name: str) -> _Unpacked:
    try:
        archive = zipfile.ZipFile(source)
        members = [
            info
            for info in archive.infolist()
            if not info.is_dir() and not info.filename.startswith("__MACOSX/")
        ]
        if len(members) != 1:
            raise InputError(
                name, f"is a zip archive of {len(members):,} files; unpack it and name them"
            )
        if members[0].flag_bits & 1:
            raise InputError(name, "is an encrypted zip archive; unpack it first")
        return cast(_Unpacked, archive.open(members[0]))
    except (zipfile.BadZipFile, NotImplementedError, EOFError, OSError, ValueError) as error:
        raise InputError(
            name, f"is a damaged zip archive ({_brief(error)}); unpack it first"
        ) from error
