"""`trustdesk reputation`: a table of ratings in, ratees' scores and raters' credibility out."""

from __future__ import annotations

from pathlib import Path

import click

from app.commands.plumbing import json_option, note, one_line_errors, print_rows


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--range", "scale", type=(float, float), metavar="LOW HIGH", help="Scale of the scores (default: found from them)."
)
@json_option
@one_line_errors
def reputation(file: Path, scale: tuple[float, float] | None, as_json: bool) -> None:
    """Weigh who rated whom in FILE (CSV or Parquet with rater, ratee, score, time) by what each rater's record supports.

    Prints the ratees' scores with their intervals, then the raters' credibility (0–1). Rows that don't count are named on stderr.
    """
    from app.services.reputation import reputation as judge

    ratees, raters, remarks = judge(file, scale)
    for remark in remarks:
        note(remark)
    if as_json:
        print_rows([*ratees, *raters], as_json=True)
        return
    ratees = [row if row["n"] else {**row, "score": "no counted rating"} for row in ratees]
    print_rows(ratees, as_json=False, columns=("ratee", "score", "ci_low", "ci_high", "n"))
    click.echo()
    print_rows(raters, as_json=False, columns=("rater", "credibility", "n"))
