"""`trustdesk model info`, `pull`, `train`, `train-tagger`, `train-people`, `train-triage`, `train-money`, `evaluate`: what writes; makes the desk's own model, and judges one before it may write by default."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.model_info import info
from app.commands.model_pull import pull
from app.commands.plumbing import json_option, note, one_line_errors, print_json, print_records


@click.group()
def model() -> None:
    """Train, judge and look at the models that write."""


model.add_command(info)
model.add_command(pull)


@model.command()
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@click.option("--geometry", type=click.Choice(["small", "medium"]), default="small", show_default=True)
@click.option("--minutes", type=click.FloatRange(0.1), default=110.0, show_default=True, help="Ends after so long.")
@click.option(
    "--tokens", type=click.FloatRange(1_000), default=300e6, help="Ends after so many (default: 300 million)."
)
@click.option(
    "--threads", type=click.IntRange(0), default=0, help="Learns from so many written threads (default: all)."
)
@click.option("--batch-tokens", type=click.IntRange(256), default=4_096, show_default=True, help="Tokens a step.")
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True), default=2e-3, show_default=True)
@click.option("--workers", type=click.IntRange(0), default=1, show_default=True, help="Processes that make pairs.")
@click.option("--seed", type=int, default=20261128, show_default=True)
@click.option(
    "--texts",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with bitext, banking77 or qmsum, to learn English from as well.",
)
@one_line_errors
def train(
    out: Path,
    geometry: str,
    minutes: float,
    tokens: float,
    threads: int,
    batch_tokens: int,
    learning_rate: float,
    workers: int,
    seed: int,
    texts: Path | None,
) -> None:
    """Train the desk's own model into the folder OUT; run again, it goes on where it was stopped."""
    from app.services.desk_model import train_model
    from llm.desk.train import TrainingOptions

    options = TrainingOptions(
        geometry=geometry,
        minutes=minutes,
        tokens=tokens,
        threads=threads,
        batch_tokens=batch_tokens,
        learning_rate=learning_rate,
        workers=workers,
        seed=seed,
    )
    print_json(train_model(out, options, texts))


@model.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--threads", type=click.IntRange(1), help="Judge by so many held-out threads (default: all).")
@click.option("--keep", type=click.Path(path_type=Path, file_okay=False), help="Where the results are kept.")
@click.option("--language", type=click.Choice(["en", "zh-Hans"]), help="Judge by threads of one language.")
@click.option(
    "--tweetsumm",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with TweetSumm's validation dialogues: judge the summaries there as well.",
)
@click.option(
    "--helpdesk",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A folder with the helpdesk dialogues: judge the replies there as well.",
)
@json_option
@click.pass_context
@one_line_errors
def evaluate(
    context: click.Context,
    folder: Path,
    threads: int | None,
    keep: Path | None,
    language: str | None,
    tweetsumm: Path | None,
    helpdesk: Path | None,
    as_json: bool,
) -> None:
    """Judge the desk model in FOLDER beside the writers that need none; exit status 1 when it may not write by default."""
    from app.services.desk_model import EVALUATIONS_FOLDER, evaluate_model

    sets = {name: path for name, path in (("tweetsumm", tweetsumm), ("helpdesk", helpdesk)) if path}
    records = list(evaluate_model(folder, threads, keep or EVALUATIONS_FOLDER, language, sets))
    print_records(records, as_json=as_json)
    if not any(line.get("passed") for line in records if line["record"] == "verdict"):
        note("The model passes nowhere: it may not write by default (`fails` says why).")
        context.exit(1)


@model.command("train-tagger")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@json_option
@one_line_errors
def train_tagger(out: Path | None, as_json: bool) -> None:
    """Train the tagger of names and places into OUT (default: data/models/names.npz), and say what it finds on held-out threads."""
    from app.services.desk_model import train_name_tagger
    from llm.tagger import WEIGHTS

    print_records(list(train_name_tagger(out or WEIGHTS)), as_json=as_json)


@model.command("train-people")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@json_option
@one_line_errors
def train_people(out: Path | None, as_json: bool) -> None:
    """Train the tagger of people and addresses into OUT (default: data/models/people.npz); `trustdesk bench language` says what it finds."""
    from app.services.desk_model import train_people_tagger
    from llm.people import WEIGHTS

    print_records([train_people_tagger(out or WEIGHTS)], as_json=as_json)


@model.command("train-triage")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@json_option
@one_line_errors
def train_triage(out: Path | None, as_json: bool) -> None:
    """Train triage and inferred satisfaction into OUT (default: data/models/triage.npz); `trustdesk bench language --only triage` judges them."""
    from app.services.desk_model import train_triage_weights
    from llm.triage_weights import WEIGHTS

    print_records([train_triage_weights(out or WEIGHTS)], as_json=as_json)


@model.command("train-money")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), required=False)
@json_option
@one_line_errors
def train_money(out: Path | None, as_json: bool) -> None:
    """Train what finds that a reply commits money into OUT (default: data/models/money.npz); `trustdesk bench language --only money` judges it."""
    from app.services.desk_model import train_money_weights
    from llm.checks.commitments import WEIGHTS

    print_records(list(train_money_weights(out or WEIGHTS)), as_json=as_json)
