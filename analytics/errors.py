"""What can go wrong with numbers and their storage, as one small tree.

Every message is one line: what was expected and found, where, and what to do. Knows nothing of who shows it.
"""


class AnalyticsError(Exception):
    """Base of every error that this package raises on purpose; its message is one line for a person to read.

    What a page's reader may meet is a text with named values, so that it can be shown in another language.
    """

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text.format(**values) if values else text)
        self.text = text
        self.values = values


class InputError(AnalyticsError):
    """A file, folder, mapping or argument from outside can't be used as it is."""


class WarehouseError(AnalyticsError):
    """The warehouse folder can't serve or take what was asked: missing, damaged, busy, full or too slow."""


class QueryError(AnalyticsError):
    """A question in SQL can't be answered: it is wrong, asks for what isn't served, or takes too much."""

    @classmethod
    def told(cls, text: str, values: dict[str, object]) -> "QueryError":
        """The error that another process told of."""
        return cls(text, **values)
