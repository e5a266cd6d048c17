"""People, their log-ins and organizations in the studio."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.http import HttpRequest

from accounts import services
from accounts.models import (
    AttemptCounter,
    Organization,
    OrganizationMember,
    Profile,
    Session,
    User,
    UserSettings,
)
from accounts.serializers import (
    MeSerializer,
    NewMemberSerializer,
    OrganizationSerializer,
    ProfileSerializer,
    SettingsSerializer,
)
from common.admin import InlineAdmin, SoftDeleteAdmin, TableAdmin, TrashFilter, link_to_rows
from common.forms import held_to


class MembershipInline(InlineAdmin, admin.TabularInline):
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


class ProfileInline(InlineAdmin, admin.StackedInline):
    """What a person says of themselves."""

    model = Profile
    form = held_to(ProfileSerializer)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


class SettingsInline(InlineAdmin, admin.StackedInline):
    """How a person's assistant works."""

    model = UserSettings
    form = held_to(SettingsSerializer)
    extra = 0

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("user")


@admin.register(User)
class UserAdmin(TableAdmin):
    """People. Accounts are opened by signing up, so there is nothing to add here."""

    form = held_to(MeSerializer)
    list_display = ("email", "name", "username", "is_active", "is_staff", "created_at", "deleted_at")
    list_filter = (TrashFilter, "is_active", "is_staff", "created_at")
    search_fields = ("email", "name", "username")
    search_help_text = "E-mail, name or username"
    filter_horizontal = ("groups", "user_permissions")
    # The address at which a person logs in is allauth's too: both move by the person's own doing.
    readonly_fields = (*TableAdmin.readonly_fields, "email", "last_login", "deleted_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "username", "image", "external_id", "is_active")}),
        (None, {"fields": ("id", "created_at", "updated_at", "last_login", "deleted_at")}),
        (
            "Permissions",
            {
                "classes": ("collapse",),
                "fields": ("is_staff", "is_superuser", "groups", "user_permissions"),
            },
        ),
    )
    inlines = (ProfileInline, SettingsInline, MembershipInline)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user_permissions":
            # Each of them is named by the table that it is for.
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def change_row(self, request: HttpRequest, row: Any, columns: set[str]) -> None:
        super().change_row(request, row, columns)
        if not row.is_active:
            # Who comes back logs in anew: there may have been a reason.
            services.end_sessions(person=row)

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

    form = held_to(OrganizationSerializer)
    list_display = ("name", "slug", "members", "created_at", "deleted_at")
    list_filter = (TrashFilter,)
    search_fields = ("name", "slug")
    inlines = (MembershipInline,)

    def listed(self, rows: Any) -> Any:
        return rows.with_member_count()

    @admin.display(description="Members")
    def members(self, organization: Any) -> str:
        return link_to_rows(OrganizationMember, organization.member_count, organization=organization)


@admin.register(OrganizationMember)
class OrganizationMemberAdmin(TableAdmin):
    """Who belongs where; the rules of an organization hold for staff too."""

    form = held_to(NewMemberSerializer)
    list_display = ("organization", "user", "role", "created_at")
    list_filter = ("role",)
    list_select_related = ("organization", "user")
    search_fields = ("organization__name", "user__email", "user__name")
    autocomplete_fields = fixed_fields = ("organization", "user")
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("organization", "user")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    def add_row(self, request: HttpRequest, row: OrganizationMember) -> None:
        made = services.add_member_by_staff(organization_id=row.organization_id, user=row.user, role=row.role)
        row.pk = made.pk

    def change_row(self, request: HttpRequest, row: OrganizationMember, columns: set[str]) -> None:
        services.change_member_by_staff(
            organization_id=row.organization_id, user_id=row.user_id, role=row.role
        )

    def remove_row(self, request: HttpRequest, row: OrganizationMember) -> None:
        services.remove_member_by_staff(organization_id=row.organization_id, user_id=row.user_id)


@admin.register(Profile)
class ProfileAdmin(TableAdmin):
    """What people say of themselves."""

    form = held_to(ProfileSerializer)
    list_display = ("user", "headline", "locale", "timezone", "updated_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "headline")
    autocomplete_fields = fixed_fields = ("user",)
    ordering = ("-id",)


@admin.register(UserSettings)
class UserSettingsAdmin(TableAdmin):
    """How people's assistants work."""

    form = held_to(SettingsSerializer)
    list_display = ("user", "model", "learning_style", "difficulty", "pacing", "email_notifications")
    # Not by difficulty: to offer its values, the whole table would be read for them.
    list_filter = ("learning_style",)
    list_select_related = ("user",)
    search_fields = ("user__email",)
    autocomplete_fields = fixed_fields = ("user",)
    ordering = ("-id",)


# allauth's own pages show and edit the secrets of these tables, or what only the flows may change.
for model in (EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(model)


class ReadOnlyAdmin(TableAdmin):
    """A table that people change by their own flows alone; only the columns that are named here show."""

    readonly_fields = ()
    list_select_related = ("user",)
    search_fields: ClassVar[tuple[str, ...]] = ("user__email", "user__name")
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """People's addresses, proved or not, and those that they want to change to."""

    list_display = fields = ("email", "user", "primary", "verified")
    list_filter = ("primary", "verified")
    search_fields = ("email", "user__name")


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Authenticator apps, recovery codes and passkeys, without what is in them."""

    list_display = fields = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type", "created_at")


@admin.register(SocialAccount)
class SocialAccountAdmin(ReadOnlyAdmin):
    """Accounts at outside providers that open an account here."""

    list_display = fields = ("user", "provider", "uid", "date_joined", "last_login")
    list_filter = ("provider",)
    search_fields = ("user__email", "user__name", "uid")
