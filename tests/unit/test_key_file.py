"""The key folder."""

from __future__ import annotations

from pathlib import Path

from tianbao.domain.sealing import PasswordCost
from tianbao.store.key_file import (
    DayKey,
    Officer,
    create_day,
    destroy_day,
    list_days,
    read_day,
    read_officers,
    write_officers,
)

DAY = DayKey("2026-11-23_2026-12-07", b"u" * 32, b"p" * 32, {"1": b"wrap"})
OFFICER = Officer("1", b"u" * 32, b"s" * 16, b"wrapped", PasswordCost(64, 1, 1))


def test_officers_and_days_are_read_as_they_were_written(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    assert read_officers(keys) == []
    write_officers(keys, [OFFICER])
    create_day(keys, DAY)
    assert read_officers(keys) == [OFFICER]
    assert read_day(keys, DAY.name) == DAY
    assert list(list_days(keys)) == [DAY.name]
    assert not list(keys.glob("*.new"))


def test_a_destroyed_day_is_gone_and_may_be_destroyed_again(tmp_path: Path) -> None:
    create_day(tmp_path, DAY)
    destroy_day(tmp_path, DAY.name)
    destroy_day(tmp_path, DAY.name)
    assert read_day(tmp_path, DAY.name) is None
    assert list(list_days(tmp_path)) == []


def test_key_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    write_officers(tmp_path / "keys", [OFFICER])
    assert (tmp_path / "keys" / "officers.json").stat().st_mode & 0o077 == 0


def test_only_the_first_keys_of_a_day_ever_count(tmp_path: Path) -> None:
    other = DayKey(DAY.name, b"o" * 32, b"o" * 32, {"1": b"other"})
    assert create_day(tmp_path, DAY) == DAY
    assert create_day(tmp_path, other) == DAY
    assert [path.name for path in tmp_path.iterdir()] == [f"{DAY.name}.json"]
