"""Rooms, the people in them and what they say."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Right
from django.db.models.lookups import LessThan

from chatrooms.querysets import RoomMemberQuerySet, RoomMessageQuerySet, RoomQuerySet
from common.constraints import Check, has_only, is_one_of, is_web_address, length_between
from common.functions import CodePointOrder
from common.models import BaseModel, SoftDeleteModel, by_deleter

KEY_LENGTH = 36
PAIR_LENGTH = 2 * KEY_LENGTH + 1


def pair_key(one: UUID, other: UUID) -> str:
    """The name of two people's direct room, the same from either side."""
    return ":".join(sorted((str(one), str(other))))


class RoomType(models.TextChoices):
    """For two people, or for any number."""

    DIRECT = "direct"
    GROUP = "group"


class Room(SoftDeleteModel):
    """A place where people talk: a group under a name, or two people by themselves."""

    name = models.CharField(max_length=100, blank=True, default="", db_default="")
    type = models.CharField(max_length=10, choices=RoomType)
    # Its index lets go of a purged person, and leads the studio from a person to their rooms.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="rooms_created",
    )
    direct_key = models.CharField(
        max_length=PAIR_LENGTH,
        null=True,
        blank=True,
        default=None,
        editable=False,
        help_text="The two people of a direct room, the smaller key first.",
    )
    last_seq = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="The number of the latest message."
    )
    last_revision = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="The number of the latest post, edit or deletion."
    )
    purged_revision = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="What happened up to this number is not all there."
    )

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering = ("-updated_at", "-id")
        constraints = [
            # Also what finds the room of a pair.
            models.UniqueConstraint(fields=["direct_key"], name="direct_room_once_per_pair"),
            is_one_of("type", RoomType.values, name="room_type"),
            length_between("name", 0, 100, name="room_name_length"),
            Check(
                condition=(Q(type=RoomType.GROUP) & ~Q(name="")) | (Q(type=RoomType.DIRECT) & Q(name="")),
                name="room_name_belongs_to_group",
                field="name",
                message="A group has a name, and a direct room has none.",
            ),
            Check(
                condition=Q(type=RoomType.GROUP, direct_key__isnull=True)
                | Q(type=RoomType.DIRECT, direct_key__isnull=False),
                name="room_pair_belongs_to_direct",
                message="A direct room is of two people, and a group has no pair.",
            ),
            length_between("direct_key", PAIR_LENGTH, PAIR_LENGTH, name="room_pair_length"),
            has_only("direct_key", "0-9a-f:-", name="room_pair_characters"),
            # One spelling for each pair, and nobody is a pair with themselves: the whole begins with the
            # first key, so it comes before the second key alone only if the first does.
            Check(
                condition=Q(
                    LessThan(CodePointOrder("direct_key"), CodePointOrder(Right("direct_key", KEY_LENGTH)))
                ),
                name="room_pair_smaller_key_first",
                message="A pair is two people, the smaller key first.",
            ),
            # A post moves both counters, an edit or a deletion the revision alone.
            Check(
                condition=Q(last_revision__gte=F("last_seq")),
                name="room_revision_covers_posts",
                message="Every post takes a revision too.",
            ),
            Check(
                condition=Q(purged_revision__lte=F("last_revision")),
                name="room_purged_revision_happened",
                message="Only what has happened can be purged.",
            ),
        ]
        indexes = [
            # The studio's list of rooms, and the rooms active of late. A person's own rooms are found
            # by their memberships, in whatever order they are wanted.
            models.Index(fields=["updated_at", "id"], name="room_all_by_update"),
            by_deleter("room_by_deleter"),
        ]

    def __str__(self) -> str:
        # The end of the key: its beginning is the time, which rooms of one moment share.
        return self.name or f"Direct room {str(self.id)[-12:]}"


class RoomRole(models.TextChoices):
    """What a person may do in a group; in a direct room both are members."""

    ADMIN = "admin"
    MEMBER = "member"


class RoomMember(BaseModel):
    """A person's place in a room, with how far they have read."""

    room = models.ForeignKey(Room, on_delete=models.DB_CASCADE, related_name="members", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_CASCADE,
        related_name="room_memberships",
        db_index=False,
    )
    role = models.CharField(
        max_length=10, choices=RoomRole, default=RoomRole.MEMBER, db_default=RoomRole.MEMBER
    )
    joined_at = models.DateTimeField(db_default=Now(), editable=False)
    last_read_seq = models.PositiveBigIntegerField(
        default=0, db_default=0, editable=False, help_text="The number of the latest message read."
    )

    objects = RoomMemberQuerySet.as_manager()

    class Meta:
        ordering = ("joined_at", "id")
        constraints = [
            # Also what finds one person's place in a room.
            models.UniqueConstraint(fields=["room", "user"], name="room_member_once"),
            is_one_of("role", RoomRole.values, name="room_member_role"),
        ]
        indexes = [
            # The rooms of a person; the cascade when a person is purged. The newest first: a list mostly
            # begins with them, and SQLite looks no further at those that come later and are not on its page.
            models.Index(fields=["user", "-room"], name="room_member_newest_by_user"),
            # The members of a room, the longest-standing first; the cascade when a room is purged.
            models.Index(fields=["room", "joined_at", "id"], name="room_member_by_room"),
            # The studio's list of memberships.
            models.Index(fields=["joined_at", "id"], name="room_member_all_by_joining"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.room}"


class RoomMessageType(models.TextChoices):
    """What a message holds: words, or the address of a picture or file."""

    TEXT = "text"
    IMAGE = "image"
    FILE = "file"


class RoomMessage(SoftDeleteModel):
    """What somebody said in a room, under the next number there."""

    room = models.ForeignKey(Room, on_delete=models.DB_CASCADE, related_name="messages", db_index=False)
    # Null once the person is purged; what they said stays.
    # Its index lets go of a purged person, and leads the studio from a person to what they said.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DB_SET_NULL,
        related_name="room_messages",
    )
    seq = models.PositiveBigIntegerField(editable=False)
    revision = models.PositiveBigIntegerField(
        editable=False, help_text="The room's revision when this message was posted, last edited or deleted."
    )
    type = models.CharField(
        max_length=10,
        choices=RoomMessageType,
        default=RoomMessageType.TEXT,
        db_default=RoomMessageType.TEXT,
    )
    content = models.TextField(max_length=10_000)
    reply_to = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        default=None,
        on_delete=models.DB_SET_NULL,
        related_name="replies",
        db_index=False,
    )
    edited_at = models.DateTimeField(null=True, blank=True, editable=False)

    # Where the row is read `with_author`.
    author: Any

    objects = RoomMessageQuerySet.as_manager()

    class Meta:
        ordering = ("room_id", "seq")
        constraints = [
            # Also the cascade when a room is purged.
            models.UniqueConstraint(fields=["room", "seq"], name="room_message_seq_once"),
            # Also what happened in a room after a revision, in order.
            models.UniqueConstraint(fields=["room", "revision"], name="room_message_revision_once"),
            Check(condition=Q(seq__gte=1), name="room_message_seq_positive", message="Numbers begin with 1."),
            Check(
                condition=Q(revision__gte=F("seq")),
                name="room_message_revision_covers_seq",
                message="Every post takes a revision too.",
            ),
            is_one_of("type", RoomMessageType.values, name="room_message_type"),
            length_between("content", 1, 10_000, name="room_message_content_length"),
            Check(
                condition=Q(type=RoomMessageType.TEXT) | is_web_address("content"),
                name="room_message_address_unless_text",
                field="content",
                message="A picture or file is an http or https address.",
            ),
        ]
        indexes = [
            # The history of a room and its last message; with the author also what is unread.
            models.Index(
                fields=["room", "seq", "user"],
                name="room_message_live_by_room",
                condition=Q(deleted_at=None),
            ),
            # The replies to a message, of which few have any: when it is purged, and in the studio.
            models.Index(
                fields=["reply_to"], name="room_message_by_reply", condition=Q(reply_to__isnull=False)
            ),
            by_deleter("room_message_by_deleter"),
            # The studio's trash: few rows among very many, the latest key first.
            models.Index(fields=["id"], name="room_message_in_trash", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.seq}"
