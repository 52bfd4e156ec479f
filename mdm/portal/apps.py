"""Puts the portal's own site in the place of the admin's."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    """The admin, served by `portal.site.PortalSite`."""

    default_site = "portal.site.PortalSite"

    def ready(self) -> None:
        """Register the portal's checks."""
        super().ready()
        from portal import checks as checks
