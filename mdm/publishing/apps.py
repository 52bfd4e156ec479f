"""Master data on its way between the portal and the landing folder."""

from __future__ import annotations

from django.apps import AppConfig


class PublishingConfig(AppConfig):
    """Commands only: publish, adopt, start."""

    name = "publishing"
    verbose_name = "Publishing"
