"""The edge's connections to PostgreSQL: a server that does not answer fails in seconds and holds nobody up.

Beside `store.sqlite`; imported only where PostgreSQL is used, since its client is no part of the default way.
Must not know: what is asked.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg

WAIT_S: Final = 10
"""For a connection, a statement (the turn of `keep_order` included), a network that swallows what is sent."""


def connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection in autocommit mode.

    A transaction whose edge froze ends by itself: the other edges wait for their turn behind it.
    """
    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=WAIT_S,
        tcp_user_timeout=WAIT_S * 1000,
        keepalives_idle=WAIT_S,
        keepalives_interval=WAIT_S // 3,
        keepalives_count=3,
    )
    for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(f"SET {limit} = '{WAIT_S}s'")
    return connection
