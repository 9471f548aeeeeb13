"""`python -m app.commands` is the trustdesk command."""

from app.commands import main

main(prog_name="trustdesk")
