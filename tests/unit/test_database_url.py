"""The console reads a database's address as the edge's client does."""

from __future__ import annotations

from tianbao.settings import _postgresql


def test_several_hosts_and_what_is_asked_of_them() -> None:
    read = _postgresql("postgresql://t:p%40ss@a:5432,b:5433/tianbao?target_session_attrs=read-write")
    assert (read["HOST"], read["PORT"], read["NAME"]) == ("a,b", "5432,5433", "tianbao")
    assert (read["USER"], read["PASSWORD"]) == ("t", "p@ss")
    assert read["OPTIONS"] == {"target_session_attrs": "read-write"}


def test_a_socket_in_a_folder() -> None:
    read = _postgresql("postgresql://postgres:@/postgres?host=/tmp/pg")
    assert (read["HOST"], read["PORT"], read["NAME"], read["PASSWORD"]) == ("/tmp/pg", "", "postgres", "")
