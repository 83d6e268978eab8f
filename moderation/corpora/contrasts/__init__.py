"""The project's own contrast set: hand-written templates, expanded the same way every time.

    seeds/contrasts/templates/*.txt   pairs of templates with reading A beside each side
    seeds/contrasts/groups.txt        the identity groups and their forms
    seeds/contrasts/fillers.txt       everything else that a slot can hold
    seeds/contrasts/heldout.txt       the families that no training may see
    seeds/contrasts/readings.jsonl    reading B and the decisions, append-only
        │ material     read_material(): what was written -> Material
        │ expanding    expand_templates(): Material -> pairs of finished texts
        │ readings     the second reader's texts, readings and decisions
        ▼ rows         build_rows()
    seeds/contrasts.jsonl             one row a side, read by `read_contrasts`

A template file holds families, a family holds pairs, a pair is two lines that differ in the one
thing that matters. A line is `CODE text`, CODE being `0` or letters of `CODES`, optionally with
`:target`. In the text `{Gs}` is a group's plural, `{Ga}` its singular with an article, `{Gj}` its
adjective; a digit before the form (`{G2s}`) means another group, and the capital names the kind
(`GROUP_KINDS`). `{name}` is a word of fillers.txt (`{name2}` another one). `<a|b>` is a choice.
Both sides of a pair get the same values, choices and surface style.

Run `python -m moderation.corpora.contrasts --help` for the commands (`commands`).
"""

from __future__ import annotations

from moderation.corpora.contrasts.expanding import expand_templates
from moderation.corpora.contrasts.material import Material, read_material
from moderation.corpora.contrasts.readings import export_blind
from moderation.corpora.contrasts.rows import build_rows, draw_heldout, read_contrasts

__all__ = [
    "Material",
    "build_rows",
    "draw_heldout",
    "expand_templates",
    "export_blind",
    "read_contrasts",
    "read_material",
]
