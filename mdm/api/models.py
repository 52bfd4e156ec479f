"""Tokens of the API: each belongs to a user and carries what that user may do."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone

PREFIX = "mdm_"
LONGEST = dt.timedelta(days=366)


class ApiToken(models.Model):
    """A token of a user. Its text is shown once; only a hash of it is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100, help_text="What it is for, such as: nightly import.")
    # The text has 256 random bits: there is nothing to guess that a slow hash would protect.
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_on = models.DateField(help_text="The last day that it works, a year ahead at most.")
    last_used_on = models.DateField(null=True, editable=False, verbose_name="last used")
    revoked_at = models.DateTimeField(null=True, editable=False, verbose_name="revoked")

    class Meta:
        db_table = "api_token"
        verbose_name = "API token"
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_valid(self) -> bool:
        """Whether it still works; that of a user who may no longer log in does not."""
        return (
            self.revoked_at is None
            and self.expires_on >= timezone.now().date()
            and self.user.is_active
        )

    @staticmethod
    def hash_of(text: str) -> str:
        """What is kept of the text of a token."""
        return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def make_token(user: User, name: str, expires_on: dt.date) -> tuple[ApiToken, str]:
    """Make a token of a user; the text that is returned beside it is kept nowhere."""
    text = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        user=user, name=name, expires_on=expires_on, token_hash=ApiToken.hash_of(text)
    )
    return token, text
