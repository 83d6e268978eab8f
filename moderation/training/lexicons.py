"""Word lists and character tables, read from `moderation/data`; standard library only.

    data/lexicons/CLASS.tsv   term, class, note      load_classes()
    data/homoglyphs.tsv       look-alike, letters    load_homoglyphs()
    data/leet.tsv             symbol, readings       load_leet()
    data/emoji.tsv            emoji, words           load_emoji()
    data/meant.txt            a word a line          load_meant()
    data/names.txt            a name a line          load_names()
    data/typos.txt            a slip a line          load_typos()

Training reads them and bakes what it needs into the model file; scoring never imports this
module. Terms are lower-case, words separated by single spaces. A term may end in a rule for its
inflections (see `inflect`); its classes are written "coarse.fine", such as "group.religion".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources

from moderation.errors import InputError

COARSE: dict[str, str] = {
    "body_part": "neutral names of parts of the body",
    "computing": "words of computing, where kill, master, abort are harmless",
    "conspiracy": "themes and catchwords of conspiracy theories",
    "contempt": "adjectives, verbs and phrases that hold people to be low",
    "cooking": "words of the kitchen, where beat, whip, chop are harmless",
    "counter": "markers of counter-speech: judgements on prejudice, objections to a wording",
    "crime": "criminals and crimes",
    "dehumanise": "animals, vermin, disease and dirt as said of people",
    "exclusion": "calls to expel, ban or keep out",
    "group": "terms for groups of people, neutral or dated, by axis",
    "insult": "insults to a person, strong and mild, in English and loans",
    "intensifier": "words of degree",
    "modal": "obligation, wish, future and ability",
    "negation": "negating words and contractions",
    "place": "countries and regions",
    "politeness": "greetings, thanks, apologies, hedges",
    "possessive": "possessives by person",
    "praise": "words of love and approval",
    "profanity": "swear words and their euphemisms",
    "pronoun": "pronouns by person",
    "quantifier": "all, most, these: what makes a statement general",
    "question": "question words",
    "quote": "markers of quotation",
    "reporting": "verbs and nouns of reported speech",
    "self": "speaking of oneself",
    "sexual": "sexual acts and parts of the body",
    "slur": "words that disparage a group, by axis",
    "sport_game": "words of sport and games, where kill, shoot, beat are harmless",
    "support": "respect, equality, solidarity",
    "thing": "common inanimate things that people complain about",
    "violence": "killing and harming, threats",
    "weapon": "weapons and what serves as one",
}
"""Every coarse class (the part of a class before the dot) and what it holds."""

_HEADERS = {
    "lexicons": ("term", "class", "note"),
    "homoglyphs.tsv": ("character", "letters", "code", "name"),
    "leet.tsv": ("symbol", "letters", "kind", "note"),
    "emoji.tsv": ("emoji", "words", "name"),
}

_RULE = re.compile(r"(.+)~(n|v|vv|a|aa)\Z")


def coarse(name: str) -> str:
    """The coarse class of `name`: "group" for "group.religion"."""
    return name.partition(".")[0]


def _plural(word: str) -> str:
    if re.search(r"(?:s|x|z|ch|sh)\Z", word):
        return word + "es"
    if re.search(r"[^aeiou]y\Z", word):
        return word[:-1] + "ies"
    return word + "s"


def _verb(word: str, double: bool) -> list[str]:
    stem = word + word[-1] if double else word
    if not double and word.endswith("ie"):
        past, present = word + "d", word[:-2] + "ying"
    elif not double and word.endswith("e"):
        past = word + "d"
        present = (word if word.endswith(("ee", "oe", "ye")) else word[:-1]) + "ing"
    elif not double and re.search(r"[^aeiou]y\Z", word):
        past, present = word[:-1] + "ied", word + "ing"
    else:
        past, present = stem + "ed", stem + "ing"
    return [word, _plural(word), past, present, present[:-1]]


def _adjective(word: str, double: bool) -> list[str]:
    if double:
        stem = word + word[-1]
    elif re.search(r"[^aeiou]y\Z", word):
        stem = word[:-1] + "i"
    elif word.endswith("e"):
        stem = word[:-1]
    else:
        stem = word
    return [word, stem + "er", stem + "est"]


def inflect(term: str) -> list[str]:
    """The forms that a term of a lexicon stands for, the plain one first.

    A term without a rule stands for itself. The rules, written after a tilde:

    - `~n` noun: the last word's singular and plural ("army~n": army, armies)
    - `~v` verb: the first word's -s, -ed, -ing and dropped-g forms ("send back~v")
    - `~vv` the same with the last consonant doubled ("ban~vv": bans, banned, banning, bannin)
    - `~a` adjective: -er and -est ("ugly~a"), `~aa` with the consonant doubled ("fat~aa")

    Raises ValueError for an unknown rule.
    """
    if "~" not in term:
        return [term]
    match = _RULE.match(term)
    if match is None:
        raise ValueError(f'"{term}" has an unknown rule; use ~n, ~v, ~vv, ~a or ~aa')
    words, rule = match[1].split(" "), match[2]
    if rule == "n":
        return [" ".join(words), " ".join([*words[:-1], _plural(words[-1])])]
    if rule.startswith("v"):
        return [" ".join([form, *words[1:]]) for form in _verb(words[0], rule == "vv")]
    return [" ".join([*words[:-1], form]) for form in _adjective(words[-1], rule == "aa")]


def _rows(name: str, header: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """The rows of a table below its header, each with its place "file:line"."""
    text = resources.files("moderation").joinpath("data", name).read_text(encoding="utf-8")
    lines = text.split("\n")
    if tuple(lines[0].split("\t")) != header:
        raise InputError(f"{name}:1", f"the header must be {' '.join(header)}, tab-separated")
    for number, line in enumerate(lines[1:], start=2):
        if not line:
            continue
        fields = line.split("\t")
        if len(fields) != len(header):
            raise InputError(f"{name}:{number}", f"{len(header)} columns needed, not {len(fields)}")
        yield f"{name}:{number}", fields


def lexicon_names() -> list[str]:
    """The names of the lexicons, sorted; each is also the coarse class of its terms."""
    folder = resources.files("moderation").joinpath("data", "lexicons")
    return sorted(item.name[:-4] for item in folder.iterdir() if item.name.endswith(".tsv"))


def load_classes() -> dict[str, list[str]]:
    """All lexicons: each inflected term (lower-case) with its classes, sorted.

    A term may have several classes ("pig": "dehumanise.animal", "insult.mild"). Raises InputError
    that names the file and line of a malformed row.
    """
    found: dict[str, set[str]] = {}
    for name in lexicon_names():
        for place, (term, fine, _note) in _rows(f"lexicons/{name}.tsv", _HEADERS["lexicons"]):
            if coarse(fine) != name or name not in COARSE:
                raise InputError(place, f'class "{fine}" must be "{name}.…" and listed in COARSE')
            try:
                forms = inflect(term)
            except ValueError as error:
                raise InputError(place, str(error)) from None
            for form in forms:
                found.setdefault(form, set()).add(fine)
    return {term: sorted(found[term]) for term in sorted(found)}


def load_ambiguous() -> frozenset[str]:
    """The inflected terms of slur, insult, profanity and sexual with a common harmless sense.

    They are the rows whose note holds the word "also"; of "dick" it says "also a given name".
    """
    return frozenset(
        form
        for name in ("insult", "profanity", "sexual", "slur")
        for _, (term, _fine, note) in _rows(f"lexicons/{name}.tsv", _HEADERS["lexicons"])
        if re.search(r"\balso\b", note)
        for form in inflect(term)
    )


def load_innocent() -> list[str]:
    """Words of dictionaries that are one slip from an offensive word, or fall into parts of which
    one is: known words, so that nothing is read into them. English (SCOWL) first of all, then
    German, French, Spanish, Italian, Dutch and Swedish, as far as they are usual there and are not
    the same insult with another ending; rare words that are likelier slips are left out. Of English
    words those as well that are one slip from any word that tells something ("insulating", "hares",
    "untied"), and some names and common words that no dictionary has.
    """
    source = resources.files("moderation").joinpath("data", "innocent.txt")
    return source.read_text(encoding="utf-8").split()


def load_names() -> list[str]:
    """Names and other words that are written with a capital and are near an offensive word.

    Made by `python -m moderation.training.names`; `data/lexicons/README.md` says of what.
    """
    source = resources.files("moderation").joinpath("data", "names.txt")
    return source.read_text(encoding="utf-8").split()


def load_typos() -> frozenset[str]:
    """Slips of small words ("ypu") that stand in many texts and are no words all the same.

    Lines that begin with "#" are left out.
    """
    source = resources.files("moderation").joinpath("data", "typos.txt")
    lines = source.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def load_meant() -> list[str]:
    """Words that a slip may hide in another word, and that the words about it may tell.

    Lines that begin with "#" are left out.
    """
    text = resources.files("moderation").joinpath("data", "meant.txt").read_text(encoding="utf-8")
    return [line for line in text.split("\n") if line and not line.startswith("#")]


def load_homoglyphs() -> dict[str, str]:
    """Look-alike character -> the Latin letters (one or more, lower-case) that it stands for.

    Only what NFKD, mark stripping and case folding do not give already. Look up the character as
    written first and its lower case after that: capital Greek nu looks like N, the small one like
    v. Cyrillic, Greek, ideographs and other living scripts are among them: fold them only inside
    words that mix scripts and that are wholly Latin after folding. Regional indicators are letters
    only where they are not a flag (see `load_emoji`).
    """
    header = _HEADERS["homoglyphs.tsv"]
    return {row[0]: row[1] for _, row in _rows("homoglyphs.tsv", header)}


def load_leet(*kinds: str) -> dict[str, tuple[str, ...]]:
    """Symbol (one or more characters) -> the readings it may stand for, the likeliest first.

    `kinds` chooses the rows; without it "symbol" and "glyph". A later kind adds its readings to
    those of an earlier one.

    - "symbol": one character for a letter (0 -> o, @ -> a, ! -> i or l)
    - "glyph": several characters for a letter (vv -> w, ph -> f, |< -> k)
    - "mask": a character that hides any letter, mostly a vowel (* _ - ●)
    - "phonetic": letters that sound alike (ck -> k, zz -> ss)
    - "word": a whole word or its start (gr8 -> great, u -> you)
    """
    readings: dict[str, list[str]] = {}
    wanted = kinds or ("symbol", "glyph")
    rows = [row for _, row in _rows("leet.tsv", _HEADERS["leet.tsv"])]
    for kind in wanted:
        for symbol, letters, its_kind, _note in rows:
            if its_kind == kind:
                held = readings.setdefault(symbol, [])
                held.extend(reading for reading in letters.split(" ") if reading not in held)
    return {symbol: tuple(found) for symbol, found in readings.items()}


def load_emoji() -> dict[str, str]:
    """Emoji (a whole sequence, without the variation selector U+FE0F) -> words to read it as.

    Strip U+FE0F from the text before the look-up and take the longest sequence first. Emoji that
    are missing may be read by their Unicode names.
    """
    return {row[0]: row[1] for _, row in _rows("emoji.tsv", _HEADERS["emoji.tsv"])}
