"""`trustdesk model info`: what writes, or would."""

from __future__ import annotations

import click

from app.commands.model_info import info


@click.group()
def model() -> None:
    """Train, judge and look at the models that write."""


model.add_command(info)
