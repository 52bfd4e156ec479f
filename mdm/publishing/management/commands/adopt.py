"""Fill an empty portal from the landing folder: `mdm/manage.py adopt`."""

from __future__ import annotations

from publishing.adopt import Adopted, adopt
from publishing.command import LandingCommand
from publishing.landing import Landing


class Command(LandingCommand):
    """Take over the histories that lie in the landing folder."""

    help = "Fill an empty portal from the histories of master data in the landing folder."

    def work(self, landing: Landing) -> str:
        """Adopt, and say what was taken over."""
        return said(adopt(landing))


def said(adopted: Adopted) -> str:
    """What was taken over, and what was not, in lines."""
    return "\n".join(
        [
            f"Adopted {sum(adopted.changes.values()):,} changes of"
            f" {sum(adopted.records.values()):,} records from the landing folder.",
            *adopted.left_out,
        ]
    )
