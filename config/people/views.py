"""One's own account, and everyone's for staff."""

from typing import Any

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.decorators import action
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from accounts.services import EmailTaken, LastOwner, PersonDeleted, put_person
from accounts.views import MeViewSet
from common.serializers import StrictSerializer
from common.views import ListMixin
from config.people import services
from config.people.serializers import (
    PeopleQuery,
    PersonSerializer,
    PutPersonSerializer,
    WholePersonSerializer,
    WithDeletedQuery,
)


class OwnAccountViewSet(MeViewSet):
    """One's own account, which one may also end."""

    conflicts = {**MeViewSet.conflicts, "destroy": (LastOwner,)}

    @extend_schema(summary="End one's account")
    def destroy(self, request: Request) -> Response:
        """End one's account; every log-in and API token ends with it."""
        with self.unmoved():
            services.end_account(person_id=self.viewer.pk, by=self.viewer)
        return Response(status=204)


class PersonViewSet(ListMixin, mixins.RetrieveModelMixin):
    """Everyone, for staff."""

    http_method_names = ["get", "put", "post", "delete", "head"]
    permission_classes = (IsAdminUser,)
    queryset = User.objects.all()
    queries = {"list": PeopleQuery, "retrieve": WithDeletedQuery}
    conflicts = {"update": (EmailTaken, PersonDeleted), "destroy": (LastOwner,)}

    def get_serializer_class(self) -> Any:
        return PersonSerializer if self.action == "list" else WholePersonSerializer

    def get_queryset(self):
        people = User.objects.overseen_by(self.viewer)
        if "restore" in self.action_map.values():
            people = people.deleted()
        elif not self.query.get("include_deleted"):
            people = people.alive()
        return people.with_proof() if self.action == "list" else people.with_account()

    def listed(self, queryset):
        query = self.query
        return (
            queryset.of_email(query.get("email"))
            .matching(query["search"], "name", "username", "email")
            .sorted_by("-created_at")
        )

    def gate(self) -> None:
        # Whom a PUT names need not be there yet.
        if self.action != "update":
            super().gate()

    @extend_schema(
        summary="Insert or change person",
        request=PutPersonSerializer,
        responses={200: WholePersonSerializer, 201: WholePersonSerializer},
    )
    def update(self, request: Request, pk) -> Response:
        """Give a person this e-mail and name; one who is not there yet is made."""
        if pk.int in (0, 2**128 - 1):
            raise Http404
        serializer = PutPersonSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        is_new = put_person(person_id=pk, by=self.viewer, **serializer.validated_data)
        return Response(self._whole(pk), status=201 if is_new else 200)

    @extend_schema(summary="End a person's account")
    def destroy(self, request: Request, pk) -> Response:
        """End a person's account."""
        services.end_account(person_id=pk, by=self.viewer)
        return Response(status=204)

    @extend_schema(summary="Restore a person's account", request=None)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk) -> Response:
        """Bring a person back, with what went along."""
        StrictSerializer(data=request.data).is_valid(raise_exception=True)
        services.restore_account(person_id=pk, by=self.viewer)
        return Response(self._whole(pk))

    def _whole(self, pk: Any) -> Any:
        people = User.objects.overseen_by(self.viewer).with_account()
        return self.get_serializer(get_object_or_404(people, pk=pk)).data
