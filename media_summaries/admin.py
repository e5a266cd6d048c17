"""Video summaries, keyframes and the shared vocabulary in the studio."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin import InlineAdmin, SoftDeleteAdmin, TableAdmin, TrashFilter
from common.forms import StudioForm, held_to
from media_summaries import services
from media_summaries.models import (
    Category,
    Keyframe,
    Tag,
    VideoSummary,
    VideoSummaryCategory,
    VideoSummaryTag,
)
from media_summaries.serializers import KeyframeSerializer, TagSerializer, VideoSummarySerializer
from media_summaries.vocabulary import name_key

TAKEN = "This name is in use. To make two one, merge them in the list."
# A page of rows does not load the long parts of their videos.
LONG_PARTS = ("video_summary__transcript", "video_summary__ai_generated_content", "video_summary__summary")


class DeletableAdmin(TableAdmin):
    """A table without a trash, whose rows go at once."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


class LabelForm(StudioForm):
    """A free name, as people may write it."""

    rules = TagSerializer

    def clean(self) -> Any:
        values = super().clean()
        same: Any = type(self.instance).objects
        if "name" in values and same.named(values["name"]).exclude(pk=self.instance.pk).exists():
            self.add_error("name", TAKEN)
        return values


class LabelAdmin(DeletableAdmin):
    """A shared vocabulary: renamed, merged and deleted by staff."""

    form = LabelForm
    list_display = ("name", "description", "color", "created_at")
    search_fields = ("name", "name_key")
    readonly_fields = ("name_key", *TableAdmin.readonly_fields)
    actions = ("merge",)

    def add_row(self, request: HttpRequest, row: Any) -> None:
        row.name_key = name_key(row.name)
        super().add_row(request, row)

    def change_row(self, request: HttpRequest, row: Any, columns: set[str]) -> None:
        row.name_key = name_key(row.name)
        super().change_row(request, row, {*columns, "name_key"})

    @admin.action(description="Merge into the oldest", permissions=["delete"])
    def merge(self, request: HttpRequest, queryset: QuerySet) -> None:
        into, *others = queryset.order_by("created_at", "pk")
        services.merge_labels(into=into, others=others)
        self.message_user(request, f"{len(others)} merged into {into}.")


admin.site.register(Tag, LabelAdmin)
admin.site.register(Category, LabelAdmin)


class LabelInline(InlineAdmin, admin.TabularInline):
    """What a video is sorted by: given and taken away, not exchanged."""

    extra = 0

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Each row to choose in would look its choice up by itself.
        return False


class TagInline(LabelInline):
    """The tags of a video."""

    model = VideoSummaryTag
    autocomplete_fields = ("tag",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("tag", "video_summary").defer(*LONG_PARTS)


class CategoryInline(LabelInline):
    """The categories of a video."""

    model = VideoSummaryCategory
    autocomplete_fields = ("category",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("category", "video_summary").defer(*LONG_PARTS)


class KeyframeInline(InlineAdmin, admin.TabularInline):
    """The keyframes of a video by time; each is edited on a page of its own."""

    model = Keyframe
    fields = readonly_fields = ("timestamp", "image_url", "description")
    ordering = ("timestamp", "id")
    show_change_link = True
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(VideoSummary)
class VideoSummaryAdmin(SoftDeleteAdmin):
    """Videos, with the state of the jobs that summarise them."""

    form = held_to(VideoSummarySerializer)
    list_display = (
        "title",
        "user",
        "youtube_id",
        "processing_status",
        "progress",
        "attempts",
        "created_at",
        "deleted_at",
    )
    list_filter = (TrashFilter, "processing_status")
    list_select_related = ("user",)
    search_fields = ("title", "youtube_id", "channel_name", "user__email")
    readonly_fields = (
        "user",
        "youtube_url",
        "youtube_id",
        "transcript",
        "ai_generated_content",
        "processing_status",
        "processing_error",
        "progress",
        "current_step",
        "attempts",
        "claimed_by",
        "lease_expires_at",
        "lease_seconds",
        "last_worker",
        "completed_at",
        *SoftDeleteAdmin.readonly_fields,
    )
    inlines = (TagInline, CategoryInline, KeyframeInline)

    def listed(self, rows: Any) -> QuerySet:
        return rows.without_long_parts().defer("summary")

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        if formset.has_changed() or formset.deleted_forms:
            # Its tags and categories are part of what is seen of a video.
            services.move_video_summary(video_summary=form.instance)
        super().save_formset(request, form, formset, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A video comes with its owner's address of it, from which its id is read.
        return False


class OfVideoAdmin(DeletableAdmin):
    """A table whose rows belong to videos."""

    autocomplete_fields: ClassVar[tuple[str, ...]] = ("video_summary",)
    fixed_fields = ("video_summary",)
    shown_beside: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request).select_related("video_summary", *self.shown_beside)
        return rows.defer(*LONG_PARTS)

    # With what belongs to it a video moves, as it does by its owner's doing.

    def add_row(self, request: HttpRequest, row: Any) -> None:
        services.move_video_summary(video_summary=row.video_summary)
        super().add_row(request, row)

    def change_row(self, request: HttpRequest, row: Any, columns: set[str]) -> None:
        services.move_video_summary(video_summary=row.video_summary)
        super().change_row(request, row, columns)

    def remove_row(self, request: HttpRequest, row: Any) -> None:
        services.move_video_summary(video_summary=row.video_summary)
        super().remove_row(request, row)


@admin.register(Keyframe)
class KeyframeAdmin(OfVideoAdmin):
    """Moments of videos."""

    form = held_to(KeyframeSerializer)
    list_display = ("timestamp", "video_summary", "image_url", "created_at")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    search_fields = ("description", "video_summary__title")


@admin.register(VideoSummaryTag)
class VideoSummaryTagAdmin(OfVideoAdmin):
    """Which video has which tag."""

    list_display = ("video_summary", "tag", "created_at")
    ordering = ("-id",)
    sortable_by = ()
    shown_beside = ("tag",)
    autocomplete_fields = ("video_summary", "tag")
    search_fields = ("tag__name", "video_summary__title")


@admin.register(VideoSummaryCategory)
class VideoSummaryCategoryAdmin(OfVideoAdmin):
    """Which video belongs to which category."""

    list_display = ("video_summary", "category", "created_at")
    ordering = ("-id",)
    sortable_by = ()
    shown_beside = ("category",)
    autocomplete_fields = ("video_summary", "category")
    search_fields = ("category__name", "video_summary__title")
