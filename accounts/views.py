"""The addresses of accounts."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.models import Organization, OrganizationMember, Profile, Session, User, UserSettings
from accounts.serializers import (
    APITokenSerializer,
    DirectoryQuery,
    LogInSerializer,
    MemberSerializer,
    MeSerializer,
    NewAPITokenSerializer,
    NewMemberSerializer,
    OrganizationQuery,
    OrganizationSerializer,
    ProfileSerializer,
    RoleSerializer,
    SettingsSerializer,
    ShownAPITokenSerializer,
    SignUpAnswerSerializer,
    SignUpSerializer,
    UserSerializer,
)
from accounts.sessions import opens
from accounts.throttling import SignUpThrottle
from common.addresses import client_address
from common.pagination import Whole
from common.queries import PageQuery
from common.views import ApiViewSet, LibraryViewSet, ListMixin, PatchMixin


class SignUpViewSet(ApiViewSet):
    """Opening an account."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignUpThrottle,)
    serializer_class = SignUpSerializer

    @extend_schema(responses={201: SignUpAnswerSerializer})
    def create(self, request: Request) -> Response:
        """Sign up, with an organization of one's own if wanted; the token is a log-in."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        person, organization, token = services.sign_up_and_log_in(
            **serializer.validated_data,
            ip_address=client_address(request),
            user_agent=request.headers.get("User-Agent", ""),
        )
        address = cast(Any, person).emailaddress_set.get()
        address.send_confirmation(request._request, signup=True)
        answer = {
            "user": User.objects.visible_to(person).with_account().get(pk=person.pk),
            "token": token,
            "organization": organization,
        }
        return Response(SignUpAnswerSerializer(answer).data, status=201)


class MeViewSet(mixins.RetrieveModelMixin, PatchMixin):
    """One's own account."""

    queryset = User.objects.all()
    serializer_class = MeSerializer

    def get_object(self) -> User:
        return get_object_or_404(User.objects.visible_to(self.viewer).with_account(), pk=self.viewer.pk)

    def perform_update(self, serializer: Any) -> None:
        services.change_person(person=self.viewer, **serializer.validated_data)


class ProfileViewSet(mixins.RetrieveModelMixin, PatchMixin):
    """What one says of oneself."""

    queryset = Profile.objects.all()
    serializer_class = ProfileSerializer

    def get_object(self) -> Profile:
        return Profile.objects.visible_to(self.viewer).first() or Profile(user=self.viewer)

    def perform_update(self, serializer: Any) -> None:
        services.change_profile(person=self.viewer, **serializer.validated_data)


class SettingsViewSet(mixins.RetrieveModelMixin, PatchMixin):
    """How one wants one's assistant to work."""

    queryset = UserSettings.objects.all()
    serializer_class = SettingsSerializer

    def get_object(self) -> UserSettings:
        return UserSettings.objects.visible_to(self.viewer).first() or UserSettings(user=self.viewer)

    def perform_update(self, serializer: Any) -> None:
        services.change_settings(person=self.viewer, **serializer.validated_data)


@extend_schema_view(list=extend_schema(summary="List log-ins"))
class LogInViewSet(ListMixin):
    """Where one is logged in."""

    queryset = Session.objects.all()
    serializer_class = LogInSerializer
    pagination_class = Whole

    def get_queryset(self):
        return Session.objects.visible_to(self.viewer).log_ins().with_current(self.request.auth)

    def paginate_queryset(self, queryset):
        # Which of them an earlier password has let in, the database cannot tell.
        rows = super().paginate_queryset(queryset) or []
        return [row for row in rows if opens(row, self.viewer)]

    @extend_schema(summary="End all other log-ins", responses={204: None})
    def end_others(self, request: Request) -> Response:
        """End every other log-in."""
        services.end_other_log_ins(person=self.viewer, current=cast(Session, request.auth))
        return Response(status=204)

    @extend_schema(summary="End a log-in")
    def destroy(self, request: Request, pk) -> Response:
        """End a log-in."""
        services.end_log_in(person=self.viewer, session_id=pk)
        return Response(status=204)


@extend_schema_view(list=extend_schema(summary="List API tokens"))
class APITokenViewSet(ListMixin):
    """One's API tokens."""

    queryset = Session.objects.all()
    serializer_class = APITokenSerializer
    pagination_class = Whole

    def get_queryset(self):
        return Session.objects.visible_to(self.viewer).api_tokens()

    @extend_schema(
        summary="Make an API token",
        request=NewAPITokenSerializer,
        responses={201: ShownAPITokenSerializer},
    )
    def create(self, request: Request) -> Response:
        """Make an API token; the answer is the only place where it stands."""
        serializer = NewAPITokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        session, token = services.create_api_token(person=self.viewer, **serializer.validated_data)
        cast(Any, session).token = token
        return Response(ShownAPITokenSerializer(session).data, status=201)

    @extend_schema(summary="End an API token")
    def destroy(self, request: Request, pk) -> Response:
        """End an API token."""
        services.end_api_token(person=self.viewer, token_id=pk)
        return Response(status=204)


class UserViewSet(ListMixin, mixins.RetrieveModelMixin):
    """The directory of people."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    queries = {"list": DirectoryQuery}

    def get_queryset(self):
        return User.objects.visible_to(self.viewer)

    def listed(self, queryset):
        return queryset.matching(self.query["search"], "name", "username").sorted_by("name")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """A page of people or, with `ids`, just these in the order asked."""
        keys = self.query.get("ids")
        if keys is None:
            return super().list(request, *args, **kwargs)
        people = {person.pk: person for person in self.get_queryset().among(keys)}
        found = [people[key] for key in keys if key in people]
        return Response({"items": self.get_serializer(found, many=True).data})


class OrganizationViewSet(LibraryViewSet):
    """One's organizations."""

    queryset = Organization.objects.all()
    serializer_class = OrganizationSerializer
    queries = {"list": OrganizationQuery}

    def get_queryset(self):
        return self.scope(Organization.objects).with_role(self.viewer).with_member_count()

    def listed(self, queryset):
        return queryset.sorted_by(*self.query["ordering"])

    def perform_create(self, serializer: Any) -> None:
        row = services.create_organization(owner=self.viewer, **serializer.validated_data)
        serializer.instance = get_object_or_404(self.get_queryset(), pk=row.pk)

    def has_role(self) -> bool:
        if self.action == "partial_update":
            rows = Organization.objects.administered_by(self.viewer)
        elif self.action == "destroy":
            rows = Organization.objects.owned_by(self.viewer)
        else:
            return True
        return rows.filter(pk=self.kwargs["pk"]).exists()

    def trash_in_sight(self):
        return Organization.objects.deleted_of_member(self.viewer)

    def perform_update(self, serializer: Any) -> None:
        services.change_organization(
            organization_id=serializer.instance.pk, by=self.viewer, **serializer.validated_data
        )

    def perform_destroy(self, instance: Organization) -> None:
        services.delete_organization(organization_id=instance.pk, by=self.viewer)

    def perform_restore(self, key) -> None:
        services.restore_organization(organization_id=key, by=self.viewer)


class MemberViewSet(ListMixin, mixins.RetrieveModelMixin):
    """Who belongs to an organization."""

    queryset = OrganizationMember.objects.all()
    serializer_class = MemberSerializer
    queries = {"list": PageQuery}
    parent = Organization.objects.all()
    parent_kwarg = "organization_id"
    lookup_field = "user_id"

    def get_queryset(self):
        members = OrganizationMember.objects.visible_to(self.viewer)
        return members.in_organization(self.kwargs["organization_id"])

    def has_role(self) -> bool:
        key = self.kwargs["organization_id"]
        if self.action == "create":
            return Organization.objects.administered_by(self.viewer).filter(pk=key).exists()
        if self.action == "partial_update":
            return Organization.objects.owned_by(self.viewer).filter(pk=key).exists()
        if self.action == "destroy":
            members = OrganizationMember.objects.visible_to(self.viewer).in_organization(key)
            return members.removable_by(self.viewer).filter(user=self.kwargs["user_id"]).exists()
        return True

    @extend_schema(request=NewMemberSerializer, responses={201: MemberSerializer})
    def create(self, request: Request, organization_id) -> Response:
        """Take a person in."""
        self.gate()
        serializer = NewMemberSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        serializer.resolve_references()
        member = services.add_member(
            organization_id=organization_id, by=self.viewer, **serializer.validated_data
        )
        return Response(self.get_serializer(member).data, status=201)

    @extend_schema(request=RoleSerializer)
    def partial_update(self, request: Request, organization_id, user_id) -> Response:
        """Give a member another role."""
        self.gate()
        serializer = RoleSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        if serializer.validated_data:
            services.change_member(
                organization_id=organization_id,
                by=self.viewer,
                user_id=user_id,
                **serializer.validated_data,
            )
        return Response(self.get_serializer(self.get_object()).data)

    def destroy(self, request: Request, organization_id, user_id) -> Response:
        """Let a member go, or leave."""
        services.remove_member(organization_id=organization_id, by=self.viewer, user_id=user_id)
        return Response(status=204)
