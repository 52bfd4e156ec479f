"""What a browser may load and do, and from where somebody calls."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest

# The pages' own scripts evaluate expressions in attributes and set styles: hence the two `unsafe`.
# Scripts written into a page do not run, and nothing is loaded from or sent to another host.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
MEGABYTE = 1024 * 1024
# What is a little larger than the largest file of an import is told so on its page.
MOST_BYTES = 32 * MEGABYTE
PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


def client_address(request: HttpRequest) -> str:
    """The address of the caller, for counting failures; empty where nobody says it.

    Behind a proxy it is the last of X-Forwarded-For: the one that our proxy has written. What
    stands before it anybody can send. Of IPv6 it is the network of 64 bits, of which one line has
    all addresses.
    """
    said = [str(request.META.get("REMOTE_ADDR", ""))]
    if settings.BEHIND_PROXY:
        said.insert(0, request.META.get("HTTP_X_FORWARDED_FOR", "").rsplit(",", 1)[-1].strip())
    return next(filter(None, map(_address, said)), "")


def _address(said: str) -> str:
    # Some proxies write the port, too: 192.0.2.1:443, [2001:db8::1]:443.
    bare = said.rpartition("]")[0].lstrip("[") if "[" in said else said
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return ""
    if address.version == 6:
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


class SecurityHeaders:
    """Says with each response what its page may load and do."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        response = self.get_response(request)
        response.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        return response


class StorableAddress:
    """Refuses addresses with a character that PostgreSQL cannot look up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return HttpResponseBadRequest(
                "The address holds a character that cannot be stored.", content_type="text/plain"
            )
        return self.get_response(request)


class ReadableSize:
    """Refuses what is larger than any form of ours before it is read: it would fill the disk."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > MOST_BYTES:
            return HttpResponse(
                f"This is larger than {MOST_BYTES // MEGABYTE} MB: send less at once.",
                status=413,
                content_type="text/plain",
            )
        return self.get_response(request)
