"""The app of the queue."""

from __future__ import annotations

from django.apps import AppConfig


class UnmappedConfig(AppConfig):
    """Ids of networks that no record stands for."""

    name = "unmapped"
    verbose_name = "Queue"
