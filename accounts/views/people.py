"""Signing up, oneself, and the directory."""

from typing import Any, cast

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.models import Profile, User, UserSettings
from accounts.serializers import (
    DirectoryQuery,
    MeSerializer,
    ProfileSerializer,
    SettingsSerializer,
    SignUpAnswerSerializer,
    SignUpSerializer,
    UserSerializer,
)
from accounts.throttling import SignUpThrottle
from common.addresses import client_address
from common.pagination import Page
from common.views import ApiViewSet, ListMixin, PatchMixin, VersionedMixin


class SignUpViewSet(ApiViewSet):
    """Opening an account."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (SignUpThrottle,)
    serializer_class = SignUpSerializer
    conflicts = {"create": (services.EmailTaken, services.UsernameTaken, services.SlugTaken)}

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


class MeViewSet(VersionedMixin):
    """One's own account."""

    queryset = User.objects.all()
    serializer_class = MeSerializer
    compiled = {"retrieve"}
    conflicts = {"partial_update": (services.UsernameTaken,)}

    def get_queryset(self):
        return User.objects.visible_to(self.viewer).filter(pk=self.viewer.pk).with_account()

    def get_object(self) -> User:
        return get_object_or_404(self.get_queryset())

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


class DirectoryPage(Page):
    """A page of the directory; of people asked for by `ids` the items alone."""

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return super().get_paginated_response_schema(schema) | {"required": ["items"]}


class UserViewSet(ListMixin, mixins.RetrieveModelMixin):
    """The directory of people."""

    queryset = User.objects.all()
    serializer_class = UserSerializer
    pagination_class = DirectoryPage
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
