"""The hash of features: constants that are part of the file format, words, character n-grams.

A feature is a 64-bit hash: n-grams hash as a sum of code points (or word keys) times fixed odd
constants modulo 2^64, then one round of a multiply-xorshift mix. The high bits
choose a slot of the model's table, 16 other bits are the fingerprint that the slot must bear, so
that an n-gram which the model does not know adds nothing (up to one in 65,536 of the filled slots).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat

import numpy as np
import numpy.typing as npt

from moderation.reading.chunks import I32, I64, U64, constant
from moderation.reading.words import MAX_WORD

N_MIN, N_MAX = 2, 5  # character n-grams
MOST_FEATURES = (N_MAX - N_MIN + 1) * (MAX_WORD + 1) + 2  # of a word: fewer n-grams, it, its class
CACHED = 32_768  # keys that several steps in a row find in the processor's cache

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
SEQ = _ODD[64:72]  # place of a word in a word n-gram
SALT = _ODD[80:120]
_M1, _HALF, _LESS = (constant(number, np.uint64) for number in (0xBF58476D1CE4E5B9, 32, 29))
_ONE = constant(1, np.uint16)
_SHIFTS = [constant(64 - bits, np.uint64) for bits in range(65)]  # from a key to a slot

# families of features, each with a salt of its own
F_CHAR = 0  # + n
F_WORD, F_CLASS, F_BI, F_TRI, F_CBI, F_CTRI = 10, 11, 12, 13, 14, 15
F_SEQ2, F_WC, F_CW = 16, 17, 18
F_OPEN, F_OPEN2, F_CLOSE = 19, 20, 21


def mix(keys: U64) -> U64:
    """Spread keys over all 64 bits: xorshift, multiply, xorshift."""
    return mix_in_place(keys.copy())


def mix_in_place(keys: U64) -> U64:
    """The same, of keys that nobody needs any more."""
    for start in range(0, len(keys), CACHED):
        part = keys[start : start + CACHED]
        shifted = part >> _HALF
        part ^= shifted
        part *= _M1
        np.right_shift(part, _LESS, out=shifted)
        part ^= shifted
    return keys


def slots(keys: U64, bits: int) -> tuple[I64, npt.NDArray[np.uint16]]:
    """Slot in `[0, 2**bits)` and fingerprint (never 0) of mixed keys."""
    fingerprint = keys.astype(np.uint16)
    np.maximum(fingerprint, _ONE, out=fingerprint)
    return (keys >> _SHIFTS[bits]).view(np.int64), fingerprint


def word_keys(words: Sequence[str]) -> U64:
    """The keys of words: uint64, one a word."""
    return _keys_of(*_frame(words))


def _frame(words: Sequence[str]) -> tuple[U64, I64, I32]:
    """Words between their boundaries, one after the other.

    Returns the code points, where each word starts, and the word of each code point.
    """
    joined = "\x02" + "\x03\x02".join(words) + "\x03" if len(words) else ""
    code = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
        np.uint64
    )
    lengths = np.fromiter(map(len, words), np.int64, len(words)) + 2
    starts = np.cumsum(lengths) - lengths
    return code, starts, np.repeat(np.arange(len(words), dtype=np.int32), lengths)


def _keys_of(code: U64, starts: I64, index: I32) -> U64:
    if not len(starts):
        return code
    place = np.arange(len(code), dtype=np.int64) - starts[index]
    np.minimum(place, len(_WORD) - 1, out=place)
    keys: U64 = np.add.reduceat(code * _WORD[place], starts)
    return keys


def word_grams(words: Sequence[str]) -> tuple[U64, U64, I32]:
    """Hash words and their character n-grams.

    Returns the word keys (uint64, one a word), the mixed keys of all character n-grams and, for
    each of them, the index of its word. A mark (see `text.MARKS`) has no n-grams.
    """
    code, starts, index = _frame(words)
    keys = _keys_of(code, starts, index)
    grams: list[U64] = []
    owners: list[I32] = []
    is_mark = code[starts + 1] == 1
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
        grams.append(mix(rolling[inside] + SALT[F_CHAR + n]))
        owners.append(owner[inside])
    if not grams:
        return keys, np.empty(0, np.uint64), np.empty(0, np.int32)
    return keys, np.concatenate(grams), np.concatenate(owners)


def class_keys(classes: Sequence[str]) -> U64:
    """The key of each class by number: uint64, shape (K + 1,); 0 stands for no class.

    What stands behind a colon is not in it: "group:age" and "group:religion" have one key.
    """
    names = ["", *(f"<{name.partition(':')[0]}>" for name in classes)]
    keys: U64 = word_grams(names)[0] * _ODD[3]
    return keys


def item_features(
    items: Sequence[str], classes: dict[str, int], class_keys: U64
) -> tuple[U64, U64, npt.NDArray[np.uint8], U64, I32]:
    """Words or marks -> (key, view, class) of each, and their features: mixed keys and owners.

    A feature's owner is the index of its item.
    """
    keys, grams, gram_item = word_grams(items)
    cls = np.fromiter(map(classes.get, items, repeat(0)), np.uint8, len(items))
    view = np.where(cls > 0, class_keys[cls], keys) if len(items) else keys
    number = np.arange(len(items), dtype=np.int32)
    classed = np.flatnonzero(cls)
    features = [mix(keys + SALT[F_WORD]), mix(view[classed] + SALT[F_CLASS]), grams]
    owners = [number, number[classed], gram_item]
    return keys, view, cls, np.concatenate(features), np.concatenate(owners)
