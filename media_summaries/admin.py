"""Video summaries, keyframes and the shared vocabulary in the studio."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from common.admin import SoftDeleteAdmin, TableAdmin, TrashFilter
from common.text import is_visible, normalised, suits_a_name
from media_summaries import services
from media_summaries.models import (
    Category,
    Keyframe,
    Tag,
    VideoSummary,
    VideoSummaryCategory,
    VideoSummaryTag,
)
from media_summaries.vocabulary import name_key

# A page of rows does not load the long parts of their videos.
LONG_PARTS = ("video_summary__transcript", "video_summary__ai_generated_content", "video_summary__summary")


class DeletableAdmin(TableAdmin):
    """A table without a trash, whose rows go at once."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)


class LabelForm(forms.ModelForm):
    """A name as people may write it, and a free one."""

    def clean_name(self) -> str:
        name = normalised(self.cleaned_data["name"])
        if not suits_a_name(name) or not is_visible(name):
            raise ValidationError("This name holds characters that do not show.")
        same: Any = type(self.instance).objects
        if same.named(name).exclude(pk=self.instance.pk).exists():
            raise ValidationError("This name is in use. To make two one, merge them in the list.")
        return name


class LabelAdmin(DeletableAdmin):
    """A shared vocabulary: renamed, merged and deleted by staff."""

    form = LabelForm
    list_display = ("name", "description", "color", "created_at")
    search_fields = ("name", "name_key")
    readonly_fields = ("name_key", *TableAdmin.readonly_fields)
    actions = ("merge",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        obj.name_key = name_key(obj.name)
        obj.updated_at = Now()
        obj.save()

    @admin.action(description="Merge into the oldest", permissions=["delete"])
    def merge(self, request: HttpRequest, queryset: QuerySet) -> None:
        into, *others = queryset.order_by("created_at", "pk")
        services.merge_labels(into=into, others=others)
        self.message_user(request, f"{len(others)} merged into {into}.")


admin.site.register(Tag, LabelAdmin)
admin.site.register(Category, LabelAdmin)


class TagInline(admin.TabularInline):
    """The tags of a video."""

    model = VideoSummaryTag
    autocomplete_fields = ("tag",)
    extra = 0


class CategoryInline(admin.TabularInline):
    """The categories of a video."""

    model = VideoSummaryCategory
    autocomplete_fields = ("category",)
    extra = 0


class KeyframeInline(admin.TabularInline):
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
        "last_worker",
        "completed_at",
        *SoftDeleteAdmin.readonly_fields,
    )
    inlines = (TagInline, CategoryInline, KeyframeInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        videos: Any = super().get_queryset(request)
        return videos.without_long_parts()

    def has_add_permission(self, request: HttpRequest) -> bool:
        # A video comes with its owner's address of it, from which its id is read.
        return False


class OfVideoAdmin(DeletableAdmin):
    """A table whose rows belong to videos."""

    autocomplete_fields: ClassVar[tuple[str, ...]] = ("video_summary",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("video_summary").defer(*LONG_PARTS)


@admin.register(Keyframe)
class KeyframeAdmin(OfVideoAdmin):
    """Moments of videos."""

    list_display = ("timestamp", "video_summary", "image_url", "created_at")
    search_fields = ("description", "video_summary__title")


@admin.register(VideoSummaryTag)
class VideoSummaryTagAdmin(OfVideoAdmin):
    """Which video has which tag."""

    list_display = ("video_summary", "tag", "created_at")
    list_select_related = ("video_summary", "tag")
    autocomplete_fields = ("video_summary", "tag")
    search_fields = ("tag__name", "video_summary__title")


@admin.register(VideoSummaryCategory)
class VideoSummaryCategoryAdmin(OfVideoAdmin):
    """Which video belongs to which category."""

    list_display = ("video_summary", "category", "created_at")
    list_select_related = ("video_summary", "category")
    autocomplete_fields = ("video_summary", "category")
    search_fields = ("category__name", "video_summary__title")
