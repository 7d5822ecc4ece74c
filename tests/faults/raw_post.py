"""A registration sent as the quickest phones send it: head and body in one piece, on a connection of its own.

That goes the short way of a registration (edge.fast_path); or, where it is wanted, the whole way.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple


class Answer(NamedTuple):
    """A status and the JSON under it."""

    status: int
    content: dict[str, Any]


async def post(url: str, path: str, submission: dict[str, Any], *, short: bool) -> Answer:
    """One post on a connection of its own. `Expect` is one of the things that the short way leaves to the whole."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    body = json.dumps(submission).encode()
    unusual = "" if short else "expect: 100-continue\r\n"
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n{unusual}"
        f"content-length: {len(body)}\r\n\r\n"
    )
    writer.write(head.encode() + body)
    answered = b"HTTP/1.1 100"
    while answered.startswith(b"HTTP/1.1 100"):
        answered = await reader.readuntil(b"\r\n\r\n")
    length = next(line for line in answered.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    content = await reader.readexactly(int(length.partition(b":")[2]))
    writer.close()
    return Answer(int(answered.split()[1]), json.loads(content))
