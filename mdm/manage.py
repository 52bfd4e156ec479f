#!/usr/bin/env python
"""Django's command line for the master-data portal: `python mdm/manage.py help`."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run one command of Django's, or of the portal's own."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Wrong setting: {error}")


if __name__ == "__main__":
    main()
