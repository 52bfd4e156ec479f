"""Who calls: the token in `Authorization: Bearer …`, and a limit on guessing."""

from __future__ import annotations

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone
from ninja.errors import AuthenticationError, HttpError
from ninja.security import HttpBearer

from api.models import ApiToken

# The name under which wrong tokens of an address are counted, beside those of failed logins.
GUESSES = {"username": "API token"}


class TokenAuth(HttpBearer):
    """The user whose token it is. A session's cookie opens nothing here: no page can forge it."""

    def authenticate(self, request: HttpRequest, token: str) -> User:
        """The user of a token.

        Raises:
            AuthenticationError: unknown, expired or revoked, or the user may not log in.
            HttpError: 429, too many unknown tokens from this address.
        """
        if not AxesProxyHandler.is_allowed(request, GUESSES):
            raise HttpError(429, "Too many wrong tokens came from your address: wait 15 minutes.")
        found = ApiToken.objects.select_related("user").filter(token_hash=ApiToken.hash_of(token))
        known = found.first()
        if known is None:
            # One that expired or was revoked is no guess: its script need not lock out the office.
            AxesProxyHandler.user_login_failed(TokenAuth, GUESSES, request)
            raise AuthenticationError(message="No such token: make one under API tokens.")
        if not known.is_valid:
            raise AuthenticationError(
                message="This token has expired, was revoked, or its user may no longer log in."
            )
        today = timezone.now().date()
        if known.last_used_on != today:
            ApiToken.objects.filter(pk=known.pk).update(last_used_on=today)
        request.user = known.user
        return known.user
