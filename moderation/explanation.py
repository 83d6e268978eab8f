"""Why a text got its scores: contributions of its words that add up to each label's logit.

Once the worst segment, the register and the side of the bend are known, the logit is linear in the
weights of the n-grams and of the combinations of concepts, so each of these has an exact
contribution. It is shared out over the words that it covers or that make it (equally, for several)
and the words are placed in the text as written, whatever was normalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from moderation.features.blocks import Block, encode_chunks
from moderation.features.memory import ChunkTable
from moderation.features.repetition import damp, lessen
from moderation.model import Model, load
from moderation.pooling import pool, worst_segments
from moderation.reading.text import BREAK, locate
from moderation.reading.words import Reading
from moderation.records import Explanation, Range, Score, Span
from moderation.scoring import (
    lookup,
    scorer_of,
    sigmoid,
    sum_weights,
)

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Unit:
    """A word of the text, or a chunk without words: what contributions are given to."""

    start: int
    end: int
    sentence: int
    segment: int


Carried = tuple[int, int, npt.NDArray[np.float64]]
"""A unit, the segment that its share of an n-gram counts for, and that share by head."""


def explain(text: str, model: Model | None = None) -> Explanation:
    """Explain the scores of one text by the shipped model (or `model`).

    For every label, `bias` plus the contributions of the label's spans is the logit (to float32
    precision), and its logistic function is the score.
    """
    model = model or load()
    chunks, starts = locate(text)
    scorer = scorer_of(model)
    table = scorer.table()
    block = encode_chunks(chunks, np.array([len(chunks)], np.int64), table)
    sums = sum_weights(model, block, table)
    extent, kappa = scorer.extent_of(block), model.settings["kappa"]
    pooled = pool(sums, extent, block.text_first, kappa)
    worst = worst_segments(sums.segments, extent, block.text_first, kappa)
    share = 1.0 if sums.share is None else float(sums.share[0])
    units, weight, damped, carried = _units(model, block, table, chunks, starts, share)

    labels = model.labels
    pooling = scorer.pooling
    roots = np.sqrt(extent + kappa)
    words = lessen(extent.sum(keepdims=True), sums.share)
    root = float(np.sqrt(words[0] + kappa))
    segment_of = np.fromiter((u.segment for u in units), np.int64, len(units))
    all_logits = pooling.logits(pooled)
    logits: dict[str, float] = {}
    bias: dict[str, float] = {}
    spans: list[Span] = []
    rationale: dict[str, tuple[Range, ...]] = {}
    sentence: dict[str, Range] = {}
    for number, label in enumerate(labels):
        logits[label] = float(all_logits[0, number])
        contribution = np.zeros(len(units))
        bias[label], parts = pooling.parts_of(number, pooled)
        for head, factor in parts:
            constant, on_whole, on_worst = pooling.line_of(head, pooled)
            segment = int(worst[0, head])
            inside = np.where(segment_of == segment, weight[:, head], 0.0)
            for unit, begun, row in carried:
                inside[unit] += row[head] * (
                    int(begun == segment) - int(segment_of[unit] == segment)
                )
            bias[label] += factor * constant
            contribution += damped[:, head] * (factor * on_whole / root)
            contribution += inside * (factor * on_worst / roots[segment])
        slope, offset = pooling.bend_of(number, bias[label] + float(contribution.sum()))
        bias[label] = slope * bias[label] + offset
        contribution *= slope
        spans += [
            Span(unit.start, unit.end, label, float(c))
            for unit, c in zip(units, contribution.tolist(), strict=True)
            if c != 0.0
        ]
        shown = _mix(weight, parts)
        rationale[label] = choose_ranges(text, units, shown, *model.settings["rationale"])
        which = int(worst[0, max(parts, key=lambda part: part[1])[0]])
        here = {unit.sentence for unit in units if unit.segment == which}
        members = [unit for unit in units if unit.sentence in here]
        sentence[label] = (
            Range(min(u.start for u in members), max(u.end for u in members))
            if members
            else Range(0, 0)
        )
    probability = sigmoid(np.array([logits[label] for label in labels], np.float32)).tolist()
    scores = dict(zip(labels, probability, strict=True))
    thresholds = model.thresholds
    score = Score(
        scores,
        scores["toxicity"] >= thresholds["toxicity"],
        scores["identity_attack"] >= thresholds["identity_attack"],
        str(model),
    )
    return Explanation(text, score, logits, bias, tuple(spans), rationale, sentence)


def _units(
    model: Model,
    block: Block,
    table: ChunkTable,
    chunks: Sequence[str],
    starts: Sequence[int],
    share: float = 1.0,
) -> tuple[list[Unit], Float64, Float64, list[Carried]]:
    """The units of a text, the summed weights of each (float64, shape (U, H)), the same with
    repeated chunks damped and `share` of what belongs to several words, and what was carried over
    the end of a segment."""
    lexer = table.lexer
    origin = block.origin if block.origin is not None else np.arange(len(block.ids))
    bounds = [*origin.tolist(), len(chunks)]
    units: list[Unit] = []
    readings: list[Reading] = []
    unit_of_word: list[int] = []
    units_of_chunk: list[range] = []
    for position in range(len(block.ids)):
        lo, hi = bounds[position], bounds[position + 1]
        pieces = chunks[lo:hi]
        sentence = int(block.chunk_sentence[position])
        segment = int(block.chunk_segment[position])
        if hi - lo > 1:
            joined = lexer.read_joined(pieces)
            assert joined is not None  # encode_chunks merged it
            reading = joined
        else:
            reading = lexer.read(pieces[0])
        readings.append(reading)
        first = len(units)
        for word in reading.words:
            unit_of_word.append(len(units))
            units.append(
                Unit(
                    _place(pieces, starts[lo:hi], word.start, False),
                    _place(pieces, starts[lo:hi], word.end - 1, True),
                    sentence,
                    segment,
                )
            )
        if not reading.words and reading.marks:
            end = starts[hi - 1] + (1 if pieces[-1] == BREAK else len(pieces[-1]))
            units.append(Unit(starts[lo], end, sentence, segment))
        units_of_chunk.append(range(first, len(units)))
    heads = model.weight.shape[1]
    weight = np.zeros((len(units), heads))
    damped = np.zeros_like(weight)
    # What belongs to single words and to the writing of a chunk.
    n_words = table.words.take(block.ids)
    items, owner = table.expand(block.ids, n_words + table.marks.take(block.ids))
    at_word = 0
    place = before = -1
    values = table.store.value[items, :heads]
    factor = _factors(block.ids)[owner]
    for row, scale, chunk in zip(values, factor.tolist(), owner.tolist(), strict=True):
        place = place + 1 if chunk == before else 0
        before = chunk
        if place < n_words[chunk]:
            weight[unit_of_word[at_word]] += row
            damped[unit_of_word[at_word]] += row * scale
            at_word += 1
        else:
            mine = units_of_chunk[chunk]
            for unit in mine:
                weight[unit] += row / len(mine)
                damped[unit] += row * scale / len(mine)
    # What belongs to several words; it counts for the segment of the first of them.
    carried: list[Carried] = []
    families = block.sequences.families()
    keys = np.concatenate([keys for keys, _ in families]) if families else np.empty(0, np.uint64)
    members = [words for family in block.sequences.members() for words in family]
    rows, hit = lookup(model, keys)
    for row, number in zip(rows[:, :heads], hit.tolist(), strict=True):
        mine = [unit_of_word[word] for word in members[number]]
        segment = units[mine[0]].segment
        for unit in mine:
            weight[unit] += row / len(mine)
            damped[unit] += row * share / len(mine)
            if units[unit].segment != segment:
                carried.append((unit, segment, row / len(mine)))
    _add_combinations(model, block, unit_of_word, weight, damped)
    folded, target = _fold(units)
    summed = np.zeros((2, len(folded), weight.shape[1]))
    np.add.at(summed[0], target, weight)
    np.add.at(summed[1], target, damped)
    carried = [(int(target[unit]), segment, row) for unit, segment, row in carried]
    return folded, summed[0], summed[1], carried


def _add_combinations(
    model: Model, block: Block, unit_of_word: list[int], weight: Float64, damped: Float64
) -> None:
    """Add what combinations of concepts bring, in equal shares for the words that make them.

    Those of a segment to `weight` of its words, those of the whole text to `damped`.
    """
    combinations = model.combinations
    if combinations is None:
        return
    cls, unit = block.sequences.cls, np.array(unit_of_word, np.int64)
    of_segments, of_texts = combinations.masks_of(cls, block.length, block.text_first)
    for places, row in combinations.parts(int(of_texts[0]), cls):
        np.add.at(damped, unit[places], row / len(places))
    for segment in np.unique(block.word_segment).tolist():
        mine = np.flatnonzero(block.word_segment == segment)
        for places, row in combinations.parts(int(of_segments[segment]), cls[mine]):
            np.add.at(weight, unit[mine[places]], row / len(places))


def _factors(identity: npt.NDArray[np.int64]) -> Float64:
    """What each occurrence counts for in the whole text: (1 + ln c) / c if there are c of it."""
    _, which, count = np.unique(identity, return_inverse=True, return_counts=True)
    share: Float64 = (damp(count) / count)[which]
    return share


def _fold(units: list[Unit]) -> tuple[list[Unit], npt.NDArray[np.int64]]:
    """Units in text order, those that share characters (an emoji of two words) made one.

    Also the new number of each unit.
    """
    order = sorted(range(len(units)), key=lambda i: (units[i].start, units[i].end))
    folded: list[Unit] = []
    target = np.empty(len(units), np.int64)
    for i in order:
        unit = units[i]
        if folded and unit.start < folded[-1].end:
            last = folded[-1]
            folded[-1] = replace(last, end=max(last.end, unit.end))
        else:
            folded.append(unit)
        target[i] = len(folded) - 1
    return folded, target


def _place(pieces: Sequence[str], starts: Sequence[int], at: int, end: bool) -> int:
    """Position in `" ".join(pieces)` -> position in the text (just after it, for an end)."""
    for piece, start in zip(pieces, starts, strict=True):
        if at < len(piece):
            return start + at + (1 if end else 0)
        at -= len(piece) + 1
    raise AssertionError("a word lies inside its chunk")


def weigh(text: str, model: Model) -> tuple[list[Unit], Float64]:
    """The words of a text and the summed weights of their n-grams: float64, shape (U, L).

    Unlike contributions, these do not depend on how long the text or the sentence is. The heads
    of toxicity are mixed as in the score.
    """
    chunks, starts = locate(text)
    scorer = scorer_of(model)
    table = scorer.table()
    block = encode_chunks(chunks, np.array([len(chunks)], np.int64), table)
    units, weight, _, _ = _units(model, block, table, chunks, starts)
    sums = sum_weights(model, block, table)
    pooled = pool(sums, scorer.extent_of(block), block.text_first, model.settings["kappa"])
    parts = [scorer.pooling.parts_of(number, pooled).heads for number in range(len(model.labels))]
    return units, np.stack([_mix(weight, part) for part in parts], axis=1)


def _mix(weight: Float64, parts: Sequence[tuple[int, float]]) -> Float64:
    """A label's weights: (U, H) -> (U,)."""
    mixed: Float64 = np.sum([factor * weight[:, head] for head, factor in parts], axis=0)
    return mixed


def choose_ranges(
    text: str, units: Sequence[Unit], values: Float64, floor: float, share: float
) -> tuple[Range, ...]:
    """The ranges of words whose weight reaches `floor` and `share` of the largest one's.

    Neighbours with nothing but white space between them are joined.
    """
    if not len(units):
        return ()
    bar = max(floor, share * float(values.max()))
    ranges: list[Range] = []
    for unit, value in zip(units, values.tolist(), strict=True):
        if value < bar or unit.end == unit.start:
            continue
        if ranges and unit.start >= ranges[-1].end and text[ranges[-1].end : unit.start].isspace():
            ranges[-1] = Range(ranges[-1].start, unit.end)
        elif not ranges or unit.start >= ranges[-1].end:
            ranges.append(Range(unit.start, unit.end))
    return tuple(ranges)
