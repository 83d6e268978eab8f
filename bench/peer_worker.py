"""Score texts with one peer, in the environment where it is installed (see peers.txt).

usage: python peer_worker.py PEER < texts.jsonl > scores.jsonl

Each line in is a JSON string; each line out is a JSON object from our label's name to a score in
[0, 1], with the labels that the peer judges. The first line out is {"peer": NAME, "version": V}.
Standard library and the peer only: this file runs outside the project's environment.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import sys
import warnings

BATCH = 512


def profanity_check(texts):
    """alt-profanity-check: one probability; it is called offensive in its documentation."""
    from profanity_check import predict_prob

    for score in predict_prob(texts):
        yield {"toxicity": float(score), "profanity": float(score)}


def hatesonar(texts):
    """hatesonar: hate speech, offensive language, neither; abuse is what is not neither."""
    from hatesonar import Sonar

    global _sonar
    if _sonar is None:
        _sonar = Sonar()
    for text in texts:
        classes = {c["class_name"]: float(c["confidence"]) for c in _sonar.ping(text)["classes"]}
        yield {"toxicity": 1 - classes["neither"], "identity_attack": classes["hate_speech"]}


_sonar = None
PEERS = {"alt-profanity-check": profanity_check, "hatesonar": hatesonar}


def main() -> None:
    """Read all lines, write one for each."""
    name = sys.argv[1]
    out = sys.stdout
    print(json.dumps({"peer": name, "version": importlib.metadata.version(name)}), file=out)
    texts = [json.loads(line) for line in sys.stdin]
    # Whatever a peer prints (version warnings of its pickle) goes to stderr, not among the scores.
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for start in range(0, len(texts), BATCH):
            for scores in PEERS[name](texts[start : start + BATCH]):
                print(json.dumps({k: min(max(v, 0.0), 1.0) for k, v in scores.items()}), file=out)
    out.flush()


if __name__ == "__main__":
    main()
