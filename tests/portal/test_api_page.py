"""The calls in docs/master_data.md answer what the page says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import User
from django.test import Client

from calls import approved, token_of
from changes.models import ChangeRequest
from records.models import Channel, Partner

PAGE = Path(__file__).resolve().parents[2] / "docs" / "master_data.md"
CALLS = re.compile(r"```sh\n(curl .*?)```\n```json\n(.*?)```", re.S)


def answer_to(curl: str, tokens: dict[str, str]) -> Any:
    """Make the call that a curl command makes."""
    for name, token in tokens.items():
        curl = curl.replace(f"${name}", token)
    words = shlex.split(curl.replace("$PORTAL", "http://testserver"))[1:]
    method, body, headers, address = "GET", "", {}, ""
    while words:
        word = words.pop(0)
        if word == "-X":
            method = words.pop(0)
        elif word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            parts = urlsplit(word)
            address = f"{parts.path}?{parts.query}" if parts.query else parts.path
    content_type = headers.pop("Content-Type", "")
    return Client(headers=headers).generic(method, address, body, content_type).json()


def same(said: Any, real: Any) -> bool:
    """Whether an answer is as the page says; it may leave fields out, and … stands for anything."""
    if said == "…":
        return True
    if isinstance(said, dict) and isinstance(real, dict):
        return all(name in real and same(value, real[name]) for name, value in said.items())
    if isinstance(said, list) and isinstance(real, list):
        return len(said) == len(real) and all(map(same, said, real))
    return bool(said == real)


def test_the_calls_of_the_page_answer_what_it_says(steward: User, approver: User) -> None:
    Channel.objects.create(code="affiliates", name="Affiliates")
    Channel.objects.create(code="email", name="E-mail")
    approved(steward, approver, Partner, "P-100", name="Clover Coupons", channel="affiliates",
             partner_type="coupon", website_domain="clover.example")  # fmt: skip
    first = ChangeRequest.objects.get().pk
    tokens = {"STEWARD": token_of(steward), "APPROVER": token_of(approver)}
    calls = CALLS.findall(PAGE.read_text(encoding="utf-8"))
    assert len(calls) == 6
    for curl, said in calls:
        # The page tells of a portal's second request.
        curl = curl.replace("change-requests/2/", f"change-requests/{first + 1}/")
        said = re.sub(r'"id": 2\b', f'"id": {first + 1}', said)
        real = answer_to(curl, tokens)
        assert same(json.loads(said), real), (curl, real)
