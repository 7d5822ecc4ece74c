"""Roles, reach and the tree of areas: pure decisions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tianbao.domain.access import (
    CLEARANCES,
    EVERYWHERE,
    FOUNDER_ROLES,
    PERMISSIONS,
    Access,
    Clearance,
    Grant,
    Permission,
    Role,
    lies_within,
    stem_of,
    unit_of,
)

NOW = 1_795_500_000_000
MORNING = NOW - 5 * 3_600_000


def access(*grants: Grant) -> Access:
    return Access(grants=grants, now_ms=NOW, today_ms=MORNING)


@pytest.mark.parametrize(
    ("area", "outer", "expected"),
    [
        ("441900", "440000", True),
        ("441900101", "441900", True),
        ("441900101.2", "441900101", True),
        ("441900101.2.7", "441900101.2", True),
        ("441900101.12", "441900101.1", False),
        ("441900101", "441900101.1", False),
        ("440000", "441900", False),
        ("130636", "130600", True),
        ("130636", "130635", False),
        ("", "441900", False),
        ("", "", True),
        (".1.3", ".1", True),
        (".12", ".1", False),
        (".1", "44", False),
    ],
)
def test_an_area_lies_below_another_part_by_part(area: str, outer: str, expected: bool) -> None:
    assert lies_within(area, outer) is expected


@given(st.lists(st.integers(1, 99), max_size=4), st.integers(1, 99))
def test_a_child_lies_within_and_never_the_other_way(parts: list[int], child: int) -> None:
    parent = "441900101" + "".join(f".{part}" for part in parts)
    assert lies_within(f"{parent}.{child}", parent)
    assert not lies_within(parent, f"{parent}.{child}")


def test_zeros_that_fill_a_code_up_do_not_count() -> None:
    assert [stem_of(code) for code in ("440000", "441900", "441901", "441900101", "")] == [
        "44",
        "4419",
        "441901",
        "441900101",
        "",
    ]


def test_every_role_has_permissions_and_a_clearance() -> None:
    assert PERMISSIONS.keys() == CLEARANCES.keys() == set(Role)


def test_every_permission_is_somebodys_and_the_founder_holds_all_but_none_by_chance() -> None:
    assert frozenset().union(*PERMISSIONS.values()) == set(Permission)
    assert frozenset().union(*(PERMISSIONS[role] for role in FOUNDER_ROLES)) == set(Permission)


def test_nobody_without_a_grant_may_do_anything() -> None:
    nobody = access()
    assert not any(nobody.may(permission) for permission in Permission)
    assert nobody.clearance(site="7K3PM", area="441900") is Clearance.NONE


def test_a_worker_reaches_the_own_subtree_and_no_neighbour() -> None:
    worker = access(Grant(Role.WORKER, area="130636"))
    reach = worker.reach(Permission.READ_RECORDS)
    assert reach.covers_site(code="A2222", area="130636100")
    assert not reach.covers_site(code="B2222", area="130635100")
    assert worker.clearance(site="B2222", area="130635100") is Clearance.NONE


def test_a_grant_ends_in_its_millisecond() -> None:
    assert access(Grant(Role.WORKER, until_ms=NOW + 1)).may(Permission.READ_RECORDS)
    assert not access(Grant(Role.WORKER, until_ms=NOW)).may(Permission.READ_RECORDS)


def test_a_guard_reaches_the_own_site_of_today() -> None:
    guard = access(Grant(Role.GUARD, area="130636", site="A2222"))
    reach = guard.reach(Permission.READ_RECORDS)
    assert reach.covers_arrival(code="A2222", area="130636", at_ms=MORNING)
    assert not reach.covers_arrival(code="A2222", area="130636", at_ms=MORNING - 1)
    assert not reach.covers_arrival(code="B2222", area="130636", at_ms=NOW)
    assert guard.clearance(site="A2222", area="130636") is Clearance.LAST_FOUR
    assert not guard.may(Permission.EXPORT)
    assert not access(Grant(Role.GUARD, area="130636")).may(Permission.SCAN)


def test_what_has_no_place_is_for_all() -> None:
    assert access(Grant(Role.ADMINISTRATOR, area="130636")).reach(Permission.CHANGE_SETTINGS) == EVERYWHERE
    assert not access(Grant(Role.ADMINISTRATOR, area="130636")).reach(Permission.READ_SITES).is_everywhere


def test_an_administrator_sees_no_identity() -> None:
    administrator = access(Grant(Role.ADMINISTRATOR))
    assert administrator.clearance_max is Clearance.NONE
    assert not administrator.may(Permission.READ_RECORDS)


def test_a_supervisor_hands_out_what_is_below_within_the_own_subtree() -> None:
    supervisor = access(Grant(Role.SUPERVISOR, area="130636"))
    assert supervisor.may_hand_out(Grant(Role.WORKER, area="130636100"))
    assert not supervisor.may_hand_out(Grant(Role.WORKER, area="130635100"))
    assert not supervisor.may_hand_out(Grant(Role.SUPERVISOR, area="130636100"))
    assert not supervisor.may_hand_out(Grant(Role.GUARD, site="A2222"), site_area="130635")
    assert supervisor.roles_to_hand_out() == (Role.GUARD, Role.WORKER, Role.CLERK)


def test_units_are_places() -> None:
    assert unit_of([Grant(Role.CLERK, area="130636100"), Grant(Role.SUPERVISOR, area="130636")]) == "130636"
    assert unit_of([Grant(Role.GUARD, area="130636", site="A2222")]) == "@A2222"
    assert unit_of([]) == ""
