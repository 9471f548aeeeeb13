"""The errors that app raises itself, in one small tree.

A message is a msgid with named values, so that a page can show it in the reader's language while logs and commands
stay English. Knows no Streamlit and no translation.
"""

from __future__ import annotations


class AppError(Exception):
    """Something a person can mend. `text`, a msgid, says what, where and what to do; `code` is the stable name scripts read."""

    code = "app_error"

    def __init__(self, text: str, **values: object) -> None:
        super().__init__(text.format(**values) if values else text)
        self.text = text
        self.values = values


class SettingsError(AppError):
    """A setting has an unknown name or a value that it can't take."""

    code = "bad_setting"


class IdentityError(AppError):
    """Nobody can be named as the one who acts, or they are not let in."""

    code = "no_identity"


class SignInNeeded(IdentityError):  # noqa: N818  named for what happened
    """OIDC is configured and nobody is signed in in this session."""

    code = "sign_in_needed"


class NoData(AppError):  # noqa: N818  named for what happened
    """The warehouse holds no snapshot yet."""

    code = "no_data"


class WorkspaceError(AppError):
    """The workspace database can't do what was asked."""

    code = "workspace_error"


class NotFound(WorkspaceError):  # noqa: N818  named for what happened
    """There is no such row in the workspace."""

    code = "not_found"


class StaleDraft(WorkspaceError):  # noqa: N818  named for what happened
    """Somebody else changed the draft since it was read."""

    code = "stale_draft"


class StaleDocument(WorkspaceError):  # noqa: N818  named for what happened
    """Somebody else changed a scenario, view or mapping since it was read."""

    code = "stale_document"


class StaleCase(WorkspaceError):  # noqa: N818  named for what happened
    """Somebody else changed the case since it was read."""

    code = "stale_case"


class StaleProposal(WorkspaceError):  # noqa: N818  named for what happened
    """Somebody else changed the proposal, or the article or macro that it changes, since it was read."""

    code = "stale_proposal"


class NotAllowed(WorkspaceError):  # noqa: N818  named for what happened
    """A step that the status of a thing, its rules or the settings forbid."""

    code = "not_allowed"


class SendFailed(WorkspaceError):  # noqa: N818  named for what happened
    """A reply could not be handed to its channel; nothing was marked as sent."""

    code = "send_failed"


class InputFileError(AppError):
    """A file given to a command can't be read as what it should be."""

    code = "bad_input"
