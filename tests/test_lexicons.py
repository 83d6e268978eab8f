"""The lexicons and character tables: shape, rules, coverage."""

from __future__ import annotations

import pytest

from moderation import lexicons


@pytest.mark.parametrize(
    ("term", "forms"),
    [
        ("go away", ["go away"]),
        ("army~n", ["army", "armies"]),
        ("bitch~n", ["bitch", "bitches"]),
        ("day~n", ["day", "days"]),
        ("wheelchair user~n", ["wheelchair user", "wheelchair users"]),
        ("kill~v", ["kill", "kills", "killed", "killing", "killin"]),
        ("hate~v", ["hate", "hates", "hated", "hating", "hatin"]),
        ("bury~v", ["bury", "buries", "buried", "burying", "buryin"]),
        ("die~v", ["die", "dies", "died", "dying", "dyin"]),
        ("agree~v", ["agree", "agrees", "agreed", "agreeing", "agreein"]),
        ("ban~vv", ["ban", "bans", "banned", "banning", "bannin"]),
        ("wipe out~v", ["wipe out", "wipes out", "wiped out", "wiping out", "wipin out"]),
        ("ugly~a", ["ugly", "uglier", "ugliest"]),
        ("fat~aa", ["fat", "fatter", "fattest"]),
        ("nice~a", ["nice", "nicer", "nicest"]),
    ],
)
def test_inflect(term: str, forms: list[str]) -> None:
    assert lexicons.inflect(term) == forms


def test_inflect_names_an_unknown_rule() -> None:
    with pytest.raises(ValueError, match='"kill~q" has an unknown rule'):
        lexicons.inflect("kill~q")


def test_classes_are_well_formed() -> None:
    classes = lexicons.load_classes()
    assert set(lexicons.lexicon_names()) == set(lexicons.COARSE)
    assert {lexicons.coarse(name) for names in classes.values() for name in names} == set(
        lexicons.COARSE
    )
    for term, names in classes.items():
        assert term == term.lower() == " ".join(term.split()), term
        assert "~" not in term
        assert names == sorted(set(names))


@pytest.mark.parametrize(
    ("term", "name"),
    [
        ("muslims", "group.religion"),
        ("women", "group.gender"),
        ("blacks", "group.ethnicity_race"),
        ("wheelchair users", "group.disability"),
        ("immigrants", "group.migration"),
        ("trans people", "group.gender_identity"),
        ("zimbabweans", "group.nationality"),
        ("lesbians", "group.orientation"),
        ("pensioners", "group.age"),
        ("morons", "insult.mild"),
        ("deported", "exclusion.expel"),
        ("should", "modal.obligation"),
        ("don't", "negation.contraction"),
        ("please", "politeness.word"),
        ("rapists", "crime.person"),
        ("shooting", "violence.harm"),
        ("wonderful", "praise.adjective"),
        ("subhumans", "dehumanise.animal"),
    ],
)
def test_classes_cover(term: str, name: str) -> None:
    assert name in lexicons.load_classes()[term]
