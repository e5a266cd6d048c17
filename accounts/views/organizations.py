"""Organizations and who is in them."""

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import services
from accounts.models import Organization, OrganizationMember
from accounts.serializers import (
    MemberSerializer,
    NewMemberSerializer,
    OrganizationQuery,
    OrganizationSerializer,
    RoleSerializer,
)
from common.queries import PageQuery
from common.views import LibraryViewSet, ListMixin


class OrganizationViewSet(LibraryViewSet):
    """One's organizations."""

    queryset = Organization.objects.all()
    serializer_class = OrganizationSerializer
    queries = {"list": OrganizationQuery}
    conflicts = {"create": (services.SlugTaken,), "partial_update": (services.SlugTaken,)}

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
    conflicts = {
        "create": (services.AlreadyMember,),
        "partial_update": (services.LastOwner,),
        "destroy": (services.LastOwner,),
    }
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
