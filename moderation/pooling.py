"""From the sums of a text's segments to its logits.

A head's line is linear in z of the whole text and in z of its worst segment, with coefficients
that depend on how many segments there are. Each head has two: the ordinary line ranks texts as
people wrote them, the watching one finds one abusive sentence among many harmless ones, for which
it gives the worst segment more weight than ordinary texts can bear. What the second has above the
first is added, and only from where it says that there is something to find: below, the order is
that of the ordinary line.

Toxicity has two heads, because what is toxic among the writers of an encyclopaedia and what is
among strangers in social media are labelled by different measures: its logit lies between the two,
nearer to the second the more the text is written in that register (a gate, as in mixtures of
experts; Jacobs et al. 1991). There, what the head of a label that is toxic by definition sees
beyond a point may add to it. Then the scale may bend. `model.POOL` names the numbers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from moderation.features.repetition import STEPS, lessen
from moderation.model import BENDS, HEADS, LINE, POOL, REGISTER, SOCIAL
from moderation.reading.chunks import I64, constant
from moderation.records import LABELS

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

FEW_SEGMENTS = 6  # segments from which a text is long: sixty words
TABLED = 256  # segments up to which coefficients are looked up
OWN, WATCH = slice(0, len(LINE)), slice(len(LINE), 2 * len(LINE))  # columns of either line
_WATCH_FROM = POOL.index("watch_from")
_KNEES = [POOL.index(f"knee_{number}") for number in range(1, BENDS + 1)]
_ABOVE = [POOL.index(f"above_{number}") for number in range(1, BENDS + 1)]
_LINK, _LINK_FROM = map(POOL.index, ("link", "link_from"))
_OFFSETS = [POOL.index(name) for name in ("bias", "watch_bias", "watch_from")]
N_LABELS = len(LABELS)
_TOXICITY = LABELS.index("toxicity")
_SOCIAL, _REGISTER = HEADS.index(SOCIAL), HEADS.index(REGISTER)
_ZERO, _ONE = constant(0, np.float32), constant(1, np.float32)


@dataclass(eq=False, repr=False)
class Sums:
    """Summed weights of n-grams and combinations.

    - `segments`: float32, shape (S, H): of each segment; an n-gram that goes on into the next
      segment belongs to that of its first word;
    - `texts`: float32, shape (C, H): of each text, repeated chunks damped; its combinations are
      those of the whole text, not the sum of its segments' ones;
    - `share`: float32, shape (C,): how much of each text counts (`repetition.share_of`); None: all.
    """

    segments: Float32
    texts: Float32
    share: Float32 | None = None


@dataclass(eq=False, repr=False)
class Pooled:
    """What a text's segments come to.

    - `whole`, `worst`: float32, shape (C, H): z of the whole text and of its worst segment;
    - `count`: int64, shape (C,): segments with words, as they count, at least 1.
    """

    whole: Float32
    worst: Float32
    count: I64

    def take(self, rows: npt.NDArray[np.intp]) -> Pooled:
        """Some of the texts."""
        return Pooled(self.whole[rows], self.worst[rows], self.count[rows])


def extents(length: I64, unknown: Float64 | None, weight: float) -> Float64:
    """The length of each segment, in words, as it counts: float64, shape (S,).

    `length`: its words; `unknown`: those of them that the model does not know, which count for
    `weight` in (0, 1] each; None: there are none. Whatever an unknown word says, its letters tell
    little of it: as a whole word it would only thin out what the others say. So abuse between
    misspelt words is thinned out less. (`weight` to 1/256: sums of such numbers are exact.)
    """
    if unknown is None:
        return length.astype(np.float64)
    extent: Float64 = length - round((1 - weight) * STEPS) / STEPS * unknown
    return extent


def pool(sums: Sums, extent: Float64, text_first: I64, kappa: float) -> Pooled:
    """Sums and the `extents` of segments (S,) -> what each text comes to."""
    z = sums.segments / roots(extent, kappa)
    if len(text_first) == 1:  # the same with fewer calls, which take the time of one short text
        whole = np.add.reduce(extent)
        worst = np.maximum.reduce(z, axis=0, keepdims=True)
        count = np.array([max(np.count_nonzero(extent), 1)])
        if sums.share is None:
            return Pooled(sums.texts / np.float32(math.sqrt(whole + kappa)), worst, count)
        words = np.array([whole])
    else:
        words = np.add.reduceat(extent, text_first)
        worst = np.maximum.reduceat(z, text_first, axis=0)
        count = np.maximum(np.add.reduceat(extent > 0, text_first, dtype=np.int64), 1)
    words, count = lessen(words, sums.share), lessen(count, sums.share)
    return Pooled(sums.texts / roots(words, kappa), worst, count)


def roots(extent: Float64, kappa: float) -> Float32:
    """sqrt(`extent` + `kappa`), what sums are divided by: (N,) -> float32, shape (N, 1)."""
    found: Float32 = np.sqrt(extent + kappa).astype(np.float32)[:, None]
    return found


def worst_segments(sums: Float32, extent: Float64, text_first: I64, kappa: float) -> I64:
    """The first segment of each text whose z is the greatest: int64, shape (C, H)."""
    z = sums / roots(extent, kappa)
    n_segments = len(extent)
    owner = np.repeat(np.arange(len(text_first)), np.diff(text_first, append=n_segments))
    worst = np.maximum.reduceat(z, text_first, axis=0)
    index = np.where(z == worst[owner], np.arange(n_segments)[:, None], n_segments)
    return np.minimum.reduceat(index, text_first, axis=0)


class Line(NamedTuple):
    """What a head comes to in one text = constant + whole * z(text) + worst * z(worst segment)."""

    constant: float
    whole: float
    worst: float


class _Lines:
    """Lines, one or two of a head: float32, shape (LINE, N)."""

    def __init__(self, columns: Float32) -> None:
        self._column = dict(zip(LINE, columns, strict=True))
        self._excess = self._column["excess"]
        self._table = np.concatenate(self._coefficients(np.arange(TABLED + 1)), axis=1)

    def _coefficients(self, count: I64) -> tuple[Float32, Float32, Float32]:
        """Bias, on the whole, on the worst for texts of `count` (C,) segments: (C, N) each."""
        column = self._column
        few, many = (part[:, None] for part in log_counts(count))
        return (
            column["bias"] + few * column["few"] + many * column["many"],
            column["whole"] + few * column["whole_few"] + many * column["whole_many"],
            column["worst"] + few * column["worst_few"] + many * column["worst_many"],
        )

    def _looked_up(self, count: I64) -> tuple[Float32, Float32, Float32]:
        n = len(self._excess)
        try:
            rows = self._table.take(count, axis=0)
        except IndexError:
            # A few texts are that long: the others are looked up all the same.
            rows = self._table.take(count, axis=0, mode="clip")
            beyond = (count > TABLED).nonzero()[0]
            rows[beyond] = np.concatenate(self._coefficients(count.take(beyond)), axis=1)
        return rows[:, :n], rows[:, n : 2 * n], rows[:, 2 * n :]

    def values(self, whole: Float32, worst: Float32, count: I64) -> Float32:
        """What they come to: `whole`, `worst` of their heads (C, N), `count` (C,) -> (C, N)."""
        # Term by term, not `@`: its order of additions changes with the number of texts.
        out, on_whole, on_worst = self._looked_up(count)
        out = out + whole * on_whole
        out += worst * on_worst
        excess = worst - whole
        np.maximum(excess, _ZERO, out=excess)
        excess *= self._excess
        out += excess
        return out

    def line(self, number: int, head: int, pooled: Pooled) -> Line:
        """Line `number`, which is one of `head`, in the one text that `pooled` holds."""
        bias, on_whole, on_worst = (
            float(part[0, number]) for part in self._looked_up(pooled.count)
        )
        above = pooled.worst[0, head] > pooled.whole[0, head]
        more = float(self._excess[number]) if above else 0.0
        return Line(bias, on_whole - more, on_worst + more)


class Pooling:
    """The pooling of a model: float32, shape (H, P), columns in the order of `model.POOL`."""

    def __init__(self, pool: Float32) -> None:
        columns = pool.T
        own, watch = columns[OWN], columns[WATCH]
        # The heads whose watching line may rise above the ordinary one; elsewhere they are one.
        self._watching = (own != watch).any(axis=0).nonzero()[0]
        self._watch_from = columns[_WATCH_FROM, self._watching]
        # All ordinary lines and then those that watch, at once: calls take longer than work.
        self._heads = np.concatenate([np.arange(own.shape[1]), self._watching])
        self._both = _Lines(np.concatenate([own, watch[:, self._watching]], axis=1))
        # The bends of all labels at once, those that bend anything.
        at, self._bent = columns[_ABOVE, :N_LABELS].nonzero()
        self._knees = columns[_KNEES, :N_LABELS][at, self._bent][:, None]
        self._above = columns[_ABOVE, :N_LABELS][at, self._bent][:, None]
        linked = columns[_LINK, :N_LABELS].copy()
        linked[_TOXICITY] = 0
        self._linked = linked.nonzero()[0]
        self._to_first = np.zeros_like(self._linked)
        self._link = linked[self._linked][:, None]
        self._link_from = columns[_LINK_FROM, self._linked][:, None]

    def share(self, pooled: Pooled) -> Float32:
        """How much of toxicity's logit the head of social media gives: in [0, 1], shape (C,)."""
        return _between(self._lines(pooled)[:, _REGISTER])

    def logits(self, pooled: Pooled) -> Float32:
        """Calibrated logits: float32, shape (C, L)."""
        out = self._lines(pooled).T.copy()  # by head: what is added then stands side by side
        further = out[_SOCIAL : _SOCIAL + 1]
        further -= out[_TOXICITY]
        excess = out.take(self._linked, axis=0)
        excess -= self._link_from
        np.maximum(excess, _ZERO, out=excess)
        excess *= self._link
        _add_rows(further, self._to_first, excess)
        further *= _between(out[_REGISTER])
        out[_TOXICITY] += further[0]
        bend = out.take(self._bent, axis=0)
        bend -= self._knees
        np.maximum(bend, _ZERO, out=bend)
        bend *= self._above
        _add_rows(out, self._bent, bend)
        return out[:N_LABELS].T

    def bend_of(self, label: int, straight: float) -> tuple[float, float]:
        """Slope and offset: a label's logit = slope * `straight` + offset.

        `straight`: what the logit was before the bends.
        """
        slope, offset = 1.0, 0.0
        mine = self._bent == label
        knees, above_knees = self._knees[mine, 0].tolist(), self._above[mine, 0].tolist()
        for knee, above in zip(knees, above_knees, strict=True):
            if straight > knee:
                slope += above
                offset -= above * knee
        return slope, offset

    def _lines(self, pooled: Pooled) -> Float32:
        """What each head comes to by itself, before the bends: float32, shape (C, H)."""
        which = self._watching
        if not len(which):
            return self._both.values(pooled.whole, pooled.worst, pooled.count)
        out, more = self._split(pooled)
        more -= np.maximum(out.take(which, axis=1), self._watch_from)
        np.maximum(more, _ZERO, out=more)
        out[:, which] += more
        return out

    def _split(self, pooled: Pooled) -> tuple[Float32, Float32]:
        """The ordinary lines (C, H) and those that watch (C, W), in the order of `_watching`."""
        heads, width = self._heads, pooled.whole.shape[1]
        whole, worst = pooled.whole.take(heads, axis=1), pooled.worst.take(heads, axis=1)
        values = self._both.values(whole, worst, pooled.count)
        return values[:, :width], values[:, width:]

    def line_of(self, head: int, pooled: Pooled) -> Line:
        """A head's line in the one text that `pooled` holds."""
        line = self._both.line(head, head, pooled)
        if head not in self._watching:
            return line
        at = int(self._watching.searchsorted(head))
        ordinary, watching = self._split(pooled)
        own, start = float(ordinary[0, head]), float(self._watch_from[at])
        if float(watching[0, at]) <= max(own, start):
            return line
        other = self._both.line(ordinary.shape[1] + at, head, pooled)
        if own >= start:
            return other
        return Line(
            line.constant + other.constant - start,
            line.whole + other.whole,
            line.worst + other.worst,
        )

    def parts_of(self, label: int, pooled: Pooled) -> Parts:
        """Where a label's logit comes from in one text, before the bends."""
        if label != _TOXICITY:
            return Parts(0.0, ((label, 1.0),))
        lines = self._lines(pooled)[0]
        share = float(_between(lines[_REGISTER]))
        constant, parts = 0.0, [(_TOXICITY, 1 - share), (_SOCIAL, share)]
        columns = (self._linked, self._link_from[:, 0], self._link[:, 0])
        for head, start, link in zip(*(column.tolist() for column in columns), strict=True):
            if lines[head] > start:
                parts.append((head, share * link))
                constant -= share * link * start
        return Parts(constant, tuple(parts))


def _add_rows(rows: Float32, which: npt.NDArray[np.intp], more: Float32) -> None:
    """Add each row of `more`, (K, C), to row `which` of `rows`, one after the other."""
    if more.shape[1] == 1:  # the same in one call, which takes the time of one short text
        np.add.at(rows[:, 0], which, more[:, 0])
        return
    for number, row in zip(which.tolist(), more, strict=True):
        rows[number] += row


def _between(line: Float32) -> Float32:
    """The register's line as a share: in [0, 1], of the same shape."""
    share: Float32 = np.minimum(np.maximum(line, _ZERO), _ONE)
    return share


class Parts(NamedTuple):
    """A logit = `constant` + the sum of factor * the line of the head, over `(head, factor)`s."""

    constant: float
    heads: tuple[tuple[int, float], ...]


def rescale(pool: npt.NDArray[np.floating], label: int, slope: float, offset: float) -> None:
    """Make a label's logits `slope` times what they are, plus `offset`, in place.

    `pool`: shape (H, P); `slope` over 0. Of toxicity both heads change and what is linked to them;
    what another label is linked by changes so that toxicity stays as it is.
    """
    heads = (_TOXICITY, _SOCIAL) if label == _TOXICITY else (label,)
    for head in heads:
        pool[head, :_LINK] *= slope
        pool[head, _KNEES] = slope * pool[head, _KNEES] + offset
        shift(pool, head, offset)
    if label == _TOXICITY:
        pool[:, _LINK] *= slope
    else:
        pool[label, _LINK] /= slope
        pool[label, _LINK_FROM] = slope * pool[label, _LINK_FROM] + offset


def shift(pool: npt.NDArray[np.floating], head: int, by: float) -> None:
    """Add `by` to what a head comes to, in place; `pool`: shape (H, P)."""
    pool[head, _OFFSETS] += by


def pool_features(whole: Float32, worst: Float32, count: I64) -> Float32:
    """The columns that `model.LINE` names, of one head.

    `whole`, `worst`, `count`: shape (C,); returns float32, shape (C, 10). The logarithm of the
    number of segments comes in two parts, "few" up to FEW_SEGMENTS and "many" beyond: what long
    texts ask for leaves the short ones alone.
    """
    few, many = log_counts(count)
    return np.stack(
        [
            np.ones_like(whole),
            whole,
            worst,
            few,
            many,
            whole * few,
            whole * many,
            worst * few,
            worst * many,
            np.maximum(worst - whole, 0),
        ],
        axis=-1,
    )


def log_counts(count: I64) -> tuple[Float32, Float32]:
    """ln of the number of segments up to FEW_SEGMENTS, and what is beyond: float32, as `count`."""
    few = np.log(np.minimum(np.maximum(count, 1), FEW_SEGMENTS)).astype(np.float32)
    many = np.log(np.maximum(count / FEW_SEGMENTS, 1)).astype(np.float32)
    return few, many
