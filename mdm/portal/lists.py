"""What a list of the portal takes from an address: its own filters, and a search of some words."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest

# A text of more words would ask more of the database than it takes.
LONGEST_SEARCH = 128
# What the admin's filters write behind the name of their field.
OFFERED = ("", "__exact", "__isnull", "__code__exact", "__id__exact")


class OfferedOnly:
    """A list that is narrowed down by the filters it shows, and by nothing else.

    Django would take any lookup of a field of its own: a pattern that SQLite tries for as long as
    its writer likes, or a number that no column holds.
    """

    list_filter: ClassVar[Any]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether a filter of the list writes this into its address."""
        return any(
            lookup in [one + end for end in OFFERED]
            if isinstance(one, str)
            else lookup == one.parameter_name
            for one in self.list_filter
        )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """What the beginning of a text finds."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(  # type: ignore[misc]
            request, queryset, search_term[:LONGEST_SEARCH]
        )
        return found
