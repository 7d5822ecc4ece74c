"""What staff are refused beyond `domain.problems.Code`, and the sentence for any refusal a person at the
console or the terminal meets.

Must not know: HTTP, templates.
"""

from __future__ import annotations

from enum import StrEnum

from tianbao.domain.problems import Parameter, Problem, Refused
from tianbao.render import messages
from tianbao.texts import Translator


class StaffCode(StrEnum):
    """Expected failures of staff's own acts; the public API never says them."""

    ALREADY_SET_UP = "already_set_up"
    AREA_ELSEWHERE = "area_elsewhere"
    AREA_IN_USE = "area_in_use"
    CLOSES_BEFORE_IT_OPENS = "closes_before_it_opens"
    COUNTY_NEEDED = "county_needed"
    FORM_NEEDED = "form_needed"
    INVITATION_OVER = "invitation_over"
    LAST_ONE = "last_one"
    CANNOT_UNLOCK = "cannot_unlock"
    NOT_AN_ADDRESS = "not_an_address"
    NAME_TAKEN = "name_taken"
    NOT_ALLOWED = "not_allowed"
    NOT_PROVED = "not_proved"
    OTHER_COUNTY = "other_county"
    OWN_ACCOUNT = "own_account"
    PASSWORD_SHORT = "password_short"  # noqa: S105 - a code
    PASSWORD_COMMON = "password_common"  # noqa: S105
    PASSWORD_SIMILAR = "password_similar"  # noqa: S105
    PASSWORD_WRONG = "password_wrong"  # noqa: S105
    PASSWORDS_DIFFER = "passwords_differ"
    ROLE_NOT_YOURS = "role_not_yours"
    SITE_NEEDED = "site_needed"
    TEXTS_TOO_LONG = "texts_too_long"
    UNKNOWN_TIME_ZONE = "unknown_time_zone"
    WAIT = "wait"


def refuse_staff(code: StaffCode, question: str = "", **parameters: Parameter) -> Refused:
    """The exception for a single problem of staff's own."""
    return Refused(staff_problem(code, question, **parameters))


def staff_problem(code: StaffCode, question: str = "", **parameters: Parameter) -> Problem:
    """One thing that is wrong with what staff asked for."""
    return Problem(code, question, parameters)  # type: ignore[arg-type]


def message(problem: Problem, _: Translator, label: str = "") -> str:
    """The sentence in the translator's language; `label` is what the page calls the field."""
    sentence = _sentences(_).get(str(problem.code))
    if sentence is None:
        return messages.message(problem, _, label)
    return sentence.format(**problem.parameters)


def _sentences(_: Translator) -> dict[str, str]:
    return {
        StaffCode.ALREADY_SET_UP: _("This installation is set up already."),
        StaffCode.AREA_ELSEWHERE: _("This lies outside the area that you are responsible for."),
        StaffCode.AREA_IN_USE: _("Sites, people or other areas stand in this area. Move them first."),
        StaffCode.CLOSES_BEFORE_IT_OPENS: _("It would close before it opens."),
        StaffCode.COUNTY_NEEDED: _("Please pick at least the county."),
        StaffCode.FORM_NEEDED: _("A CSV file holds one table. Please choose the form first."),
        StaffCode.INVITATION_OVER: _("This invitation was used already, or its week is over. Ask for a new one."),
        StaffCode.LAST_ONE: _(
            "At least one administrator and one data officer must stay, or nobody could run this installation."
        ),
        StaffCode.OWN_ACCOUNT: _("Nobody changes their own roles. Ask a colleague."),
        StaffCode.ROLE_NOT_YOURS: _("Your own role does not allow to give this role."),
        StaffCode.SITE_NEEDED: _("Please pick the site where the guard stands."),
        StaffCode.CANNOT_UNLOCK: _("This password does not open the names."),
        StaffCode.NOT_AN_ADDRESS: _(
            "This is not an address that phones can open. Write it like https://example.org."
        ),
        StaffCode.NOT_PROVED: _(
            "No phone has arrived by this address yet. Scan the code, or say that you could not."
        ),
        StaffCode.NAME_TAKEN: _("This name is taken."),
        StaffCode.NOT_ALLOWED: _("Your role does not allow this. Whoever invited you can change it."),
        StaffCode.OTHER_COUNTY: _("A site stays in its county. Close this one and make a new one there."),
        StaffCode.PASSWORD_SHORT: _("The password needs at least {minimum} characters."),
        StaffCode.PASSWORD_COMMON: _("This password is among the first that anybody would try."),
        StaffCode.PASSWORD_SIMILAR: _("The password is too much like the user name or the organisation."),
        StaffCode.PASSWORD_WRONG: _("User name or password is wrong."),
        StaffCode.PASSWORDS_DIFFER: _("The two passwords are not the same."),
        StaffCode.TEXTS_TOO_LONG: _(
            "The three texts in this language are together too long for a page that opens at once on a weak "
            "network. Please shorten this one, the longest, by about {characters} characters."
        ),
        StaffCode.UNKNOWN_TIME_ZONE: _("This time zone is not known."),
        StaffCode.WAIT: _("Too many wrong passwords. Try again in {seconds} seconds."),
    }
