"""Whether a figure meets its target, as an icon and words. Reads no figure."""

from __future__ import annotations

from app.i18n import _, figure
from app.services.targets import targets


def target_words(metric_id: str, value: float | None) -> str:
    """Markdown that says whether a metric's target is met or missed; "" without a target or a value. Raises SettingsError."""
    target = targets().get(metric_id)
    if target is None or value is None:
        return ""
    aimed = figure(target.value, "points" if target.unit == "score" else target.unit)
    if target.is_met(value):
        return ":green[:material/check_circle: " + _("target {value} met", value=aimed) + "]"
    return ":red[:material/cancel: " + _("target {value} missed", value=aimed) + "]"
