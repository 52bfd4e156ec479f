"""Addresses of the portal's own assets."""

from __future__ import annotations

from django.http import HttpRequest
from django.templatetags.static import static


def stylesheet(_: HttpRequest) -> str:
    """The stylesheet of the pages that unfold does not know."""
    return static("portal/portal.css")
