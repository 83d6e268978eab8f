"""The parts of a model card about fairness, evasion, dilution, explanations and contrasts."""

from __future__ import annotations

from moderation.evaluation.card_figures import MEASURES
from moderation.evaluation.data import read_data
from moderation.evaluation.report import Figure
from moderation.evaluation.sheet import Sheet
from moderation.evaluation.told import NAME as TOLD

CALIBRATED = ("jigsaw2018_any/dev", "jigsaw2018_test_sixlabel/test", "perspective_scores/test")
"""Sets at a natural rate of abuse, where an error of calibration means something."""
WORST = 8  # identities and capabilities listed as the weakest


class ProbeParts(Sheet):
    """The marks of the template from fairness to the weakest capabilities."""

    # --- fairness ---

    def bias(self) -> str:
        own = (
            [self.bias_of("sentences")] if self._groups("sentences", "toxicity", "bpsn_auc") else []
        )
        return "\n\n".join([self.bias_of("identity_templates/test:bias"), *own])

    def bias_of(self, name: str) -> str:
        kinds = ("subgroup_auc", "bpsn_auc", "bnsp_auc")
        rows = [
            [
                kind.replace("_auc", "").replace("bpsn", "BPSN").replace("bnsp", "BNSP"),
                self.value(self.find(name, "toxicity", f"{kind}_power_mean")),
                self.value(self.find(name, "toxicity", f"{kind}_minimum")),
            ]
            for kind in kinds
            if self.find(name, "toxicity", f"{kind}_power_mean")
        ]
        parts = [self.note(name), self.table(["AUC", "power mean −5", "minimum"], rows, [name])]
        flagged = [
            f"{label}: {wrong} of the harmless ones that name somebody, {found} of the abusive ones"
            for label in ("toxicity", "identity_attack")
            if (wrong := self.find(name, label, "false_positive_rate"))
            and (found := self.find(name, label, "recall"))
        ]
        if flagged:
            parts.append(f"Flagged at the model's thresholds: {'; '.join(flagged)}.")
        for kind, title in (("bpsn_auc", "BPSN"), ("bnsp_auc", "BNSP")):
            each = sorted(self._groups(name, "toxicity", kind), key=lambda f: f.value)[:WORST]
            if each:
                listed = ", ".join(f"{f.group} {f.value:.3f}" for f in each)
                parts.append(f"Lowest {title}: {listed}.")
        return "\n\n".join(filter(None, parts))

    def _groups(self, name: str, label: str, measure: str) -> list[Figure]:
        return [
            f
            for f in self.report.figures
            if (f.set, f.label, f.measure) == (name, label, measure) and f.group
        ]

    def functional(self) -> str:
        return self._functions("functional", "identity_attack", ("hate", "no hate"))

    def everyday(self) -> str:
        return self._functions("everyday", "toxicity", ("abusive", "harmless"))

    def _functions(self, name: str, label: str, kinds: tuple[str, str]) -> str:
        """Decisions by function, of those that the label is 1 of and the others (`kinds`)."""
        rows = [
            [f.group.replace("_", " "), kinds[not f.positives], str(f), str(f.n)]
            for f in sorted(self._groups(name, label, "accuracy"), key=lambda f: f.value)
        ]
        overall = self.find(name, label, "accuracy")
        if overall is not None:
            rows.append(["all", "both", str(overall), str(overall.n)])
        told = [
            f"{title}: {figure}."
            for title, measure in (
                ("AUC over all", "auc"),
                (f"Found of what is {kinds[0]}", "recall"),
                (f"Flagged of what is {kinds[1]}", "false_positive_rate"),
            )
            if (figure := self.find(name, label, measure)) is not None
        ]
        head = ["function", "what it is", "decided rightly", "n"]
        parts = [self.note(name), self.table(head, rows, [name]), " ".join(told)]
        return "\n\n".join(filter(None, parts))

    def counterfactual(self) -> str:
        name = "counterfactual"
        measures = {
            "mean_absolute_change": "mean change of the score, either way",
            "absolute_change_95_percent_point": "95 of 100 swaps change it by less than",
            "decisions_changed": "decisions changed",
        }
        rows = [
            [label, title, str(figure), str(figure.n)]
            for label in ("toxicity", "identity_attack")
            for measure, title in measures.items()
            if (figure := self.find(name, label, measure))
        ]
        parts = [self.note(name), self.table(["label", "measure", "value", "swaps"], rows, [name])]
        for label in ("toxicity", "identity_attack"):
            means = self._groups(name, label, "mean_change")
            worst = sorted(means, key=lambda f: -abs(f.value))[:WORST]
            listed = [
                [
                    mean.group,
                    str(mean),
                    self.value(self.find(name, label, "worst_change", mean.group)),
                    str(mean.n),
                ]
                for mean in worst
            ]
            if listed:
                head = [f"{label}: identity put in", "mean change", "worst change", "swaps"]
                parts.append("Identities that move the score most:")
                parts.append(self.table(head, listed, [name]))
        return "\n\n".join(filter(None, parts))

    def mentions(self) -> str:
        parts = []
        for name in ("mentions", "dialect"):
            rows = [
                [name, f.label, f.group or "–", f.measure.replace("_", " "), str(f), str(f.n)]
                for f in self.report.figures
                if f.set == name
            ]
            head = ["probe", "label", "comments", "measure", "value", "n"]
            parts += [self.note(name), self.table(head, rows, [name])]
        return "\n\n".join(filter(None, parts))

    def told(self) -> str:
        """A row a set and label: as judged from each text, and told how the set is written."""
        found: dict[tuple[str, str], dict[str, Figure]] = {}
        for figure in self.report.figures:
            if figure.set == TOLD:
                found.setdefault((figure.group, figure.label), {})[figure.measure] = figure
        rows = []
        for (group, label), by_measure in found.items():
            name, _, register = group.partition(" as ")
            for measure, figure in by_measure.items():
                judged = self.find(name, label, measure)
                if judged is not None and (measure != "ece" or name in CALIBRATED):
                    row = [name, label, MEASURES[measure], str(judged), str(figure), register]
                    rows.append(row)
        head = ["set", "label", "measure", "judged from each text", "told", "register"]
        sets = [TOLD, *dict.fromkeys(row[0] for row in rows)]
        return "\n\n".join(filter(None, [self.note(TOLD), self.table(head, rows, sets)]))

    # --- evasion, dilution, explanation ---

    def tricks(self) -> str:
        name, label = "tricks", "toxicity"
        groups = [
            f.group
            for f in self.report.figures
            if (f.set, f.label, f.measure) == (name, label, "recall")
        ]
        measures = ("kept", "recall", "false_positive_rate")
        # As written first, then the tricks that work best.
        kept = {group: self.find(name, label, "kept", group) for group in groups}
        groups.sort(key=lambda group: f.value if (f := kept[group]) else -1.0)
        rows = []
        for group in groups:
            found = [self.find(name, label, measure, group) for measure in measures]
            rows.append([group, *("–" if f is None else str(f) for f in found)])
        table = self.table(["trick", "still flagged", "recall", "false alarms"], rows, [name])
        return "\n\n".join(filter(None, [self.note(name), table]))

    def _all(self, name: str, head: str) -> str:
        rows = [
            [f.measure.replace("_", " "), f.group or "–", str(f), str(f.n)]
            for f in self.report.figures
            if f.set == name
        ]
        table = self.table([head, "of", "value", "n"], rows, [name])
        return "\n\n".join(filter(None, [self.note(name), table]))

    def perturbation(self) -> str:
        return "People's own misspellings (NoisyHate). " + self._all(
            "noisyhate/test:perturbation", "measure"
        )

    def dilution(self) -> str:
        return self._all("dilution", "measure")

    def explanation(self) -> str:
        return self._all("toxic_spans/dev:explanation", "measure")

    # --- contrasts ---

    def _capabilities(self) -> list[tuple[str, Figure, Figure]]:
        """Capability, accuracy of toxicity and of identity_attack, the weakest first."""
        name = "contrasts/held-out"
        found = []
        for toxic in self._groups(name, "toxicity", "accuracy"):
            hate = self.find(name, "identity_attack", "accuracy", toxic.group)
            if hate is not None:
                found.append((toxic.group, toxic, hate))
        return sorted(found, key=lambda row: min(row[1].value, row[2].value))

    def contrasts(self) -> str:
        name = "contrasts/held-out"
        overall = [
            [f.label, f.measure.replace("_", " "), str(f), str(f.n)]
            for f in self.report.figures
            if f.set == name and not f.group and f.measure in ("accuracy", "pair_accuracy")
        ]
        parts = [
            self.note(name),
            self.table(["label", "measure", "value", "n"], overall, [name]),
        ]
        rows = [
            [capability, str(toxic.n), str(toxic), str(hate)]
            for capability, toxic, hate in self._capabilities()
        ]
        if rows:
            head = ["capability", "n", "accuracy of toxicity", "accuracy of identity_attack"]
            parts += ["By capability, the weakest first:", self.table(head, rows, [name])]
        return "\n\n".join(filter(None, parts))

    def weakest(self) -> str:
        known = read_data("capabilities.toml")
        lines = [
            f"- **{capability}** ({known[capability]['asks']}): “{known[capability]['abusive']}” "
            f"is abusive, “{known[capability]['harmless']}” is not."
            for capability, *_ in self._capabilities()[:WORST]
            if capability in known
        ]
        if not lines:
            return ""
        return (
            "What the weakest capabilities ask, in mild words of an invented people (examples to "
            "explain them, not rows of the set):\n\n" + "\n".join(lines)
        )
