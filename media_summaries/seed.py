"""The lectures that the demo people have had summarised."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db.models.functions import Now

from accounts.seed import person
from common.seeding import Made, Volume, moment, stable_id
from media_summaries import services
from media_summaries.models import Keyframe, ProcessingStatus, Tag, VideoSummary, VideoSummaryTag
from media_summaries.vocabulary import name_key


@dataclass(frozen=True)
class Lecture:
    """A public lecture; without a summary it still waits for its worker."""

    owner: str
    youtube_id: str
    title: str
    channel: str
    seconds: int
    tags: tuple[str, ...]
    categories: tuple[str, ...]
    summary: str = ""
    key_points: tuple[str, ...] = ()
    # Second and what is to be seen.
    keyframes: tuple[tuple[int, str], ...] = field(default=())


LECTURES = (
    Lecture(
        "ada",
        "fNk_zzaMoSs",
        "Vectors | Chapter 1, Essence of linear algebra",
        "3Blue1Brown",
        592,
        ("vectors", "geometry", "exam"),
        ("Mathematics",),
        "Three ways to think of a vector: an arrow in space, a list of numbers, anything that can be added and "
        "scaled. The chapter links the first two: coordinates are instructions for walking along the axes, adding "
        "vectors is walking one after the other, and scaling stretches, squishes or turns around.",
        (
            "A vector in the plane is an arrow from the origin.",
            "Coordinates say how far to go along each axis.",
            "Addition is tip to tail; scaling multiplies every coordinate.",
        ),
        ((105, "Arrow and list of numbers side by side"), (300, "Adding two vectors tip to tail")),
    ),
    Lecture(
        "ada",
        "J7DzL2_Na80",
        "1. The Geometry of Linear Equations",
        "MIT OpenCourseWare",
        2389,
        ("matrices", "Geometry", "18.06"),
        ("Mathematics", "University course"),
        "The same system of equations seen in two ways. By rows, each equation is a line or plane and the solution "
        "is where all of them meet. By columns, the right-hand side is a combination of the columns, and solving "
        "means finding how much of each to take. The column picture leads the whole course.",
        (
            "Row picture: lines and planes that meet.",
            "Column picture: a combination of columns.",
            "Can every right-hand side be reached? That depends on the columns.",
        ),
        ((210, "Row picture of two equations"), (640, "Column picture of the same system")),
    ),
    Lecture(
        "ben",
        "GtOt7EBNEwQ",
        "8.01x - Lect 1 - Powers of 10, Units, Dimensions, Uncertainties, Scaling Arguments",
        "Lectures by Walter Lewin",
        2262,
        ("units", "measurement"),
        ("Physics", "University course"),
        "A measurement without its uncertainty means nothing. Lewin measures a student standing and lying down to "
        "show it, then uses dimensions alone to find how long an apple takes to fall, and checks the guess with a "
        "ruler and a clock.",
        (
            "State every measurement with its uncertainty.",
            "Dimensional analysis gives the form of a law, not its constant.",
            "The time of fall goes with the square root of the height.",
        ),
        ((620, "Measuring a student lying down"), (1810, "Two heights, two times of fall")),
    ),
    Lecture(
        "chen",
        "lTTvKwCylFY",
        "The French Revolution: Crash Course World History #29",
        "CrashCourse",
        713,
        ("1789", "revolution", "exam"),
        ("History",),
    ),
)


def seed() -> None:
    """Add the lectures where they are missing."""
    for lecture in LECTURES:
        key = stable_id(f"video:{lecture.youtube_id}")
        if VideoSummary.objects.filter(pk=key).exists():
            continue
        owner = person(lecture.owner)
        services.create_video_summary(
            owner=owner,
            id=key,
            youtube_url=f"https://www.youtube.com/watch?v={lecture.youtube_id}",
            title=lecture.title,
            channel_name=lecture.channel,
            duration=lecture.seconds,
            thumbnail_url=f"https://i.ytimg.com/vi/{lecture.youtube_id}/hqdefault.jpg",
            tag_names=list(lecture.tags),
            category_names=list(lecture.categories),
        )
        if lecture.summary:
            _complete(key, lecture)


def _complete(key: Any, lecture: Lecture) -> None:
    """What a worker would have written."""
    VideoSummary.objects.filter(pk=key).update(
        summary=lecture.summary,
        ai_generated_content={"key_points": list(lecture.key_points)},
        processing_status=ProcessingStatus.COMPLETED,
        progress=100,
        attempts=1,
        completed_at=Now(),
    )
    Keyframe.objects.bulk_create(
        Keyframe(
            id=stable_id(f"keyframe:{lecture.youtube_id}:{second}"),
            video_summary_id=key,
            timestamp=second,
            image_url=f"https://i.ytimg.com/vi/{lecture.youtube_id}/{number}.jpg",
            description=description,
        )
        for number, (second, description) in enumerate(lecture.keyframes, 1)
    )


_VOLUME_TAGS = ("algebra", "optics", "biology", "essay", "programming", "statistics", "music", "ecology")
_STATUSES = ("pending", "completed", "completed", "failed")


def volume(made: Made, scale: float, world: dict[str, Any]) -> Iterator[Volume]:
    """20,000 videos with two tags each at scale 1."""
    there = {tag.name_key: tag.pk.hex for tag in Tag.objects.named(*_VOLUME_TAGS)}
    fresh = [(made.key(), name) for name in _VOLUME_TAGS if name_key(name) not in there]
    rows = ((key, name, name_key(name), *[moment(0)] * 2) for key, name in fresh)
    yield Volume(Tag, ("id", "name", "name_key", "created_at", "updated_at"), rows, len(fresh))
    tags = [*there.values(), *(key for key, _ in fresh)]

    people, count = world["people"], max(1, round(20_000 * scale))
    keys = [made.key() for _ in range(count)]
    videos = (
        (
            key,
            people[n % len(people)],
            f"https://youtu.be/{n:011x}",
            f"{n:011x}",
            f"Lecture {n}",
            60 + n % 7200,
            made.text(n),
            (status := _STATUSES[n % 4]),
            moment(n) if status == "completed" else None,
            *[moment(n)] * 2,
        )
        for n, key in enumerate(keys)
    )
    columns = (
        *("id", "user_id", "youtube_url", "youtube_id", "title", "duration", "summary"),
        *("processing_status", "completed_at", "created_at", "updated_at"),
    )
    yield Volume(VideoSummary, columns, videos, count)
    pairs = (
        (made.key(), key, tags[(n + step) % len(tags)], *[moment(n)] * 2)
        for n, key in enumerate(keys)
        for step in (0, 1 + n % 3)
    )
    pair = ("id", "video_summary_id", "tag_id", "created_at", "updated_at")
    yield Volume(VideoSummaryTag, pair, pairs, 2 * count)
