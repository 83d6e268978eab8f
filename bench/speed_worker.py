"""One peer in an environment of its own, timed there: see speed.py.

usage: python speed_worker.py PEER

The first line out is {"peer", "version", "does"} or {"error"}. Each line in is {"texts": [...]}
(score them as a batch) or {"one": text, "repeat": n}; each answer is {"seconds": CPU time}.
Standard library and the peer only: this file runs outside the project's environment.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import random
import sys
import tempfile
import time
import warnings


def profanity_check():
    """alt-profanity-check: its documented batch call."""
    from profanity_check import predict_prob

    return "one label, single words", predict_prob


def profanex():
    """profanex: its documented filter, asked whether each text holds a listed word."""
    import profanex

    words = profanex.Filter.from_defaults()
    return "word list, Rust", lambda texts: list(words.contains_many(texts))


def better_profanity():
    """better-profanity-rs: whether each text holds a listed word."""
    from better_profanity_rs import profanity

    profanity.load_censor_words()
    return "word list, Rust", lambda texts: [profanity.contains_profanity(t) for t in texts]


def _sample():
    rng = random.Random(5)
    words = [
        "".join(rng.choices("abcdefghijklmnoprstuvw", k=rng.randint(2, 9))) for _ in range(4000)
    ]
    return [" ".join(rng.choices(words, k=rng.randint(5, 80))) for _ in range(1500)]


def sklearn():
    """The same features in scikit-learn's vectorisers and six logistic regressions."""
    import numpy as np
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.multioutput import MultiOutputClassifier
    from sklearn.pipeline import make_pipeline, make_union

    # Hashed, like ours: time does not depend on what the small sample happens to hold.
    union = make_union(
        HashingVectorizer(n_features=2**19, ngram_range=(1, 3)),
        HashingVectorizer(n_features=2**19, ngram_range=(2, 5), analyzer="char_wb"),
    )
    model = make_pipeline(union, MultiOutputClassifier(SGDClassifier(loss="log_loss", max_iter=5)))
    sample = _sample()
    labels = np.random.default_rng(0).integers(0, 2, (len(sample), 6))
    model.fit(sample, labels)
    return "six labels, words 1–3, characters 2–5", model.predict_proba


def fasttext():
    """fastText: 8 dimensions, word 1-3-grams, trained on a made-up sample."""
    import fasttext

    with tempfile.NamedTemporaryFile("w", suffix=".txt", delete=False) as stream:
        for number, text in enumerate(_sample()):
            stream.write(f"__label__{number % 2} {text}\n")
    try:
        model = fasttext.train_supervised(
            stream.name, dim=8, wordNgrams=3, minn=2, maxn=5, epoch=2, thread=1, verbose=0
        )
    finally:
        os.unlink(stream.name)
    # its own C++ call: the Python wrapper's predict fails with numpy 2
    inner = model.f
    return "one label, 8 dimensions", lambda texts: [
        inner.predict(text.replace("\n", " ") + "\n", 1, 0.0, "strict") for text in texts
    ]


PEERS = {
    "alt-profanity-check": (profanity_check, "alt-profanity-check"),
    "profanex": (profanex, "profanex"),
    "better-profanity-rs": (better_profanity, "better-profanity-rs"),
    "scikit-learn": (sklearn, "scikit-learn"),
    "fasttext": (fasttext, "fasttext-wheel"),
}


def main() -> None:
    """Answer until the input ends."""
    make, package = PEERS[sys.argv[1]]
    out = sys.stdout
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            does, run = make()
            version = importlib.metadata.version(package)
        except (ImportError, importlib.metadata.PackageNotFoundError) as error:
            print(json.dumps({"error": f"not installed ({error})"}), file=out, flush=True)
            return
        run(["a first call, not timed"])
        hello = {"peer": sys.argv[1], "version": version, "does": does}
        print(json.dumps(hello), file=out, flush=True)
        for line in sys.stdin:
            request = json.loads(line)
            texts = request.get("texts")
            start = time.process_time()
            if texts is not None:
                run(texts)
            else:
                for _ in range(request["repeat"]):
                    run([request["one"]])
            seconds = time.process_time() - start
            print(json.dumps({"seconds": seconds}), file=out, flush=True)


if __name__ == "__main__":
    main()
