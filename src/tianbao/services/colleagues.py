"""The people of an installation: invited with a link, given roles, let go.

A link makes one person once, within a week. Whoever sends it hands out no more than their own roles allow
(`domain.access.HANDED_OUT_BY`) and no further than they reach. Must not know: screens, sessions.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.db import transaction

from tianbao.domain import access as domain
from tianbao.domain.access import CLEARANCES, GRANTS_MAX, Access, Clearance, Permission, Role
from tianbao.domain.ids import uuid7
from tianbao.domain.problems import Code, Problem, Refused, refuse
from tianbao.domain.sealing import PasswordCost
from tianbao.services import keys as officer_keys
from tianbao.services.access import to_domain_grant
from tianbao.services.areas import full_name
from tianbao.services.audit import record_act
from tianbao.services.organisation import check_line
from tianbao.services.refusals import StaffCode, refuse_staff, staff_problem
from tianbao.services.staff import check_password, check_username
from tianbao.store.models import Grant, Invitation, Site, Staff

NAME_LENGTH_MAX: Final = 40
INVITATION_MS: Final = 7 * 86_400_000
INVITED_MAX: Final = 500
"""Invitations that wait at one time."""
TOKEN_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Post:
    """A role at a place as somebody asks for it: an area's code, or one site."""

    role: Role
    area: str = ""
    site: Site | None = None
    until_ms: int | None = None

    @property
    def grant(self) -> domain.Grant:
        return domain.Grant(self.role, self.area, self.site.code if self.site else "", self.until_ms)

    @property
    def lies_in(self) -> str:
        return self.site.area if self.site else self.area


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A grant as the list shows it; `is_mine_to_take` where the reader may take it away."""

    grant: Grant
    role: Role
    place: str
    is_over: bool
    is_mine_to_take: bool


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody in the list, with what they hold; `may_go` where the reader may let them go."""

    staff: Staff
    posts: tuple[HeldPost, ...]
    may_go: bool


@dataclass(frozen=True, slots=True)
class Sent:
    """An invitation and the secret of its link, which is nowhere else."""

    invitation: Invitation
    token: str


def list_colleagues(*, access: Access, now_ms: int) -> list[Colleague]:
    """Everybody who works within the reader's areas; to whoever reaches everywhere, those without a post too."""
    reach = access.reach(Permission.MANAGE_STAFF)
    people = []
    for staff in Staff.objects.filter(is_active=True).prefetch_related("grants__site").order_by("username"):
        rows = list(staff.grants.all())
        seen = [row for row in rows if reach.covers_area(_place_of(row))]
        if seen or (not rows and reach.is_everywhere):
            posts = tuple(_held(row, access, now_ms) for row in seen)
            is_all_mine = len(seen) == len(rows) and all(post.is_mine_to_take for post in posts)
            people.append(Colleague(staff, posts, is_all_mine))
    return people


def list_invitations(*, access: Access, now_ms: int) -> list[Invitation]:
    """Links within the reader's areas that nobody has used yet, newest first; also those that ran out."""
    reach = access.reach(Permission.MANAGE_STAFF)
    rows = Invitation.objects.filter(used_ms__isnull=True).select_related("site", "made_by").order_by("-made_ms")
    return [row for row in rows[:INVITED_MAX] if reach.covers_area(row.site.area if row.site else row.area)]


def invite(*, name: str, post: Post, access: Access, staff: Staff, now_ms: int) -> Sent:
    """A link for one person. Refused: no name, a role or place that is not theirs to give, too many waiting."""
    problems = check_line(name, "person", NAME_LENGTH_MAX)
    problems += [problem for problem in [post_problem(post, access)] if problem]
    if problems:
        raise Refused(*problems)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        if Invitation.objects.filter(used_ms__isnull=True, expires_ms__gt=now_ms).count() >= INVITED_MAX:
            raise refuse(Code.TOO_MANY, "person", rows_max=INVITED_MAX)
        row = Invitation.objects.create(
            id=uuid7(now_ms, os.urandom(10)),
            token_digest=_digest(token),
            name=name.strip(),
            role=post.role.value,
            area=post.area,
            site=post.site,
            until_ms=post.until_ms,
            made_by=staff,
            made_ms=now_ms,
            expires_ms=now_ms + INVITATION_MS,
        )
        record_act(at_ms=now_ms, staff=staff, verb="invite", subject=row.id.hex, detail={"role": row.role})
    return Sent(row, token)


def withdraw_invitation(*, invitation_id: object, access: Access, staff: Staff, now_ms: int) -> None:
    """Makes a link useless. Refused NOT_FOUND: used, or of another place."""
    row = Invitation.objects.select_related("site").filter(id=invitation_id, used_ms__isnull=True).first()
    reach = access.reach(Permission.MANAGE_STAFF)
    if row is None or not reach.covers_area(row.site.area if row.site else row.area):
        raise refuse(Code.NOT_FOUND)
    with transaction.atomic():
        record_act(at_ms=now_ms, staff=staff, verb="withdraw_invitation", subject=row.id.hex)
        row.delete()


def find_invitation(*, token: str, now_ms: int) -> Invitation:
    """The invitation of a link. Refused INVITATION_OVER alike: used, run out, withdrawn or never sent."""
    row = (
        Invitation.objects.select_related("site", "made_by")
        .filter(token_digest=_digest(token), used_ms__isnull=True, expires_ms__gt=now_ms)
        .first()
    )
    if row is None or not row.made_by.is_active:
        raise refuse_staff(StaffCode.INVITATION_OVER)
    return row


def join(
    *,
    token: str,
    username: str,
    password: str,
    organisation: str,
    keys: Path,
    now_ms: int,
    password_cost: PasswordCost | None = None,
) -> Staff:
    """Makes the person of a link, with the role it gives; their password opens names where the role sees any.

    Refused: the link is over, or with every problem of the input. Both are made or neither.
    """
    invitation = find_invitation(token=token, now_ms=now_ms)
    problems = check_username(username)
    problems += check_password(password, unlike=(username, organisation, invitation.name))
    if problems:
        raise Refused(*problems)
    with transaction.atomic():
        taken = Invitation.objects.filter(pk=invitation.pk, used_ms__isnull=True).update(used_ms=now_ms)
        if not taken:
            raise refuse_staff(StaffCode.INVITATION_OVER)
        staff = Staff.objects.create_user(username=username.strip(), password=password, first_name=invitation.name)
        Invitation.objects.filter(pk=invitation.pk).update(staff=staff)
        Grant.objects.create(
            id=uuid7(now_ms, os.urandom(10)),
            staff=staff,
            role=invitation.role,
            area=invitation.area,
            site=invitation.site,
            until_ms=invitation.until_ms,
            made_by=invitation.made_by,
            made_ms=now_ms,
        )
        detail = {"role": invitation.role}
        record_act(at_ms=now_ms, staff=staff, verb="join", subject=invitation.pk.hex, detail=detail)
        if CLEARANCES[Role(invitation.role)] >= Clearance.NAMES:
            officer_keys.make_officer(folder=keys, officer_id=str(staff.pk), password=password, cost=password_cost)
    return staff


def give_post(*, to: Staff, post: Post, access: Access, staff: Staff, now_ms: int) -> None:
    """One more role for somebody else. Refused: not theirs to give, too many, OWN_ACCOUNT for oneself."""
    if to.pk == staff.pk:
        raise refuse_staff(StaffCode.OWN_ACCOUNT)
    if problem := post_problem(post, access):
        raise Refused(problem)
    with transaction.atomic():
        held = Grant.objects.select_for_update().filter(staff=to)
        if held.count() >= GRANTS_MAX:
            raise refuse(Code.TOO_MANY, "role", rows_max=GRANTS_MAX)
        Grant.objects.update_or_create(
            staff=to,
            role=post.role.value,
            area=post.area,
            site=post.site,
            defaults={"until_ms": post.until_ms, "made_by": staff, "made_ms": now_ms},
            create_defaults={
                "id": uuid7(now_ms, os.urandom(10)),
                "until_ms": post.until_ms,
                "made_by": staff,
                "made_ms": now_ms,
            },
        )
        detail = {"role": post.role.value, "place": post.site.code if post.site else post.area}
        record_act(at_ms=now_ms, staff=staff, verb="give_role", subject=str(to.pk), detail=detail)


def take_post(*, grant_id: object, access: Access, staff: Staff, now_ms: int) -> None:
    """Takes a role away. Refused NOT_FOUND: not theirs to take; LAST_ONE: nobody else could run the place."""
    row = Grant.objects.select_related("site", "staff").filter(id=grant_id).first()
    if row is None or not access.may_hand_out(to_domain_grant(row), site_area=_place_of(row)):
        raise refuse(Code.NOT_FOUND)
    with transaction.atomic():
        detail = {"role": row.role, "place": row.site.code if row.site else row.area}
        row.delete()
        _check_somebody_is_left()
        record_act(at_ms=now_ms, staff=staff, verb="take_role", subject=str(row.staff.pk), detail=detail)


def let_go(*, who: Staff, access: Access, staff: Staff, keys: Path, now_ms: int) -> None:
    """Somebody leaves: their sessions end with their next click, their roles and what opens names are gone.

    What they did stays in the log under their name. Refused NOT_ALLOWED: they hold a post that is not the asker's
    to take; LAST_ONE as `take_post`; OWN_ACCOUNT: oneself.
    """
    if who.pk == staff.pk:
        raise refuse_staff(StaffCode.OWN_ACCOUNT)
    grants = list(Grant.objects.filter(staff=who).select_related("site"))
    if not all(access.may_hand_out(to_domain_grant(row), site_area=_place_of(row)) for row in grants):
        raise refuse_staff(StaffCode.NOT_ALLOWED)
    with transaction.atomic():
        Grant.objects.filter(staff=who).delete()
        Staff.objects.filter(pk=who.pk).update(is_active=False)
        _check_somebody_is_left()
        record_act(at_ms=now_ms, staff=staff, verb="let_go", subject=str(who.pk))
        officer_keys.remove_officer(folder=keys, officer_id=str(who.pk))


def post_problem(post: Post, access: Access) -> Problem | None:
    """Why somebody may not give a role at a place; None if they may."""
    if post.role is Role.GUARD and post.site is None:
        return staff_problem(StaffCode.SITE_NEEDED, "site")
    if post.role not in access.roles_to_hand_out():
        return staff_problem(StaffCode.ROLE_NOT_YOURS, "role")
    if not access.may_hand_out(post.grant, site_area=post.lies_in):
        return staff_problem(StaffCode.AREA_ELSEWHERE, "site" if post.site else "area")
    return None


def name_of(staff: Staff) -> str:
    """What colleagues call somebody."""
    return staff.first_name or staff.get_username()


def places_of(staff: Staff) -> Sequence[str]:
    """Where somebody works, in words."""
    rows = Grant.objects.filter(staff=staff).select_related("site")
    return [row.site.name if row.site else full_name(row.area) for row in rows]


def _held(row: Grant, access: Access, now_ms: int) -> HeldPost:
    return HeldPost(
        grant=row,
        role=Role(row.role),
        place=row.site.name if row.site else full_name(row.area),
        is_over=row.until_ms is not None and row.until_ms <= now_ms,
        is_mine_to_take=access.may_hand_out(to_domain_grant(row), site_area=_place_of(row)),
    )


def _place_of(row: Grant) -> str:
    return row.site.area if row.site else row.area


def _check_somebody_is_left() -> None:
    """An installation without an administrator, or without anybody who opens the keys, could not be mended."""
    for role in (Role.ADMINISTRATOR, Role.DATA_OFFICER):
        if not Grant.objects.filter(role=role.value, staff__is_active=True, until_ms__isnull=True).exists():
            raise refuse_staff(StaffCode.LAST_ONE)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
