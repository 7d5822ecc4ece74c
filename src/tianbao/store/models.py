"""Every table. `Submission` and `IntakeKey` belong to the edge alone (on SQLite in `intake.db`, a file of
its own); everything else is staff's side. docs/database.md says what each is for and who writes it.

Times are integers of milliseconds since 1970 (UTC), alike on every database. Primary keys are UUIDv7; every
big table carries the county of its site. Must not know: use cases; no model has logic in `save`.
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth.models import AbstractUser
from django.db import models

from tianbao.domain.access import Role
from tianbao.domain.sealing import RevisionKind
from tianbao.domain.sign_in import Demand
from tianbao.domain.sites import DELETION_DAYS_DEFAULT, SiteState

INTAKE_MODELS: Final = frozenset({"submission", "intakekey"})
"""Models that live in the edge's own file on SQLite."""


class Source(models.IntegerChoices):
    """How a registration came in."""

    PHONE = 1
    STAFF = 2


class RecordState(models.IntegerChoices):
    """Where a record is in its life, as the line list filters it."""

    REGISTERED = 1
    CORRECTED = 2
    WITHDRAWN = 3


class IntakeKey(models.Model):
    """A data key as the edge made it, sealed to its day; committed with or before its first submission."""

    id = models.UUIDField(primary_key=True)
    day = models.CharField(max_length=21)
    sealed = models.BinaryField()
    made_ms = models.BigIntegerField()

    class Meta:
        db_table = "intake_key"


class Submission(models.Model):
    """What arrived, as it arrived. Append-only; deletion empties it and leaves id and digests (a tombstone).

    `record` is the id of the first submission of the same registration; `facts` the open answers and marks
    as JSON; `sealed` the identity under a content key, `sealed_key` that key under the data key.
    """

    seq = models.BigAutoField(primary_key=True)
    id = models.UUIDField()
    record = models.UUIDField()
    revision = models.IntegerField()
    kind = models.SmallIntegerField(choices=[(kind.value, kind.name) for kind in RevisionKind])
    source = models.SmallIntegerField(choices=Source.choices)
    site = models.CharField(max_length=8)
    county = models.CharField(max_length=6)
    form = models.CharField(max_length=64)
    version = models.IntegerField()
    received_ms = models.BigIntegerField()
    secret_digest = models.BinaryField()
    mac = models.BinaryField()
    data_key = models.UUIDField()
    sealed_key = models.BinaryField()
    sealed = models.BinaryField()
    facts = models.TextField()

    class Meta:
        db_table = "submission"
        constraints = [models.UniqueConstraint(fields=["record", "revision"], name="one_submission_a_revision")]


class Staff(AbstractUser):
    """Somebody who signs in to the console."""

    language = models.CharField(max_length=16, blank=True)

    class Meta:
        db_table = "staff"


class Area(models.Model):
    """A part of the tree of areas made by hand, below a division or outside all of them (domain.access).

    Its code is its parent's with a number of its own: "130636100.2" is the second village of a township.
    """

    code = models.CharField(max_length=40, primary_key=True)
    parent = models.CharField(max_length=40, blank=True, db_index=True)
    name = models.CharField(max_length=60)
    created_ms = models.BigIntegerField()

    class Meta:
        db_table = "area"
        constraints = [models.UniqueConstraint(fields=["parent", "name"], name="one_area_of_a_name")]


class Grant(models.Model):
    """A role that somebody holds at a place of the tree, or at one site (domain.access.Grant)."""

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=16, choices=[(role.value, role.name) for role in Role])
    area = models.CharField(max_length=40, blank=True)
    site = models.ForeignKey("Site", null=True, on_delete=models.CASCADE, db_index=False)
    until_ms = models.BigIntegerField(null=True)
    made_by = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_ms = models.BigIntegerField()

    class Meta:
        db_table = "grant_held"
        constraints = [
            models.UniqueConstraint(
                fields=["staff", "role", "area"], condition=models.Q(site__isnull=True), name="one_grant_an_area"
            ),
            models.UniqueConstraint(
                fields=["staff", "role", "site"], condition=models.Q(site__isnull=False), name="one_grant_a_site"
            ),
            models.CheckConstraint(
                condition=~models.Q(role=Role.GUARD) | models.Q(site__isnull=False), name="guard_has_a_site"
            ),
        ]


class Invitation(models.Model):
    """A link that makes a colleague, once: who sent it, for whom, and the grant that it gives.

    `token_digest` is SHA-256 of the link's secret; `staff` whoever used it.
    """

    id = models.UUIDField(primary_key=True)
    token_digest = models.BinaryField(unique=True)
    name = models.CharField(max_length=60)
    role = models.CharField(max_length=16, choices=[(role.value, role.name) for role in Role])
    area = models.CharField(max_length=40, blank=True)
    site = models.ForeignKey("Site", null=True, on_delete=models.CASCADE, db_index=False)
    until_ms = models.BigIntegerField(null=True)
    made_by = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", db_index=False)
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    used_ms = models.BigIntegerField(null=True)
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "invitation"


class Organisation(models.Model):
    """The one installation. `generation` grows with every change that the public pages show."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    name = models.CharField(max_length=200)
    area = models.CharField(max_length=12, blank=True)
    address = models.CharField(max_length=300)
    purpose = models.JSONField(default=dict)
    legal_basis = models.JSONField(default=dict)
    notice = models.JSONField(default=dict)
    contact = models.CharField(max_length=200, blank=True)
    deletion_days = models.IntegerField(default=DELETION_DAYS_DEFAULT)
    time_zone = models.CharField(max_length=64, default="Asia/Shanghai")
    emergency = models.CharField(max_length=120, blank=True)
    ends_on = models.CharField(max_length=10, blank=True)
    second_factor = models.CharField(
        max_length=8, default=Demand.OFFERED.value, choices=[(demand.value, demand.name) for demand in Demand]
    )
    generation = models.BigIntegerField(default=1)
    created_ms = models.BigIntegerField()

    class Meta:
        db_table = "organisation"
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="one_organisation"),
            models.CheckConstraint(
                condition=models.Q(deletion_days__gte=1, deletion_days__lte=366),
                name="deletion_days_in_range",
            ),
        ]


class Address(models.Model):
    """An address that phones were told to open, now or before, and whether one ever arrived by it.

    `token` is in the QR that proves it; `arrived_from` the network address of the phone that came.
    """

    id = models.UUIDField(primary_key=True)
    address = models.CharField(max_length=300)
    token = models.CharField(max_length=43, unique=True)
    since_ms = models.BigIntegerField()
    arrived_ms = models.BigIntegerField(null=True)
    arrived_from = models.CharField(max_length=64, blank=True)

    class Meta:
        db_table = "address"


class FormVersion(models.Model):
    """A published form: never changed, never removed while a record was made with it."""

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=64)
    version = models.IntegerField()
    definition = models.JSONField()
    published_ms = models.BigIntegerField()

    class Meta:
        db_table = "form_version"
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="one_form_version")]


class Retention(models.Model):
    """A form whose registrations are kept for a period of their own; the organisation's holds for all others."""

    name = models.CharField(max_length=64, primary_key=True)
    days = models.IntegerField()

    class Meta:
        db_table = "retention"
        constraints = [
            models.CheckConstraint(condition=models.Q(days__gte=1, days__lte=366), name="retention_in_range")
        ]


class DeletedDay(models.Model):
    """A day that is deleted: decided, its keys destroyed, its rows gone. What stays is this line and the counts.

    `name` is the day's in the key folder. The edge empties its submissions once `destroyed_ms` stands here.
    """

    name = models.CharField(max_length=21, primary_key=True)
    decided_ms = models.BigIntegerField()
    destroyed_ms = models.BigIntegerField(null=True)
    finished_ms = models.BigIntegerField(null=True)
    records = models.BigIntegerField(default=0)

    class Meta:
        db_table = "deleted_day"


class ClockReading(models.Model):
    """The newest time the jobs have seen, and since when they doubt the clock (domain.clock)."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    at_ms = models.BigIntegerField()
    doubted_ms = models.BigIntegerField(null=True)
    seen_ms = models.BigIntegerField(null=True)

    class Meta:
        db_table = "clock_reading"


class FormDraft(models.Model):
    """A form that is being made or changed: one a name, in the shape of `dump_form`.

    `revision` grows with every save, so that two people at once do not overwrite each other. `base_version` is the
    published version it began from, 0 if none; `staff` whoever saved it last.
    """

    id = models.UUIDField(primary_key=True)
    name = models.CharField(max_length=64, unique=True)
    definition = models.JSONField()
    revision = models.IntegerField(default=1)
    base_version = models.IntegerField(default=0)
    updated_ms = models.BigIntegerField()
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, db_index=False)

    class Meta:
        db_table = "form_draft"


class FormPicture(models.Model):
    """A picture of a form's label or choice, called by what is in it (domain.form_pictures)."""

    name = models.CharField(max_length=40, primary_key=True)
    data = models.BinaryField()
    kept_ms = models.BigIntegerField(default=0)
    """When it came last."""

    class Meta:
        db_table = "form_picture"


class Site(models.Model):
    """A place with a poster. Its county never changes; its code is what the poster shows."""

    id = models.UUIDField(primary_key=True)
    code = models.CharField(max_length=8, unique=True)
    name = models.CharField(max_length=200)
    area = models.CharField(max_length=40, blank=True, db_index=True)
    area_name = models.CharField(max_length=200, blank=True)
    county = models.CharField(max_length=6, blank=True)
    state = models.CharField(
        max_length=8, default=SiteState.OPEN, choices=[(state.value, state.name) for state in SiteState]
    )
    poster_printed_ms = models.BigIntegerField(null=True)
    poster_address = models.CharField(max_length=300, blank=True)
    created_ms = models.BigIntegerField()

    class Meta:
        db_table = "site"


class SiteForm(models.Model):
    """A form that a site carries, in its newest version, and when it is open there (domain.sites.Hours)."""

    id = models.UUIDField(primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="forms", db_index=False)
    name = models.CharField(max_length=64, db_index=True)
    position = models.SmallIntegerField()
    state = models.CharField(
        max_length=8, default=SiteState.OPEN, choices=[(state.value, state.name) for state in SiteState]
    )
    opens_ms = models.BigIntegerField(null=True)
    closes_ms = models.BigIntegerField(null=True)
    word = models.JSONField(default=dict)

    class Meta:
        db_table = "site_form"
        ordering = ("position", "id")
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="one_site_form"),
            models.CheckConstraint(
                condition=models.Q(opens_ms__isnull=True)
                | models.Q(closes_ms__isnull=True)
                | models.Q(closes_ms__gt=models.F("opens_ms")),
                name="site_form_closes_after_it_opens",
            ),
        ]


class DataKey(models.Model):
    """An IntakeKey, projected, so that staff's side opens records without the edge's file."""

    id = models.UUIDField(primary_key=True)
    day = models.CharField(max_length=21, db_index=True)
    sealed = models.BinaryField()

    class Meta:
        db_table = "data_key"


class Record(models.Model):
    """A registration as staff see it: open facts in plain columns, its newest revision by reference.

    `origin` is the code of the newest place of the itinerary; `day` names the key file that opens it.
    """

    id = models.UUIDField(primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, db_index=False)
    county = models.CharField(max_length=6)
    number = models.CharField(max_length=8, db_index=True)
    form = models.ForeignKey(FormVersion, on_delete=models.PROTECT, db_index=False)
    state = models.SmallIntegerField(choices=RecordState.choices)
    source = models.SmallIntegerField(choices=Source.choices)
    registered_ms = models.BigIntegerField()
    changed_ms = models.BigIntegerField()
    day = models.CharField(max_length=21)
    origin = models.CharField(max_length=12, blank=True)
    origin_province = models.CharField(max_length=2, blank=True)
    origin_city = models.CharField(max_length=4, blank=True)
    temperature = models.FloatField(null=True)
    has_symptoms = models.BooleanField(default=False)
    is_marked = models.BooleanField(default=False)
    companions = models.IntegerField(default=0)
    latest = models.UUIDField()

    class Meta:
        db_table = "record"
        indexes = [
            models.Index(fields=["-registered_ms", "-id"], name="record_by_time"),
            models.Index(fields=["site", "-registered_ms", "-id"], name="record_by_site"),
            models.Index(fields=["origin_province", "-registered_ms", "-id"], name="record_by_province"),
            models.Index(fields=["origin_city", "-registered_ms", "-id"], name="record_by_city"),
            models.Index(fields=["origin"], name="record_by_origin"),
            models.Index(fields=["state", "-registered_ms", "-id"], name="record_by_state"),
            models.Index(fields=["form", "-registered_ms", "-id"], name="record_by_form"),
            models.Index(fields=["changed_ms", "id"], name="record_by_change"),
            models.Index(
                fields=["-registered_ms", "-id"],
                condition=models.Q(has_symptoms=True),
                name="record_with_symptoms",
            ),
            models.Index(
                fields=["-registered_ms", "-id"], condition=models.Q(is_marked=True), name="record_marked"
            ),
            models.Index(fields=["day"], name="record_by_day"),
        ]


class Revision(models.Model):
    """One state of a record: the first, or a correction by the registrant or by staff. Append-only."""

    id = models.UUIDField(primary_key=True)
    record = models.ForeignKey(Record, on_delete=models.CASCADE)
    county = models.CharField(max_length=6)
    revision = models.IntegerField()
    kind = models.SmallIntegerField(choices=[(kind.value, kind.name) for kind in RevisionKind])
    at_ms = models.BigIntegerField()
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, db_index=False)
    data_key = models.ForeignKey(DataKey, on_delete=models.PROTECT, db_index=False)
    sealed_key = models.BinaryField()
    sealed = models.BinaryField()
    facts = models.TextField()

    class Meta:
        db_table = "revision"


class Leg(models.Model):
    """An itinerary leg of the newest revision, its open facts: for screening and tracing without names."""

    id = models.BigAutoField(primary_key=True)
    record = models.ForeignKey(Record, on_delete=models.CASCADE)
    county = models.CharField(max_length=6)
    position = models.SmallIntegerField()
    place = models.CharField(max_length=12, blank=True)
    arrived_on = models.CharField(max_length=10, blank=True)
    left_on = models.CharField(max_length=10, blank=True)
    transport = models.CharField(max_length=32, blank=True)
    transport_number = models.CharField(max_length=40, blank=True)

    class Meta:
        db_table = "leg"
        indexes = [models.Index(fields=["place", "arrived_on"], name="leg_by_place")]


class Fact(models.Model):
    """An open answer of the newest revision that the line list filters by: a choice, a day or a number.

    `question` is the form's name and the question's path ("visit:gate.purpose").
    """

    id = models.BigAutoField(primary_key=True)
    record = models.ForeignKey(Record, on_delete=models.CASCADE)
    county = models.CharField(max_length=6)
    question = models.CharField(max_length=200)
    value = models.CharField(max_length=64, blank=True)
    number = models.FloatField(null=True)

    class Meta:
        db_table = "fact"
        indexes = [
            models.Index(fields=["question", "value", "record"], name="fact_by_value"),
            models.Index(
                fields=["question", "number", "record"],
                condition=models.Q(number__isnull=False),
                name="fact_by_number",
            ),
        ]


class HourCount(models.Model):
    """Arrivals by site, hour and place of origin (city, four digits); moves with the projection."""

    id = models.BigAutoField(primary_key=True)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, db_index=False)
    hour_ms = models.BigIntegerField(db_index=True)
    origin = models.CharField(max_length=4, blank=True)
    count = models.IntegerField()

    class Meta:
        db_table = "hour_count"
        constraints = [models.UniqueConstraint(fields=["site", "hour_ms", "origin"], name="one_hour_count")]


class Cursor(models.Model):
    """How far a follower of submissions has come."""

    name = models.CharField(primary_key=True, max_length=32)
    seq = models.BigIntegerField(default=0)

    class Meta:
        db_table = "cursor"


class Act(models.Model):
    """Something staff did or were refused, written in the act's own transaction. Holds no identity."""

    id = models.BigAutoField(primary_key=True)
    at_ms = models.BigIntegerField(db_index=True)
    staff = models.ForeignKey(Staff, null=True, on_delete=models.PROTECT, db_index=False)
    verb = models.CharField(max_length=32)
    subject = models.CharField(max_length=64, blank=True)
    detail = models.JSONField(default=dict)

    class Meta:
        db_table = "act"


class Export(models.Model):
    """A table that is being taken home: what was asked, by whom, and how far it is."""

    id = models.UUIDField(primary_key=True)
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT)
    asked_ms = models.BigIntegerField()
    question = models.JSONField()
    rows_total = models.BigIntegerField(default=0)
    rows_done = models.BigIntegerField(default=0)
    finished_ms = models.BigIntegerField(null=True)
    problem = models.CharField(max_length=32, blank=True)

    class Meta:
        db_table = "export"
