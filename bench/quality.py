"""How well this project's model and its peers judge the same comments, side by side.

    python bench/quality.py --corpora DIR --cache DIR [--model M] [--peer-python PATH]
                            [--output bench/quality.md] [--html quality.html]

Peers: alt-profanity-check and hatesonar (run by `peer_worker.py` in an environment of their own,
see peers.txt), a plain TF-IDF + logistic regression of scikit-learn trained here on
jigsaw2018_any, and the scores that the real Perspective API gave in August 2018, where they exist.

All are measured by `moderation.evaluation`. Scores are remembered in the cache folder by the
text's sha256, one file a peer and version; texts are never written.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from moderation.corpora import Corpus, load_all
from moderation.errors import ModerationError
from moderation.evaluation import Report, evaluate, load_sets
from moderation.evaluation.page import write_page
from moderation.evaluation.told import SOCIAL, TALK
from moderation.records import LABELS

Floats = NDArray[np.float32]
WORKER = Path(__file__).with_name("peer_worker.py")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: a figure, and what a predictor without that label is judged by."""

    title: str
    set: str
    label: str
    measure: str
    group: str = ""


ROWS: tuple[Row, ...] = (
    Row("Perspective sample, AUC", "perspective_scores/test", "toxicity", "auc"),
    Row("Perspective sample, average precision", "perspective_scores/test", "toxicity", "ap"),
    Row("Jigsaw test (balanced), AUC", "jigsaw2018_test_balanced/test", "toxicity", "auc"),
    Row("Jigsaw test (natural), AUC", "jigsaw2018_test_sixlabel/test", "toxicity", "auc"),
    Row("Jigsaw test, mean AUC of six", "jigsaw2018_test_sixlabel/test", "mean of six", "auc"),
    Row("Jigsaw dev slice, calibration error", "jigsaw2018_any/dev", "toxicity", "ece"),
    Row("DynaHate test, AUC", "dynahate/test", "identity_attack", "auc"),
    Row("DynaHate test, macro-F1", "dynahate/test", "identity_attack", "macro_f1"),
    Row("HatemojiBuild test, AUC", "hatemoji_build/test", "identity_attack", "auc"),
    Row("HatemojiBuild test, macro-F1", "hatemoji_build/test", "identity_attack", "macro_f1"),
    Row("HateXplain, hate or not, AUC", "hatexplain/test:hatespeech", "identity_attack", "auc"),
    Row("HateXplain, not normal, AUC", "hatexplain/test", "toxicity", "auc"),
    Row("CAD, any abuse, AUC", "cad/test:any_abuse", "toxicity", "auc"),
    Row("TRAC-1 dev, overt against none, AUC", "trac1/dev", "toxicity", "auc"),
    Row("Identity templates, AUC", "identity_templates/test", "toxicity", "auc"),
    Row("… BPSN, power mean −5", "identity_templates/test:bias", "toxicity", "bpsn_auc_power_mean"),
    Row("… BNSP, power mean −5", "identity_templates/test:bias", "toxicity", "bnsp_auc_power_mean"),
    Row("NoisyHate, still flagged", "noisyhate/test:perturbation", "toxicity", "kept"),
    Row("Short abuse found between clean sentences", "dilution", "toxicity", "recall_diluted"),
    Row(
        "Long harmless comments flagged", "dilution", "toxicity", "false_positive_rate",
        "long comments",
    ),
)  # fmt: skip

SETS = (
    "perspective_scores/test", "jigsaw2018_test_balanced/test", "jigsaw2018_test_sixlabel/test",
    "jigsaw2018_any/dev", "dynahate/test", "hatemoji_build/test", "hatexplain/test:hatespeech",
    "hatexplain/test", "cad/test:any_abuse", "trac1/dev", "identity_templates/test", "bias",
    "perturbation", "dilution",
)  # fmt: skip


class Cache:
    """Scores by text, shape (L,) each, kept as JSON lines {"sha256 of the text": [six or null]}."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, list[float]] = {}
        if path.exists():
            for line in path.read_text("utf-8").splitlines():
                key, values = json.loads(line)
                self.known[key] = [np.nan if value is None else value for value in values]

    def predict(self, texts: list[str], score: Callable[[list[str]], Floats]) -> Floats:
        """Scores of `texts`, those not known asked of `score`; float32, shape (C, L)."""
        keys = [hashlib.sha256(t.encode("utf-8", "surrogatepass")).hexdigest() for t in texts]
        new = {k: t for k, t in zip(keys, texts, strict=True) if k not in self.known}
        if new:
            found = score(list(new.values()))
            with self.path.open("a", encoding="utf-8") as out:
                for key, row in zip(new, found.tolist(), strict=True):
                    self.known[key] = row
                    kept = [None if value != value else round(value, 6) for value in row]
                    out.write(json.dumps([key, kept]) + "\n")
        return np.array([self.known[key] for key in keys], dtype=np.float32)


def score_with_peer(python: str, name: str, texts: Sequence[str]) -> tuple[str, Floats]:
    """Version and scores of a peer that runs in its own process; NaN for labels it has not."""
    done = subprocess.run(
        [python, str(WORKER), name],
        input="".join(json.dumps(text) + "\n" for text in texts),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise click.ClickException(f"{name} cannot run under {python}: {last}")
    head, *lines = done.stdout.splitlines()
    scores = np.full((len(texts), len(LABELS)), np.nan, dtype=np.float32)
    for i, line in enumerate(lines):
        for label, value in json.loads(line).items():
            scores[i, LABELS.index(label)] = value
    if len(lines) != len(texts):
        raise click.ClickException(f"{name} gave {len(lines)} scores for {len(texts)} texts")
    return json.loads(head)["version"], scores


class Baseline:
    """The recipe of many a tutorial: TF-IDF of words and word pairs, logistic regression.

    Trained on the train rows of jigsaw2018_any with the duplicates of test rows removed, one
    label: any of six. Nothing is tuned.
    """

    def __init__(self, corpora: Path) -> None:
        self.corpora = corpora
        self._pipeline = None

    def __call__(self, texts: list[str]) -> Floats:
        if self._pipeline is None:
            self._pipeline = self._train()
        scores = np.full((len(texts), len(LABELS)), np.nan, dtype=np.float32)
        scores[:, 0] = self._pipeline.predict_proba(texts)[:, 1]
        return scores

    def _train(self):
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        names = ["jigsaw2018_any", "jigsaw2018_test_balanced", "jigsaw2018_test_sixlabel",
                 "perspective_scores"]  # fmt: skip
        train = load_all(self.corpora, names)[0].part("train")
        flagged = [raw["any_of_six"] for raw in train.raw_labels]
        click.echo(f"training the plain baseline on {len(train)} rows", err=True)
        pipeline = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True, dtype=np.float32),
            LogisticRegression(solver="liblinear", random_state=0),
        )
        return pipeline.fit(train.texts, flagged)


def perspective_predictor(corpus: Corpus) -> Callable[[list[str]], Floats]:
    """The recorded scores as a predictor of the texts that they are of."""
    names = {"toxicity": "TOXICITY", "severe_toxicity": "SEVERE_TOXICITY", "insult": "INSULT",
             "profanity": "PROFANITY", "threat": "THREAT",
             "identity_attack": "IDENTITY_ATTACK"}  # fmt: skip
    table = {
        text: [raw["perspective"].get(names[label], np.nan) for label in LABELS]
        for text, raw in zip(corpus.texts, corpus.raw_labels, strict=True)
    }
    return lambda texts: np.array([table[text] for text in texts], dtype=np.float32)


def judge_hate_by_toxicity(predict: Callable[[list[str]], Floats]) -> Callable[[list[str]], Floats]:
    """A predictor without a head for hate is held to its one score there, too."""
    column = LABELS.index("identity_attack")

    def judged(texts: list[str]) -> Floats:
        scores = predict(texts)
        if len(scores) and np.isnan(scores[:, column]).all():
            scores = scores.copy()
            scores[:, column] = scores[:, 0]
        return scores

    return judged


def write_comparison(reports: Sequence[Report], notes: Sequence[str]) -> str:
    """The Markdown page: one row a figure, one column a predictor, best in bold."""
    head = " | ".join(report.model for report in reports)
    lines = [
        "# Quality, side by side",
        "",
        f"95 % bootstrap intervals in brackets ({reports[0].bootstrap} samples, seed "
        f"{reports[0].seed}); higher is better but for calibration error and comments flagged.",
        "A predictor with one score for all kinds of abuse is held to it on hate as well.",
        "",
        f"| measure | {head} |",
        "|---|" + "---|" * len(reports),
    ]
    for row in ROWS:
        found = [report.find(row.set, row.label, row.measure, row.group) for report in reports]
        values = [figure.value for figure in found if figure]
        if not values:
            continue
        best = (min if row.measure in ("ece", "false_positive_rate") else max)(values)
        cells = [
            "–" if figure is None else f"**{figure}**" if figure.value == best else str(figure)
            for figure in found
        ]
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    data = ", ".join(f"{name} {digest[:12]}" for name, digest in reports[0].corpora.items())
    lines += ["", *(f"- {note}" for note in notes), f"- Data by sha256: {data}.", ""]
    return "\n".join(lines)


@click.command()
@click.option(
    "--corpora", required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option("--cache", required=True, type=click.Path(file_okay=False, path_type=Path))
@click.option("--model", default=None, help="Name or path; the shipped model if left out.")
@click.option("--without-model", is_flag=True, help="Peers only.")
@click.option("--peer-python", default=None, help="Python of the environment with the peers.")
@click.option("--bootstrap", type=click.IntRange(0), default=1000, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), default=None, help="Markdown file.")
@click.option(
    "--html", "page", type=click.Path(path_type=Path), default=None, help="Page of plots."
)
def main(
    corpora: Path,
    cache: Path,
    model: str | None,
    without_model: bool,
    peer_python: str | None,
    bootstrap: int,
    output: Path | None,
    page: Path | None,
) -> None:
    """Compare the model with its peers on the public sets."""
    cache.mkdir(parents=True, exist_ok=True)
    material = load_sets(corpora, SETS)
    reports: list[Report] = []
    notes: list[str] = []

    def measure(
        name: str,
        predict: Callable[[list[str]], Floats],
        sets: Sequence[str] = SETS,
        data: Sequence[Corpus] = material,
        thresholds: dict[str, float] | None = None,
        digest: str = "",
    ) -> None:
        click.echo(f"measuring {name}", err=True)
        reports.append(
            evaluate(
                judge_hate_by_toxicity(predict),
                data,
                sets=sets,
                thresholds=thresholds,
                bootstrap=bootstrap,
                model=name,
                digest=digest,
            )
        )

    if not without_model:
        from moderation.model import load
        from moderation.registers import tell

        own = load(model)
        measure(
            f"moderation {own.digest[:8]}",
            own.predict_proba,
            thresholds=own.thresholds,
            digest=own.digest,
        )
        for register, corpora_of in (("talk", TALK), ("social", SOCIAL)):
            told = tell(own, register)
            measure(
                "… told",
                told.predict_proba,
                [name for name in SETS if name.split("/")[0] in corpora_of],
                thresholds=told.thresholds,
                digest=own.digest,
            )
        social = reports.pop()
        reports[-1].figures.extend(social.figures)
        reports[-1].curves.extend(social.curves)
        notes.append(
            "… told: the same model, told how the comments of a set are written (talk pages: the "
            "Perspective sample and Jigsaw; social media: the others that it is shown for)."
        )
    baseline = Baseline(corpora)
    remembered = Cache(cache / "baseline-1.jsonl")
    measure("TF-IDF + LR", lambda texts: remembered.predict(texts, baseline))
    notes.append(
        "TF-IDF + LR: scikit-learn, words and word pairs, trained on jigsaw2018_any; threshold 0.5."
    )
    if peer_python:
        for peer in ("alt-profanity-check", "hatesonar"):
            version, _ = score_with_peer(peer_python, peer, ["Hello."])
            scores = Cache(cache / f"{peer}-{version}.jsonl")
            measure(
                f"{peer} {version}",
                lambda texts, scores=scores, peer=peer: scores.predict(
                    texts, lambda new: score_with_peer(peer_python, peer, new)[1]
                ),
            )
        notes.append(
            "alt-profanity-check: its one probability; threshold 0.5. Its authors trained it on "
            "Jigsaw's train set and Davidson et al.: the Perspective sample and the dev slice come "
            "from Jigsaw's comments, so it has likely read some of them with their labels."
        )
        notes.append(
            "hatesonar: toxicity is 1 − p(neither), hate is p(hate speech); threshold 0.5; trained "
            "by its author on Davidson et al. 2017."
        )
    else:
        notes.append("alt-profanity-check and hatesonar were not run (no --peer-python).")
    scored = [corpus for corpus in material if corpus.name == "perspective_scores"]
    measure(
        "Perspective 2018", perspective_predictor(scored[0]), ["perspective_scores/test"], scored
    )
    notes.append("Perspective: scores of August 2018 as recorded, on its own sample only.")
    text = write_comparison(reports, notes)
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        click.echo(text, nl=False)
    if page:
        page.write_text(write_page(reports, "Quality, side by side"), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except ModerationError as error:
        click.echo(f"quality: {error}", err=True)
        sys.exit(1)
