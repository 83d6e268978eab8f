"""Public corpora of labelled comments, brought under one scheme.

    registry     load(), load_all(): files -> Corpus, by the rules of mapping.toml
    rules        the expressions that mapping.toml is written in
    duplicates   what must not stand in train because dev or test holds it (or nearly) as well

The texts stay in the folder that the user names; nothing here downloads or copies them.
"""

from moderation.corpora.registry import Corpus, entries, load, load_all, mapping_table

__all__ = ["Corpus", "entries", "load", "load_all", "mapping_table"]
