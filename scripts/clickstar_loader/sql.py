"""Writing SQL: literals, names, and the macros that the loader's DuckDB connection has."""

from __future__ import annotations

import duckdb


def literal(text: str) -> str:
    """The text as a SQL string."""
    return "'" + text.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """The name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literals(texts: list[str] | tuple[str, ...]) -> str:
    """The texts as a DuckDB list of strings."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


_HEX = "[0-9a-fA-F]{1,4}"
_COLON = "(?::|%3[aA])"
_IPV4 = r"\b[0-9]{1,3}(?:\.[0-9]{1,3}){3}\b"
_IPV6 = (
    rf"\b(?:{_HEX}{_COLON}){{7}}{_HEX}\b"
    rf"|(?:\b{_HEX}(?:{_COLON}{_HEX}){{0,6}})?{_COLON}{{2}}(?:{_HEX}(?:{_COLON}{_HEX}){{0,6}}\b)?"
)
# Each character decides on one branch only: RE2 then takes less than half of the time.
_OCTET = "(?:0|1[0-9]{0,2}|2(?:[0-4][0-9]?|5[0-5]?|[6-9])?|[3-9][0-9]?)"
_EMAIL = r"[A-Za-z0-9._%+'-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"

_MACROS = (
    # Texts in which e-mail and IP addresses are made unrecognisable.
    f"""
    create or replace temp macro mask_text(t) as
        regexp_replace(
            regexp_replace(
                regexp_replace(t, {literal(_EMAIL)}, '[email]', 'g'),
                {literal(_IPV4)}, '[ip]', 'g'
            ),
            {literal(_IPV6)}, '[ip]', 'g'
        )
    """,
    # At most n bytes (not characters), never cutting a character in two.
    """
    create or replace temp macro cut_bytes(t, n) as
        case
            when strlen(t) <= n then t
            when strlen(left(t, n)) <= n then left(t, n)
            else left(t, n // 4)
        end
    """,
    # One percent-decoding; what does not decode to a storable text stays as it is.
    """
    create or replace temp macro percent_decode(t) as
        case
            when not contains(t, '%') or contains(t, '%00') then t
            else coalesce(try(url_decode(t)), t)
        end
    """,
    # The first address of a list, in lower case, without quotes, brackets, port and zone.
    r"""
    create or replace temp macro plain_ip(t) as
        case
            when regexp_full_match(t, '[0-9.]*') then t
            else regexp_replace(
                regexp_replace(
                    regexp_replace(trim(split_part(lower(t), ',', 1)), '^"|"$|%.*$', '', 'g'),
                    '^\[([^\]]*)\](:[0-9]+)?$', '\1'
                ),
                '^([0-9]{1,3}(\.[0-9]{1,3}){3}):[0-9]+$', '\1'
            )
        end
    """,
    # The groups of one side of an IPv6 address; none of an empty text.
    """
    create or replace temp macro ipv6_side(t) as
        coalesce(string_split(nullif(t, ''), ':'), []::varchar[])
    """,
    """
    create or replace temp macro ipv6_groups(t) as
        case
            when contains(t, '::') then
                list_concat(
                    ipv6_side(split_part(t, '::', 1)),
                    list_resize(
                        []::varchar[],
                        greatest(
                            0,
                            8
                            - len(ipv6_side(split_part(t, '::', 1)))
                            - len(ipv6_side(split_part(t, '::', 2)))
                        ),
                        '0'
                    ),
                    ipv6_side(split_part(t, '::', 2))
                )
            else string_split(t, ':')
        end
    """,
    # An address in one way of writing: IPv6 as eight groups without leading zeros, IPv4 inside
    # IPv6 as IPv4. What is no address stays as it is.
    r"""
    create or replace temp macro canonical_ip(t) as
        case
            when not contains(t, ':') then t
            when regexp_full_match(t, '[0:]*:ffff:[0-9]{1,3}(\.[0-9]{1,3}){3}')
                then regexp_extract(t, '[0-9.]+$')
            when regexp_full_match(t, '[0-9a-f:]*') and len(ipv6_groups(t)) = 8
                then array_to_string(
                    list_transform(
                        ipv6_groups(t), lambda g: coalesce(nullif(ltrim(g, '0'), ''), '0')
                    ),
                    ':'
                )
            else t
        end
    """,
    # The /24 of a canonical IPv4 address, the /48 of an IPv6 one, null of anything else. One
    # expression says whether it is IPv4 and what its prefix is.
    rf"""
    create or replace temp macro ip_prefix(ip) as
        coalesce(
            nullif(regexp_extract(ip, '^((?:{_OCTET}\.){{3}}){_OCTET}$', 1), '') || '0/24',
            case
                when contains(ip, ':') and regexp_full_match(ip, '([0-9a-f]{{1,4}}(:|$)){{8}}')
                    then regexp_extract(ip, '^(([0-9a-f]+:){{2}}[0-9a-f]+)', 1) || '::/48'
            end
        )
    """,
    # A whole number: 1.5 is none (a cast would round it), 1.0 is.
    r"""
    create or replace temp macro is_whole(t) as
        regexp_full_match(t, '\s*[+-]?[0-9]+(\.0*)?\s*')
    """,
    r"""
    create or replace temp macro is_decimal(t) as
        regexp_full_match(t, '\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?\s*')
    """,
    # 1,234.50 without its commas. Where no point follows, a comma may be the decimal one: it stays.
    r"""
    create or replace temp macro plain_number(t) as
        case
            when contains(t, ',') and regexp_full_match(t, '[+-]?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+')
                then replace(t, ',', '')
            else t
        end
    """,
)


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that the generated queries use, for this connection only."""
    for macro in _MACROS:
        connection.execute(macro)
