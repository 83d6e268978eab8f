"""Speed against peers, side by side, in one run: Markdown tables on standard output.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install -r bench/peers.txt
    python bench/speed.py --peer-python /tmp/peers/bin/python [--corpora DIR]

Everything measured runs on one core (this process and its children are bound to it, except for
the row on two cores) over the same comments, several times over, taking turns: medians, with the
least and the most in brackets. Compare rows, not machines. Comments come from a corpus in DIR
(jigsaw2018_any.jsonl.gz) or, without one, from a fixed grammar with a Zipfian vocabulary.

The memory of chunks (text -> contribution) matters for us, so its state is named: *cold* starts
from an empty memory, *steady* scores comments never seen before after as many others, *seen*
scores the same comments again. Peers have no such memory.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
WORKER = HERE / "speed_worker.py"
# Two cores: at the end one worker waits for the other's part, which weighs little among many.
LONGER, PARTS = 4, 64  # times the comments of the other tables, and the parts they come in
PEERS = ("alt-profanity-check", "profanex", "better-profanity-rs", "scikit-learn", "fasttext")


# ---------------------------------------------------------------- comments


def read_corpus(folder: Path, count: int) -> list[str]:
    """Texts of the corpus, in its order."""
    with gzip.open(folder / "jigsaw2018_any.jsonl.gz", "rt", encoding="utf-8") as stream:
        return [json.loads(line)["text"] for line in itertools.islice(stream, count)]


def make_comments(count: int, seed: int = 1) -> list[str]:
    """Comments of a fixed grammar: words by Zipf's law over 50,000 pronounceable ones."""
    rng = random.Random(seed)
    onsets, vowels = "b c d f g h j k l m n p r s t v w st tr pl ch sh".split(), "aeiou"
    words: dict[str, None] = {}
    for word in (
        "the",
        "you",
        "and",
        "to",
        "is",
        "that",
        "a",
        "it",
        "of",
        "not",
        "idiot",
        "stupid",
    ):
        words[word] = None
    while len(words) < 50_000:
        syllables = min(1 + int(rng.expovariate(0.9)), 5)
        word = "".join(rng.choice(onsets) + rng.choice(vowels) for _ in range(syllables))
        words[word + rng.choice(["", "", "n", "s", "r", "t"])] = None
    vocabulary = list(words)
    weights = list(itertools.accumulate(1 / (rank + 2.7) for rank in range(len(vocabulary))))
    comments = []
    for _ in range(count):
        sentences = []
        for _ in range(1 + int(rng.expovariate(0.35))):
            chosen = rng.choices(vocabulary, cum_weights=weights, k=3 + int(rng.expovariate(0.09)))
            chosen[0] = chosen[0].capitalize()
            if rng.random() < 0.3:
                chosen[rng.randrange(len(chosen))] += ","
            sentences.append(" ".join(chosen) + rng.choice(".....!?"))
        comments.append(rng.choice([" ", " ", "\n"]).join(sentences))
    return comments


def size_of(texts: Sequence[str]) -> float:
    """Megabytes of UTF-8."""
    return sum(len(text.encode("utf-8", "surrogatepass")) for text in texts) / 1e6


# ---------------------------------------------------------------- measuring


def timed(run: Callable[[], Any]) -> float:
    """Seconds of CPU time of this process: a busy machine adds little to it."""
    start = time.process_time()
    run()
    return time.process_time() - start


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Median, least and most, as text."""
    middle = statistics.median(values)
    return f"{middle:.{digits}f} ({min(values):.{digits}f}–{max(values):.{digits}f})"


_COST = """
import json, os, sys
seconds, peaks = [], []
for _ in range(int(sys.argv[1])):
    child = os.fork()
    if not child:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        os.execvp(sys.argv[2], sys.argv[2:])
    _, status, usage = os.wait4(child, 0)
    if status:
        sys.exit(f"failed: {sys.argv[2:]}")
    seconds.append(usage.ru_utime + usage.ru_stime)
    peaks.append(usage.ru_maxrss / 1024)
print(json.dumps([seconds, peaks]))
"""


def process_cost(command: Sequence[str], runs: int) -> tuple[list[float], list[float]]:
    """CPU seconds (user and system) and peak resident MiB of whole processes.

    They are started by a small process: a child's peak counts what its parent held at the fork.
    """
    small = [sys.executable, "-I", "-S", "-c", _COST, str(runs), *command]
    # Installed packages are compiled: where this environment forbids it, numpy alone would be.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(small, capture_output=True, text=True, check=True, env=environment)
    seconds, peaks = json.loads(done.stdout)
    return seconds, peaks


class Worker:
    """A peer in a process of its own: it may unpickle, so it never shares ours."""

    def __init__(self, python: str, peer: str) -> None:
        self.process = subprocess.Popen(
            [python, str(WORKER), peer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.hello = self._read()

    def _read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            return {"error": "it ended without an answer"}
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask(self, **request: Any) -> dict[str, Any]:
        """Send a request; the answer has "seconds" of CPU time."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return self._read()

    def close(self) -> None:
        """End the process."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(timeout=60)


def batches(texts: Sequence[str], runs: int) -> Iterator[list[str]]:
    """`runs` equal parts."""
    size = len(texts) // runs
    for number in range(runs):
        yield list(texts[number * size : (number + 1) * size])


# ---------------------------------------------------------------- tables


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n### {title}\n\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def measure_batches(
    texts: list[str], workers: dict[str, Worker], runs: int, model: Any
) -> dict[str, list[float]]:
    """MB/s by name, the peers and our three states of memory taking turns."""
    from moderation.scoring import Scorer

    rates: dict[str, list[float]] = {}
    most = len(texts) * 3 // 4
    warming, measured = texts[:most], texts[most:]
    Scorer(model).predict_proba(warming[:200])  # the vocabulary and tables are made once a process
    steady = Scorer(model)
    steady.predict_proba(warming)
    for part in batches(measured, runs):
        size = size_of(part)
        cold = Scorer(model)
        for name, scorer in (
            ("moderation, cold", cold), ("moderation, steady", steady), ("moderation, seen", cold)
        ):  # fmt: skip
            seconds = timed(lambda scorer=scorer, part=part: scorer.predict_proba(part))  # type: ignore[misc]
            rates.setdefault(name, []).append(size / seconds)
        for name, worker in workers.items():
            given = part[: max(50, len(part) // 40)] if name == "scikit-learn" else part
            answer = worker.ask(texts=given)
            if "error" in answer:
                raise SystemExit(f"{name}: {answer['error']}")
            rates.setdefault(name, []).append(size_of(given) / answer["seconds"])
    return rates


def measure_single(
    texts: list[str], workers: dict[str, Worker], runs: int, model: Any
) -> dict[str, list[float]]:
    """Milliseconds for one comment, by name, warm."""
    from moderation.scoring import score

    one = sorted(texts, key=len)[len(texts) // 2]
    found: dict[str, list[float]] = {}
    for _ in range(20):
        score(one, model)
    for _ in range(runs):
        seconds = timed(lambda: [score(one, model) for _ in range(300)])
        found.setdefault("moderation", []).append(1000 * seconds / 300)
        for name, worker in workers.items():
            repeat = 20 if name in ("alt-profanity-check", "scikit-learn") else 300
            answer = worker.ask(one=one, repeat=repeat)
            found.setdefault(name, []).append(1000 * answer["seconds"] / repeat)
    return found


def memory_of_batch(count: int, comments: Path, model: str | None) -> float:
    """Peak MiB of a process that scores `count` comments as one batch."""
    code = (
        "import json, resource, sys, moderation\n"
        f"model = moderation.load({model!r})\n"
        f"texts = json.load(open({str(comments)!r}))[:{count}]\n"
        "model.predict_proba(texts)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def two_cores(texts: list[str], cores: list[int], model: str | None) -> float:
    """Seconds in this process over seconds in two workers, through joblib."""
    from joblib import Parallel, delayed

    os.sched_setaffinity(0, cores)
    parts = list(batches(texts, PARTS))
    times: dict[int, list[float]] = {1: [], 2: []}
    with Parallel(n_jobs=2, backend="loky", batch_size=1) as pool:
        pool(delayed(score_part)(parts[0][:50], model) for _ in range(2))  # workers load the model
        for _ in range(3):
            start = time.perf_counter()
            for part in parts:
                score_part(part, model)
            middle = time.perf_counter()
            pool(delayed(score_part)(part, model) for part in parts)
            times[1].append(middle - start)
            times[2].append(time.perf_counter() - middle)
    return min(times[1]) / min(times[2])


def score_part(texts: list[str], model: str | None) -> Any:
    """Score one part with the shipped model, from an empty memory (in a joblib worker)."""
    from moderation.model import load
    from moderation.scoring import Scorer

    return Scorer(load(model)).predict_proba(texts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--corpora", type=Path, help="folder with jigsaw2018_any.jsonl.gz")
    parser.add_argument("--peer-python", help="python of the environment with bench/peers.txt")
    parser.add_argument("--comments", type=int, default=24_000, help="how many comments")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", help="a model file (default: the shipped one)")
    options = parser.parse_args()

    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[-1]})
    from moderation.model import find, load, load_file
    from moderation.scoring import score

    texts = (
        read_corpus(options.corpora, options.comments)
        if options.corpora
        else make_comments(options.comments)
    )
    model = load(options.model)
    print(
        f"## Speed of {model}\n\n{len(texts):,} comments, {size_of(texts):.1f} MB "
        f"({'jigsaw2018_any' if options.corpora else 'generated'}); Python "
        f"{platform.python_version()}, {platform.machine()}, one core; CPU time; "
        f"median (least–most) of {options.runs}. Steady: after three quarters of the comments; "
        "the last quarter is measured."
    )
    workers: dict[str, Worker] = {}
    absent: list[str] = []
    for peer in PEERS if options.peer_python else ():
        worker = Worker(options.peer_python, peer)
        if "error" in worker.hello:
            absent.append(f"{peer}: {worker.hello['error']}")
            worker.close()
        else:
            workers[peer] = worker
    versions = {name: worker.hello["version"] for name, worker in workers.items()}
    does = {name: worker.hello["does"] for name, worker in workers.items()}
    does["moderation"] = "six labels, words 1–3, characters 2–5"

    rates = measure_batches(texts, workers, options.runs, model)
    ours = statistics.median(rates["moderation, steady"])
    table(
        "Batch",
        ["what", "does", "MB/s", "we are × as fast (steady)"],
        [
            [
                f"{name} {versions.get(name, '')}".strip(),
                does[name.partition(",")[0]],
                spread(values),
                f"{ours / statistics.median(values):.1f}",
            ]
            for name, values in rates.items()
        ],
    )
    single = measure_single(texts, workers, options.runs, model)
    ours = statistics.median(single["moderation"])
    table(
        "One comment of median length, warm",
        ["what", "ms", "× ours"],
        [
            [name, spread(values, 3), f"{statistics.median(values) / ours:.1f}"]
            for name, values in single.items()
        ],
    )
    for worker in workers.values():
        worker.close()

    commands = {
        "python -c 'import numpy'": [sys.executable, "-c", "import numpy"],
        "moderation score TEXT": [sys.executable, "-m", "moderation", "score", "You are kind."],
    }
    if options.model:
        commands["moderation score TEXT"] += ["--model", options.model]
    if "alt-profanity-check" in workers:
        command = str(Path(options.peer_python).with_name("profanity_check"))
        if Path(command).is_file():
            commands["profanity_check TEXT"] = [command, "You are kind."]
    costs: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in commands}
    for number in range(options.runs + 1):  # the first round fills the page cache
        for name, command_line in commands.items():
            seconds, peaks = process_cost(command_line, 1)
            if number:
                costs[name][0].extend(seconds)
                costs[name][1].extend(peaks)
    base = statistics.median(costs["python -c 'import numpy'"][0])
    table(
        "Whole process",
        ["command", "CPU s", "× import numpy", "peak MiB"],
        [
            [name, spread(s, 3), f"{statistics.median(s) / base:.2f}", spread(p, 0)]
            for name, (s, p) in costs.items()
        ],
    )
    path = find(options.model)
    loads = [1000 * timed(lambda: load_file(path)) for _ in range(options.runs)]
    table("Model file", ["MB", "load, ms"], [[f"{path.stat().st_size / 1e6:.2f}", spread(loads)]])

    words = " ".join(texts)
    rows = []
    while len(words) < 1_000_000:
        words += " " + words
    for length in (100, 1_000, 10_000, 100_000, 1_000_000):
        text = words[:length]
        score(text, model)
        repeat = max(1, 100_000 // length)
        values = [
            1e9 * timed(lambda: [score(text, model) for _ in range(repeat)]) / repeat / length  # noqa: B023
            for _ in range(options.runs)
        ]
        rows.append([f"{length:,}", spread(values, 0)])
    table("Time against length (one comment, seen)", ["characters", "ns a character"], rows)

    comments = Path(os.environ.get("TMPDIR", "/tmp")) / f"speed-{os.getpid()}.json"
    comments.write_text(json.dumps(texts), encoding="utf-8")
    try:
        counts = [len(texts) // 16, len(texts) // 4, len(texts)]
        rows = [
            [f"{count:,}", f"{memory_of_batch(count, comments, options.model):.0f}"]
            for count in counts
        ]
    finally:
        comments.unlink()
    table("Memory against batch size (texts and results included)", ["comments", "peak MiB"], rows)

    if len(cores) > 1:
        count = LONGER * options.comments
        many = read_corpus(options.corpora, count) if options.corpora else make_comments(count)
        ratio = two_cores(many, cores, options.model)
        table(
            "Two cores (joblib)",
            ["comments", "parts", "× one core, by the clock"],
            [[f"{len(many):,}", f"{PARTS}", f"{ratio:.2f}"]],
        )
    for line in absent:
        print(f"\nNot measured: {line}.")


if __name__ == "__main__":
    main()
