"""`moderation explain`."""

from __future__ import annotations

import sys

import click

from moderation.cli.options import register_option


@click.command(
    epilog="""\b
Example:
  moderation explain "You are a disgrace."
  moderation explain --html why.html "You are a disgrace."
"""
)
@click.argument("text", nargs=-1, required=True)
@click.option(
    "--model", "model_name", metavar="NAME", help="A model file or a shipped model's name."
)
@register_option
@click.option(
    "--label", "label_name", metavar="LABEL", help="Only this label (default: all found)."
)
@click.option("--html", "html_name", metavar="FILE", help="Write a page to look at.")
@click.option("--json", "as_json", is_flag=True, help="JSON lines instead of colours.")
def explain(
    text: tuple[str, ...],
    model_name: str | None,
    register: str | None,
    label_name: str | None,
    html_name: str | None,
    as_json: bool,
) -> None:
    """Show why a comment got its scores: what each word adds to each label.

    The contributions and the bias add up to the label's logit. Red speaks for a label, green
    against it.
    """
    from moderation.explanation import explain as explain_text
    from moderation.model import load
    from moderation.streams import encode_json, open_output

    model = load(model_name, register)
    if label_name is not None and label_name not in model.labels:
        raise click.UsageError(f"no label {label_name!r}; labels: {', '.join(model.labels)}")
    explanations = [explain_text(one, model) for one in text]
    if html_name is not None:
        from moderation.explanation_page import write_page

        with open_output(html_name) as output:
            output.write(write_page(explanations, model))
        click.echo(f"wrote {html_name}", err=True)
        return
    for explanation in explanations:
        if as_json:
            click.echo(encode_json(explanation.to_dict()))
            continue
        from moderation.cli.tables import paint

        colour = sys.stdout.isatty()
        ranked = sorted(model.labels, key=lambda name: -explanation.score.scores[name])
        shown = [
            name
            for name in ranked
            if name == label_name
            or (
                label_name is None
                and explanation.score.scores[name] >= min(0.5, model.thresholds[name])
            )
        ] or ranked[:1]
        for name in shown:
            probability = explanation.score.scores[name]
            yes = "yes" if probability >= model.thresholds[name] else "no"
            click.echo(
                f"{name} {probability:.2f} ({yes}, threshold {model.thresholds[name]:.2f}): "
                f"logit {explanation.logits[name]:+.2f}, bias {explanation.bias[name]:+.2f}"
            )
            click.echo("  " + paint(explanation, name, colour))
            where = explanation.sentence[name]
            if (where.start, where.end) != (0, len(explanation.text)) and where.end > where.start:
                click.echo(f"  worst sentence: characters {where.start} to {where.end}")
