"""Reading XML as a stream: each element of one name is a record, and becomes a JSON object.

The rest of the way is that of JSON. A file is either read to its end or set aside as a whole. What
the document itself defines (entities) is neither expanded nor fetched: such a document is refused,
because a few of its bytes may stand for gigabytes, or for a file of this machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from lxml import etree

from .content import Source
from .errors import SetAside

_AT_ONCE = 20_000
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def xml_records(source: Source, record: str) -> Iterator[list[str]]:
    """The elements of that name, whatever their namespace, as JSON texts, some thousands at a time.

    Its children are the fields, by their names; a field that occurs several times is a list. An
    element without children and attributes is its text, trimmed, '' when there is none. Otherwise
    it is an object: attributes are ``@name``, a text beside them is ``#text``. ``xsi:nil`` is null.

    Raises SetAside when the document is damaged, defines entities, or has content but no record.
    """
    events = etree.iterparse(
        source,
        events=("start", "end"),
        tag=(record, "{*}" + record),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    texts: list[str] = []
    depth = found = 0
    try:
        for event, element in events:
            if event == "start":
                if not found and not depth:
                    _refuse_entities(element)
                depth += 1
                continue
            depth -= 1
            if depth:
                continue
            found += 1
            value = _value(element)
            if isinstance(value, str) or value is None:
                value = {"#text": value} if value else {}
            texts.append(json.dumps(value, ensure_ascii=False))
            _forget(element)
            if len(texts) == _AT_ONCE:
                yield texts
                texts = []
    except etree.XMLSyntaxError as error:
        raise SetAside(
            f"the XML is damaged in line {error.lineno} ({_summary(error)}); deliver it again"
        ) from error
    root = events.root
    if not found and root is not None:
        _refuse_entities(root)
        if len(root) or (root.text or "").strip():
            raise SetAside(
                f"there is no element {record} in the document, but others; correct record in the "
                "contract and replay the file"
            )
    if texts:
        yield texts


def _value(element: Any) -> Any:
    """An element as what JSON has: null, a text, or an object."""
    if (element.get(_NIL) or "").strip() in ("true", "1"):
        return None
    members: dict[str, Any] = {
        f"@{etree.QName(name).localname}": text
        for name, text in element.attrib.items()
        if name != _NIL
    }
    text = element.text or ""
    for child in element:
        name, value = etree.QName(child).localname, _value(child)
        if name not in members:
            members[name] = value
        elif isinstance(members[name], list):
            members[name].append(value)
        else:
            members[name] = [members[name], value]
        text += child.tail or ""
    text = text.strip()
    if not members:
        return text
    return {**members, "#text": text} if text else members


def _forget(element: Any) -> None:
    """Free what was read: the record, and whatever lies before it in its parent."""
    element.clear()
    while element.getprevious() is not None:
        del element.getparent()[0]


def _refuse_entities(element: Any) -> None:
    document_type = element.getroottree().docinfo.internalDTD
    if document_type is not None and any(True for _ in document_type.iterentities()):
        raise SetAside(
            "the XML defines entities of its own, which are not read; deliver it without them"
        )


def _summary(error: etree.XMLSyntaxError) -> str:
    """The parser's message without what it quotes, which may be personal."""
    message = re.sub(r", line \d+, column \d+.*$", "", " ".join(str(error.msg).split()))
    return re.sub(r"\"[^\"]*\"|'[^']*'", "…", message)[:200]
