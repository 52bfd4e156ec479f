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
_EMAIL = r"[A-Za-z0-9._%+'-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"

_MACROS = (
    # Texts in which e-mail and IP addresses are made unrecognisable.
    f"""
    create or replace temp macro mask_text(t) as
        case
            when t is null then null
            else regexp_replace(
                regexp_replace(
                    regexp_replace(t, '{_EMAIL.replace("'", "''")}', '[email]', 'g'),
                    '{_IPV4}', '[ip]', 'g'
                ),
                '{_IPV6}', '[ip]', 'g'
            )
        end
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
    # One percent-decoding; what does not decode to text stays as it is.
    """
    create or replace temp macro percent_decode(t) as
        case
            when t is null or not contains(t, '%') then t
            when contains(coalesce(try(url_decode(t)), chr(0)), chr(0)) then t
            else url_decode(t)
        end
    """,
    # The value of a query parameter: the first one; `+` is a space; an empty value is null.
    r"""
    create or replace temp macro query_parameter(t, expression) as
        case
            when t is not null and regexp_matches(t, expression)
                then percent_decode(
                    replace(nullif(regexp_extract(t, expression, 1), ''), '+', ' ')
                )
        end
    """,
    # The eight groups of an IPv6 address, or null; an embedded IPv4 address becomes two groups.
    r"""
    create or replace temp macro ipv6_groups(t) as
        case
            when contains(t, '::') then
                list_concat(
                    string_split(nullif(split_part(t, '::', 1), ''), ':'),
                    list_resize(
                        ['0'],
                        8
                        - coalesce(len(string_split(nullif(split_part(t, '::', 1), ''), ':')), 0)
                        - coalesce(len(string_split(nullif(split_part(t, '::', 2), ''), ':')), 0),
                        '0'
                    ),
                    string_split(nullif(split_part(t, '::', 2), ''), ':')
                )
            else string_split(t, ':')
        end
    """,
    r"""
    create or replace temp macro ipv6_text(groups) as
        array_to_string(
            list_transform(groups, lambda g: coalesce(nullif(ltrim(g, '0'), ''), '0')), ':'
        )
    """,
    # An address without port and brackets in one way of writing; other text in lower case.
    r"""
    create or replace temp macro canonical_ip(t) as
        case
            when t is null then null
            when regexp_full_match(t, '[0-9]{1,3}(\.[0-9]{1,3}){3}') then t
            else canonical_odd_ip(
                regexp_replace(
                    regexp_replace(
                        regexp_replace(
                            trim(split_part(lower(t), ',', 1)), '^"|"$|%.*$', '', 'g'
                        ),
                        '^\[([^\]]*)\](:[0-9]+)?$', '\1'
                    ),
                    '^([0-9]{1,3}(\.[0-9]{1,3}){3}):[0-9]+$', '\1'
                )
            )
        end
    """,
    r"""
    create or replace temp macro ip_prefix(ip) as
        case
            when ip is null then null
            when regexp_full_match(ip, '[0-9]{1,3}(\.[0-9]{1,3}){3}')
                then case
                    when regexp_full_match(
                        ip, '(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])'
                        '(\.(25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])){3}'
                    ) then regexp_replace(ip, '\.[0-9]+$', '.0/24')
                end
            when regexp_full_match(ip, '([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}')
                then regexp_extract(ip, '^(([0-9a-f]+:){2}[0-9a-f]+)', 1) || '::/48'
        end
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
)

_ODD_IP = r"""
    create or replace temp macro canonical_odd_ip(t) as
        case
            when regexp_full_match(t, '(0*:)*:?(0*:)*ffff:[0-9]{1,3}(\.[0-9]{1,3}){3}')
                then regexp_extract(t, '[0-9.]+$')
            when regexp_full_match(t, '[0-9a-f:]*:[0-9a-f:]*')
                and len(ipv6_groups(t)) = 8
                then ipv6_text(ipv6_groups(t))
            else t
        end
"""


def create_macros(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the macros that the generated queries use, for this connection only."""
    for macro in (*_MACROS[:6], _ODD_IP, *_MACROS[6:]):
        connection.execute(macro)
