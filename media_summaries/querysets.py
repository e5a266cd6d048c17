"""Every read of video summaries, their keyframes and the shared vocabulary."""

from typing import Any, Self
from uuid import UUID

from django.apps import apps
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Now

from accounts.models import User
from common.functions import HasKey, JSONTexts, code_point_order
from common.querysets import SearchQuerySet, SoftDeleteQuerySet
from media_summaries.vocabulary import name_key


class LabelQuerySet(SearchQuerySet):
    """Tags or categories."""

    def visible_to(self, user: Any) -> Self:
        """The whole vocabulary: it belongs to all who are logged in."""
        return self.all()

    def named(self, *names: str) -> Self:
        """Those with one of these names, however spelled."""
        return self.filter(name_key__in=[name_key(name) for name in names])

    def with_count_of(self, user: Any) -> Self:
        """With `count`, the person's own live videos of each."""
        label: Any = self.model
        own = _named("VideoSummary").visible_to(user).filter(**{label.on_videos: OuterRef("pk")})
        return self.annotate(count=_number_of(own, by=label.on_videos))


class VideoSummaryQuerySet(SoftDeleteQuerySet):
    """Video summaries."""

    def visible_to(self, user: Any) -> Self:
        """One's own live videos."""
        return self.alive().filter(user=user)

    def in_trash_of(self, user: Any) -> Self:
        """One's own deleted videos."""
        return self.deleted().filter(user=user)

    def in_status(self, status: str | None) -> Self:
        return self.filter(processing_status=status) if status else self

    def retryable(self) -> Self:
        """Those whose job has ended, well or badly."""
        return self.filter(processing_status__in=["failed", "completed"])

    def unattended(self) -> Self:
        """Those that no worker has at the moment."""
        return self.exclude(processing_status="processing")

    def overseen_by(self, user: Any) -> Self:
        """Everyone's videos, deleted ones included, for those alone who may work on them."""
        return self.all() if user.has_perm("media_summaries.work_video_jobs") else self.none()

    def workable(self) -> Self:
        """Those that are worth working on: neither they nor their owners are deleted."""
        owners = User.objects.alive().filter(pk=OuterRef("user"))
        return self.alive().filter(Exists(owners))

    def lost(self) -> Self:
        """Jobs whose worker has not been heard of for longer than its lease."""
        return self.workable().filter(lease_expires_at__lte=Now()).order_by("lease_expires_at")

    def claimable(self) -> Self:
        """Jobs that no worker has, those lost among them; the oldest first."""
        # The index of jobs by age has its condition word for word, else SQLite would not know it again.
        unended = Q(processing_status="pending") | Q(processing_status="processing")
        free = Q(processing_status="pending") | Q(lease_expires_at__lte=Now())
        return self.workable().filter(unended).filter(free).order_by("created_at", "pk")

    def held_by(self, worker: str) -> Self:
        """Jobs that a worker has, while its lease lasts."""
        return self.workable().filter(claimed_by=worker, lease_expires_at__gt=Now())

    def ended_by(self, worker: str) -> Self:
        """Jobs that a worker has completed, and that nobody has asked for again."""
        return self.workable().filter(processing_status="completed", last_worker=worker)

    def of_video(self, youtube_id: str | None) -> Self:
        return self.filter(youtube_id=youtube_id) if youtube_id else self

    def tagged(self, key: str | None) -> Self:
        """Those with a tag, by what tells its name apart."""
        links = _named("VideoSummaryTag").filter(tag__name_key=key)
        return self.filter(pk__in=links.values("video_summary")) if key else self

    def categorised(self, key: str | None) -> Self:
        """Those of a category, by what tells its name apart."""
        links = _named("VideoSummaryCategory").filter(category__name_key=key)
        return self.filter(pk__in=links.values("video_summary")) if key else self

    def with_generated(self, key: str | None) -> Self:
        """Those whose generated content has the key at its top level; all where none is named."""
        if key is None:
            return self
        return self.filter(HasKey(F("ai_generated_content"), Value(key)))

    def with_labels(self) -> Self:
        """With `tag_names` and `category_names`, each a list in the order of what tells names apart."""
        return self.annotate(
            tag_names=_names_through("VideoSummaryTag", "tag"),
            category_names=_names_through("VideoSummaryCategory", "category"),
        )

    def with_counts(self) -> Self:
        """With `tag_count` and `keyframe_count`."""
        return self.annotate(
            tag_count=_number_of(_of_this_video("VideoSummaryTag"), by="video_summary"),
            keyframe_count=_number_of(_of_this_video("Keyframe"), by="video_summary"),
        )

    def without_long_parts(self) -> Self:
        """For lists: transcript and generated content, up to two million characters, stay in the database."""
        return self.defer("transcript", "ai_generated_content")


class KeyframeQuerySet(SearchQuerySet):
    """Keyframes of videos."""

    def visible_to(self, user: Any) -> Self:
        """Keyframes of one's own live videos."""
        return self.filter(video_summary__user=user, video_summary__deleted_at=None)

    def of_summary(self, key: UUID) -> Self:
        return self.filter(video_summary=key)


def _named(model: str) -> Any:
    # By name: the models import this module.
    return apps.get_model("media_summaries", model).objects.all()


def _of_this_video(model: str) -> QuerySet:
    return _named(model).filter(video_summary=OuterRef("pk"))


def _number_of(rows: QuerySet, *, by: str) -> Coalesce:
    counted = rows.order_by().values(by).annotate(count=Count("pk"))
    return Coalesce(Subquery(counted.values("count")), 0)


def _names_through(link: str, label: str) -> JSONTexts:
    names = _of_this_video(link).order_by(code_point_order(f"{label}__name_key"))
    return JSONTexts(names.values(item=F(f"{label}__name")))
