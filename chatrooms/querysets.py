"""Every read of rooms."""

from collections.abc import Iterable
from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    JSONField,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, JSONObject, Left

from common.functions import ISOTime, KeyText
from common.querysets import GONE, SearchQuerySet, SoftDeleteQuerySet

PREVIEW_LENGTH = 200
NOBODY = {"id": None, "name": "Deleted user", "username": None, "image": ""}


def person_as_shown() -> JSONObject:
    """The `user` of a row as readers see them; who is deleted or purged has no key and no name.

    Deactivated people keep theirs.
    """
    known = Q(user__isnull=False, user__deleted_at=None)

    def shown(column: str, key: str) -> Case:
        return Case(When(known, then=F(column)), default=Value(NOBODY[key]))

    return JSONObject(
        id=Case(When(known, then=KeyText("user"))),
        name=shown("user__name", "name"),
        username=shown("user__username", "username"),
        image=shown("user__image", "image"),
    )


class RoomQuerySet(SoftDeleteQuerySet):
    """Rooms."""

    def visible_to(self, user: Any) -> Self:
        """Live rooms that the person is in."""
        return self._having(_members().filter(user=user))

    def open_to(self, user: Any) -> Self:
        """The same, unless the person has been deleted since they were let in."""
        return self._having(_members().of_live_people().filter(user=user))

    def _having(self, places: Any) -> Self:
        """Live rooms in which one of these memberships is."""
        return self.alive().filter(Exists(places.filter(room=OuterRef("pk"))))

    def administered_by(self, user: Any) -> Self:
        """Those that the person may run: groups as an admin, direct rooms as either of the two."""
        return self.visible_to(user).filter(_run_by(user))

    def in_trash_of(self, user: Any) -> Self:
        """Deleted rooms that the person may bring back."""
        return self.deleted_of_member(user).filter(_run_by(user))

    def deleted_of_member(self, user: Any) -> Self:
        """Deleted rooms that the person is in, in whatever role."""
        return self.deleted().of_member(user)

    def of_member(self, user: Any) -> Self:
        """Rooms that the person is in, found by the memberships, for whoever wants all of them."""
        return self.filter(pk__in=_members().filter(user=user).values("room"))

    def of_type(self, type: str | None) -> Self:
        return self.filter(type=type) if type else self

    def revisions(self, keys: Iterable[UUID]) -> dict[UUID, tuple[int, int]]:
        """How far these have come, and up to where their past is not whole, by key."""
        rows = self.filter(pk__in=keys).values_list("pk", "last_revision", "purged_revision")
        return {key: (latest, purged) for key, latest, purged in rows}

    def deserted(self) -> Self:
        """Those in which everybody is deleted, and those that everybody has left."""
        return self.filter(~Exists(_members().of_live_people().filter(room=OuterRef("pk"))))

    def leaderless(self) -> Self:
        """Those without an admin who can log in."""
        return self.filter(~Exists(_members().acting_admins().filter(room=OuterRef("pk"))))

    def with_heir(self) -> Self:
        """With `heir`, the membership of who should lead next."""
        heir = _members().filter(room=OuterRef("pk")).next_in_line().values("pk")[:1]
        return self.annotate(heir=Subquery(heir))

    def forsaken_but_by(self, people: Any) -> Self:
        """Direct rooms in which nobody is left but, if anybody, some of these people."""
        others = _members().filter(~Q(user__in=people.order_by().values("pk")), room=OuterRef("pk"))
        return self.filter(~Exists(others), type="direct")

    def claim(self) -> int:
        # A pair that wants to talk again gets another room meanwhile.
        return self.update(deleted_at=GONE, type="group", name="Purged", direct_key=None)

    def gone_with(self, person: Any) -> Self:
        """Those that went into the trash in the instant in which this deleted member did."""
        return self.deleted_of_member(person).filter(deleted_at=person.deleted_at)

    def with_place_of(self, user: Any) -> Self:
        """With `role` and `last_read_seq`, the person's own, in the rooms where they have a place."""
        # One membership at most, so that the join multiplies nothing. An inner one: a list then begins with
        # the memberships, and a single room with the room.
        place = FilteredRelation("members", condition=Q(members__user=user))
        seated = self.annotate(place=place).filter(place__isnull=False)
        return seated.annotate(role=F("place__role"), last_read_seq=F("place__last_read_seq"))

    def with_seat_of(self, user: Any) -> Self:
        """With `seat`, the key of the person's membership."""
        return self.with_place_of(user).annotate(seat=F("place__pk"))

    def with_unread_count(self, user: Any) -> Self:
        """With `unread_count`, what others have said since the person's marker; wants `with_place_of`."""
        unread = (
            _messages()
            .alive()
            .filter(room=OuterRef("pk"), seq__gt=OuterRef("last_read_seq"))
            .not_by(user)
            .order_by()
            .values("room")
            .annotate(count=Count("*"))
        )
        return self.annotate(unread_count=Coalesce(Subquery(unread.values("count")), 0))

    def with_member_count(self) -> Self:
        """With `member_count`, the members who are not deleted."""
        members = (
            _members()
            .of_live_people()
            .filter(room=OuterRef("pk"))
            .order_by()
            .values("room")
            .annotate(count=Count("*"))
        )
        return self.annotate(member_count=Coalesce(Subquery(members.values("count")), 0))

    def with_last_message(self) -> Self:
        """With `last_message`: what a list shows of the latest live one, or null."""
        preview = JSONObject(
            id=KeyText("pk"),
            seq="seq",
            type="type",
            content=Left("content", PREVIEW_LENGTH),
            user=person_as_shown(),
            created_at=ISOTime("created_at"),
        )
        last = (
            _messages()
            .alive()
            .filter(room=OuterRef("pk"))
            .order_by("-seq")
            .annotate(preview=preview)
            .values("preview")[:1]
        )
        return self.annotate(last_message=Subquery(last))

    def with_other(self, user: Any) -> Self:
        """With `other`, the person opposite in a direct room as shown to this one; null for groups."""
        opposite = (
            _members()
            .filter(room=OuterRef("pk"))
            .exclude(user=user)
            .annotate(person=person_as_shown())
            .values("person")[:1]
        )
        # A purged person has left no membership behind.
        shown = Coalesce(Subquery(opposite), Value(NOBODY, JSONField()))
        return self.annotate(
            other=Case(When(type="direct", then=shown), default=None, output_field=JSONField())
        )


class RoomMemberQuerySet(SearchQuerySet):
    """Memberships in rooms."""

    def visible_to(self, user: Any) -> Self:
        """Members of the person's rooms; a deleted person is not listed."""
        return self.of_live_people().filter(Exists(_rooms().visible_to(user).filter(pk=OuterRef("room"))))

    def in_room(self, key: UUID) -> Self:
        """The members of one room, the longest-standing first."""
        return self.filter(room=key).select_related("user").order_by("joined_at", "pk")

    def of_live_people(self) -> Self:
        return self.filter(user__deleted_at=None)

    def people(self) -> set[UUID]:
        """The keys of the members, deleted people included."""
        return set(self.values_list("user_id", flat=True))

    def taken(self, keys: Iterable[UUID]) -> set[UUID]:
        """Which of these memberships there still are, of live people in live rooms."""
        seats = self.of_live_people().filter(pk__in=keys, room__deleted_at=None)
        return set(seats.values_list("pk", flat=True))

    def administered_by(self, user: Any) -> Self:
        """The person's own places as an admin."""
        return self.filter(user=user, role="admin")

    def acting_admins(self) -> Self:
        """Admins who can log in."""
        return self.of_live_people().filter(role="admin", user__is_active=True)

    def next_in_line(self) -> Self:
        """Who should lead: the longest-standing of those who can log in, the others after them."""
        return self.of_live_people().order_by("-user__is_active", "joined_at", "pk")

    def behind(self, seq: int) -> Self:
        """Members who have not read up to a number that has been given."""
        rooms = _rooms().filter(pk=OuterRef("room"), last_seq__gte=seq)
        return self.filter(Exists(rooms), last_read_seq__lt=seq)


class RoomMessageQuerySet(SoftDeleteQuerySet):
    """Messages of rooms."""

    def visible_to(self, user: Any) -> Self:
        """Live messages of the person's live rooms."""
        return self.told_to(user).alive()

    def told_to(self, user: Any) -> Self:
        """Messages of the person's live rooms, the deleted ones too: that they have gone is told."""
        # Asked of the one room: SQLite would list all rooms of the person for each window of `room__in`.
        return self.filter(Exists(_rooms().visible_to(user).filter(pk=OuterRef("room"))))

    def in_room(self, key: UUID) -> Self:
        return self.filter(room=key)

    def changed_after(self, revision: int) -> Self:
        """Those posted, edited or deleted since, in the order in which it happened."""
        return self.filter(revision__gt=revision).order_by("revision")

    def written_by(self, user: Any) -> Self:
        """Those that the person may edit."""
        return self.filter(user=user)

    def deletable_by(self, user: Any) -> Self:
        """Those that the person may delete: their own, and all in groups that they administer."""
        return self.filter(
            Q(user=user) | Exists(_members().administered_by(user).filter(room=OuterRef("room")))
        )

    def not_by(self, user: Any) -> Self:
        """What others have said, people who are purged included."""
        return self.filter(~Q(user=user))

    def with_author(self) -> Self:
        """With `author`, the person who said it; none once they are deleted or purged."""
        present = FilteredRelation("user", condition=Q(user__deleted_at=None))
        return self.annotate(author=present).select_related("author")

    def with_room_revision(self) -> Self:
        """With `room_revision`, how far the room had come when this was read."""
        return self.annotate(room_revision=F("room__last_revision"))

    def with_purged_revision(self) -> Self:
        """With `purged_revision`, up to where the room's past was not whole when this was read."""
        return self.annotate(purged_revision=F("room__purged_revision"))


def _run_by(user: Any) -> Q:
    return Q(type="direct") | Q(Exists(_members().administered_by(user).filter(room=OuterRef("pk"))))


# By name: the models import this module.
def _rooms() -> RoomQuerySet:
    return apps.get_model("chatrooms", "Room").objects.all()


def _members() -> RoomMemberQuerySet:
    return apps.get_model("chatrooms", "RoomMember").objects.all()


def _messages() -> RoomMessageQuerySet:
    return apps.get_model("chatrooms", "RoomMessage").objects.all()
