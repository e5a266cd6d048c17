"""People, their log-ins and organizations in the studio."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts.models import (
    AttemptCounter,
    Organization,
    OrganizationMember,
    Profile,
    Session,
    User,
    UserSettings,
)
from common.admin import SoftDeleteAdmin, TableAdmin, TrashFilter, link_to_rows


class MembershipInline(admin.TabularInline):
    """The organizations of a person, or the people of an organization."""

    model = OrganizationMember
    fields = readonly_fields = ("organization", "user", "role", "created_at")
    extra = 0
    show_change_link = True
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization", "user")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ProfileInline(admin.StackedInline):
    """What a person says of themselves."""

    model = Profile
    extra = 0


class SettingsInline(admin.StackedInline):
    """How a person's assistant works."""

    model = UserSettings
    extra = 0


@admin.register(User)
class UserAdmin(TableAdmin):
    """People. Accounts are opened by signing up, so there is nothing to add here."""

    list_display = ("email", "name", "username", "is_active", "is_staff", "created_at", "deleted_at")
    list_filter = (TrashFilter, "is_active", "is_staff", "created_at")
    search_fields = ("email", "name", "username")
    search_help_text = "E-mail, name or username"
    filter_horizontal = ("groups", "user_permissions")
    # The address at which a person logs in is allauth's too: both move by the person's own doing.
    readonly_fields = (*TableAdmin.readonly_fields, "email", "last_login", "deleted_at")
    exclude = ("password",)
    inlines = (ProfileInline, SettingsInline, MembershipInline)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(TableAdmin):
    """Log-ins and API tokens; the tokens themselves are nowhere."""

    list_display = ("user", "kind", "name", "ip_address", "created_at", "last_seen_at", "expires_at")
    list_filter = ("kind", "created_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "name")
    fields = (
        "id",
        "user",
        "kind",
        "name",
        "ip_address",
        "user_agent",
        "created_at",
        "last_seen_at",
        "expires_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AttemptCounter)
class AttemptCounterAdmin(TableAdmin):
    """How often something was lately tried; only time lets in who is locked out."""

    list_display = ("id", "kind", "created_at", "expires_at")
    list_filter = ("kind",)
    fields = ("id", "kind", "attempts", "created_at", "expires_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Organization)
class OrganizationAdmin(SoftDeleteAdmin):
    """Organizations with their members."""

    list_display = ("name", "slug", "members", "created_at", "deleted_at")
    list_filter = (TrashFilter,)
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)

    def get_queryset(self, request: HttpRequest) -> Any:
        return Organization.objects.with_member_count()

    @admin.display(description="Members")
    def members(self, organization: Any) -> str:
        return link_to_rows(OrganizationMember, organization.member_count, organization=organization)


@admin.register(OrganizationMember)
class OrganizationMemberAdmin(TableAdmin):
    """Who belongs where."""

    list_display = ("organization", "user", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("organization", "user")
    search_fields = ("organization__name", "user__email", "user__name")
    autocomplete_fields = ("organization", "user")
    ordering = ("-id",)


@admin.register(Profile)
class ProfileAdmin(TableAdmin):
    """What people say of themselves."""

    list_display = ("user", "headline", "locale", "timezone", "updated_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "headline")
    autocomplete_fields = ("user",)
    ordering = ("-id",)


@admin.register(UserSettings)
class UserSettingsAdmin(TableAdmin):
    """How people's assistants work."""

    list_display = ("user", "model", "learning_style", "difficulty", "pacing", "email_notifications")
    list_filter = ("learning_style", "difficulty")
    list_select_related = ("user",)
    search_fields = ("user__email",)
    autocomplete_fields = ("user",)
    ordering = ("-id",)
