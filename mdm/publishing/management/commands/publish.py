"""Publish the histories to the landing folder: `mdm/manage.py publish`."""

from __future__ import annotations

from publishing.command import LandingCommand
from publishing.landing import Landing
from publishing.publish import publish

NAMED = 5


class Command(LandingCommand):
    """Write the histories that changed since they were published last."""

    help = "Write the histories of all master records to the landing folder."

    def work(self, landing: Landing) -> str:
        """Publish, and say in a line what was new."""
        return said(publish(landing))


def said(new: dict[str, int]) -> str:
    """What was published, in a line."""
    if not new:
        return "Master data: nothing new in the portal."
    total = sum(new.values())
    ordered = sorted(new.items(), key=lambda item: (-item[1], item[0]))
    parts = [f"{name.replace('_', ' ')} {number:,}" for name, number in ordered[:NAMED]]
    if len(ordered) > NAMED:
        parts.append(f"{len(ordered) - NAMED} more")
    changes = "change" if total == 1 else "changes"
    return f"Master data: {total:,} new {changes} published from the portal ({', '.join(parts)})."
