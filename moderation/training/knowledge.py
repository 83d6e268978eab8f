"""What a model knows of words before it is trained: vocabulary, classes, tables of disguises.

    lexicons (data files) + counts of words in training texts ──► Knowledge ──► the model file

Scoring reads all of it from the model file, never from here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from moderation.reading.spelling import LIKELY, Speller
from moderation.reading.text import chunk_word, split
from moderation.reading.words import MAX_WORD, Tables
from moderation.training.lexicons import (
    coarse,
    load_ambiguous,
    load_classes,
    load_emoji,
    load_homoglyphs,
    load_innocent,
    load_leet,
    load_meant,
    load_names,
    load_typos,
)
from moderation.training.neighbours import count_beside, find_slips

MIN_TEXTS = 5  # texts that must hold a word before it counts as known
MAX_WORDS = 65_000  # the rest is rare; the list is 0.5 MB of the model file
FAMILIAR = 8_000  # ranks of words that stand in so many texts that they have weights of their own
COMMONER = 20  # times: how much commoner a word is than a familiar misspelling of it

# By what people are grouped. N-grams see one class of groups and one of slurs (what stands before
# the colon); combinations of concepts see by what.
AXES: dict[str, tuple[str, ...]] = {
    "slur": (
        "race",
        "religion",
        "gender",
        "orientation",
        "gender_identity",
        "disability",
        "class",
        "age",
        "migration",
    ),
    "group": (
        "religion",
        "ethnicity_race",
        "nationality",
        "gender",
        "gender_identity",
        "orientation",
        "disability",
        "age",
        "migration",
        "class",
        "body",
    ),
}
# A word has one class, the first of these that it is listed under: what hurts comes before what
# qualifies it. Coarse classes, except where the fine class changes what a sentence says.
CLASS_ORDER = (
    *(f"{of}:{axis}" for of, axes in AXES.items() for axis in axes),
    "unprotected",
    "insult.strong",
    "profanity",
    "sexual",
    "insult",
    "dehumanise",
    "violence.kill",
    "violence",
    "exclusion",
    "contempt",
    "crime",
    "weapon",
    "counter",
    "support",
    "praise",
    "negation",
    "pronoun.first",
    "pronoun.second",
    "pronoun.third",
    "possessive.first",
    "possessive.second",
    "possessive.third",
    "quantifier",
    "modal.obligation",
    "modal",
    "self",
    "reporting",
    "conspiracy",
    "question",
    "place",
    "politeness",
    "sport_game",
    "cooking",
    "computing",
    "thing",
    "body_part",
    "intensifier",
    "quote",
)
# The first so many say something of their own; the rest qualify.
TELLING = CLASS_ORDER.index("praise") + 1
# Classes of words that say to whom and whether something is said: slips of them are undone too.
COMMON = frozenset(
    (
        "negation",
        "pronoun.second",
        "pronoun.third",
        "possessive.second",
        "possessive.third",
        "quantifier",
    )
)
# Groups that no one is protected for: contempt for them is not an identity attack.
UNPROTECTED = frozenset(["group.political", "group.occupation", "slur.political"])
# Words that people disguise. Others are not worth recovering: each adds chance resemblances.
DISGUISED = ("profanity", "slur", "insult", "sexual")
ALWAYS = (
    "bitch",
    "bitches",
    "bitching",
    "bastard",
    "bastards",
    "vermin",
    "clown",
    "clowns",
    "rats",
)
DISGUISED_TOO = (
    "kill",
    "killed",
    "killing",
    "die",
    "rape",
    "raped",
    "murder",
    "hate",
    "hang",
    "shoot",
    "ugly",
    "disgusting",
    "worthless",
    "pathetic",
    "nazi",
    "nazis",
    "muslim",
    "muslims",
    "jew",
    "jews",
    "gay",
    "gays",
    "lesbian",
    "trans",
    "blacks",
    "immigrants",
    "women",
)


@dataclass(frozen=True)
class Knowledge:
    """Tables for the lexer, the class names (number 1 is the first), how many are telling, and
    each word's number."""

    tables: Tables
    class_names: tuple[str, ...]
    telling: int
    classes: dict[str, int]


def count_words(texts: Iterable[str]) -> Counter[str]:
    """In how many texts each plain alphabetic word stands (lower case, apostrophes dropped)."""
    seen: dict[str, str | None] = {}
    counts: Counter[str] = Counter()
    for text in texts:
        words = set()
        for chunk in set(split(text)):
            try:
                word = seen[chunk]
            except KeyError:
                word = seen[chunk] = chunk_word(chunk)
            if word is not None:
                words.add(word)
        counts.update(words)
    return counts


def class_of(names: Iterable[str]) -> str | None:
    """The one class of CLASS_ORDER for a word with these fine classes."""
    candidates: set[str] = set()
    for name in names:
        if name in UNPROTECTED:
            candidates.add("unprotected")
        else:
            candidates.update((name, coarse(name), name.replace(".", ":")))
    return next((name for name in CLASS_ORDER if name in candidates), None)


def _token(names: Iterable[str]) -> str:
    """The class of a word with these fine classes as n-grams see it."""
    return (class_of(names) or "").partition(":")[0]


def _leet() -> dict[str, tuple[str, ...]]:
    """Symbols, and spellings by sound that may stand anywhere in a word."""
    found = load_leet("symbol", "glyph")
    for written, spoken in load_leet("glyph", "phonetic").items():
        if written.isalpha() and written.isascii() and written not in ("a", "in", "ah", "uh"):
            found[written] = spoken
    return found


def disguisable(
    terms: Mapping[str, Iterable[str]], counts: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Of terms (and their fine classes) those worth recovering, the most used first.

    Returns the offensive ones, which people disguise in every way, and the others that say
    something of their own: those are recovered only where a slip of the pen hides them.
    """
    ambiguous = load_ambiguous()
    disguised: set[str] = set()
    doubtful: set[str] = set()  # with a harmless sense; disguised too ("d!ck"), as last choices
    telling: set[str] = set()
    for term, names in terms.items():
        if len(term) < 3:
            continue
        if any(coarse(name) in DISGUISED for name in names):
            (doubtful if term in ambiguous else disguised).add(term)
        elif class_of(names) in CLASS_ORDER[:TELLING]:
            telling.add(term)
    too = {word for word in DISGUISED_TOO if word not in ambiguous}
    disguised |= too
    disguised.update(ALWAYS)  # ambiguous words whose disguise leaves no doubt

    def order(words: Iterable[str]) -> list[str]:
        return sorted(words, key=lambda word: (-counts.get(word, 0), word))

    offensive = [*order(disguised), *order(doubtful - disguised)]
    return offensive, order((telling - disguised - doubtful) | too)


def without_variants(
    known: Sequence[str], terms: Mapping[str, Iterable[str]], offensive: Sequence[str]
) -> list[str]:
    """The words of `known` but for rare spellings of much used offensive words ("phuck", "btch").

    Left out, they are read as what they are spelt after, which says more than their own weights:
    that word is the commoner and is kept, and neither is the other's plural. Words of dictionaries
    and lexicons are no misspellings, unless a lexicon lists them as one: with the class of the word
    that they are spelt after.
    """
    listed, ranks = set(offensive), {word: rank for rank, word in enumerate(known)}
    words = {*terms, *load_innocent()}
    speller = Speller(ranks, offensive)
    kept = dict.fromkeys(known[:FAMILIAR])
    for word in known[FAMILIAR:]:
        if word in words and word not in listed:
            kept[word] = None
            continue
        meant = speller.read(word)
        if (
            meant not in kept
            or word in (meant + "s", meant.removesuffix("s"))
            or (ranks[word] < LIKELY and ranks[meant] * COMMONER > ranks[word])
            or (word in listed and _token(terms.get(meant, ())) != _token(terms[word]))
        ):
            kept[word] = None
    return list(kept)


def build(texts: Collection[str], *, lexicons: bool = True) -> Knowledge:
    """Build the knowledge from the lexicons and the training texts.

    `lexicons=False` leaves the classes out (for ablations); disguises are undone all the same.
    """
    counts = count_words(texts)
    terms = {
        term: names
        for term, names in load_classes().items()
        if term.isalpha() and term.isascii() and len(term) <= MAX_WORD
    }
    typos = load_typos()
    known = [
        word
        for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        if count >= MIN_TEXTS and (len(word) > 1 or word in "aiu") and word not in typos
    ][:MAX_WORDS]
    listed = set(known)
    known += sorted({*terms, *load_innocent()} - listed)
    offensive, telling = disguisable(terms, counts)
    vocabulary = without_variants(known, terms, offensive)
    kept = set(vocabulary)
    ranks = {word: rank for rank, word in enumerate(vocabulary)}
    meant = [word for word in load_meant() if ranks.get(word, LIKELY) < LIKELY]
    slips = find_slips(meant, ranks, frozenset(offensive))
    tables = Tables(
        vocabulary=ranks,
        offensive={
            word: rank for rank, word in enumerate(word for word in offensive if word in kept)
        },
        homoglyphs=load_homoglyphs(),
        leet=_leet(),
        emoji=load_emoji(),
        telling={word: rank for rank, word in enumerate(telling)},
        meant=meant,
        slips=slips,
        context=count_beside(texts, [*meant, *slips], ranks) if meant else None,
        names=" ".join(load_names()),
        common=sorted(term for term, names in terms.items() if class_of(names) in COMMON),
    )
    classes: dict[str, int] = {}
    number = {name: i for i, name in enumerate(CLASS_ORDER, 1)}
    if lexicons:
        for term, names in terms.items():
            name = class_of(names)
            if name is not None:
                classes[term] = number[name]
    return Knowledge(tables, CLASS_ORDER if lexicons else (), TELLING if lexicons else 0, classes)
