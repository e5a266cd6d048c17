"""Who asks for what: a person in the middle, with all that an answer must get right; printed as JSON.

The person in the middle by how much they have in threads; of theirs the thread and the room that are just
longer than a window. Among the rows are then deleted ones, an author who is gone, a reply, an edit, parts and
a category.
"""

import json

import django

django.setup()

from django.db import transaction  # noqa: E402
from django.db.models import OuterRef, Subquery, Sum  # noqa: E402
from django.utils import timezone  # noqa: E402

from accounts.models import User  # noqa: E402
from accounts.services import create_api_token  # noqa: E402
from chatrooms.models import Room, RoomMessage  # noqa: E402
from materials.models import Material  # noqa: E402
from media_summaries.models import Category, VideoSummary, VideoSummaryCategory  # noqa: E402
from threads.models import Message, Thread  # noqa: E402

LONGER_THAN_A_WINDOW = {"last_seq__gt": 60}


def person_in_the_middle() -> User:
    """Of those with a long thread and a long room, by how much is in their threads."""
    own = Thread.objects.filter(user=OuterRef("pk")).order_by().values("user")
    people = (
        User.objects.filter(
            pk__in=Thread.objects.filter(**LONGER_THAN_A_WINDOW).values("user"),
            room_memberships__room__in=Room.objects.filter(**LONGER_THAN_A_WINDOW),
        )
        .distinct()
        .annotate(said=Subquery(own.annotate(sum=Sum("last_seq")).values("sum")))
        .order_by("said", "pk")
    )
    return people[people.count() // 2]


@transaction.atomic
def make_cases(reader: User) -> dict[str, str]:
    """Make the cases, and tell the keys that are asked for and the token that asks."""
    gone = {"deleted_at": timezone.now()}
    thread = Thread.objects.filter(user=reader, **LONGER_THAN_A_WINDOW).order_by("last_seq", "pk")[0]
    room = Room.objects.filter(members__user=reader, **LONGER_THAN_A_WINDOW).order_by("last_seq", "pk")[0]

    taken_back, of_nobody, reply, answered = RoomMessage.objects.filter(room=room).order_by("-seq")[1:5]
    RoomMessage.objects.filter(pk=taken_back.pk).update(**gone)
    RoomMessage.objects.filter(pk=of_nobody.pk).update(user=None)
    RoomMessage.objects.filter(pk=reply.pk).update(reply_to=answered, edited_at=timezone.now())

    dropped, structured = Message.objects.filter(thread=thread).order_by("-seq")[1:3]
    Message.objects.filter(pk=dropped.pk).update(**gone)
    Message.objects.filter(pk=structured.pk).update(
        parts=[{"type": "text", "text": "Ebb"}], metadata={"a": 1.5}
    )
    Thread.objects.filter(pk=thread.pk).update(material=Material.objects.alive().filter(user=reader)[0])
    Thread.objects.filter(pk=Thread.objects.filter(user=reader).exclude(pk=thread.pk)[0].pk).update(**gone)

    binned, categorised = VideoSummary.objects.filter(user=reader).order_by("-created_at")[:2]
    VideoSummary.objects.filter(pk=binned.pk).update(**gone)
    VideoSummaryCategory.objects.create(video_summary=categorised, category=Category.objects.all()[0])

    _, token = create_api_token(person=reader, name="benchmark", expires_in_days=1)
    return {
        "token": token,
        "thread": str(thread.pk),
        "room": str(room.pk),
        "foreign_thread": str(Thread.objects.exclude(user=reader)[0].pk),
        "foreign_room": str(Room.objects.exclude(members__user=reader)[0].pk),
    }


if __name__ == "__main__":
    print(json.dumps(make_cases(person_in_the_middle())))
