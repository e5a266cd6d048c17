"""Organizations and who is in them."""

from typing import Any

from rest_framework import serializers

from accounts.models import (
    Organization,
    OrganizationMember,
    Role,
    User,
)
from accounts.serializers.fields import slug_field
from accounts.serializers.people import UserSerializer
from common.fields import (
    StrictChoiceField,
    VisibleRelatedField,
)
from common.queries import OrderingParameter, TrashQuery
from common.serializers import ReplayableSerializer, StrictModelSerializer, StrictSerializer


class OrganizationSerializer(ReplayableSerializer):
    """An organization as one of its members sees it."""

    slug = slug_field()
    role = StrictChoiceField(choices=Role.choices, read_only=True)
    member_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Organization
        fields = ("id", "name", "slug", "role", "member_count", "created_at", "updated_at")
        read_only_fields = ("created_at", "updated_at")

    def is_replayed_by(self, row: Any) -> bool:
        # Who made it owns it: to a plain member it is another's.
        return row.role == Role.OWNER and super().is_replayed_by(row)


class MemberSerializer(StrictModelSerializer):
    """A person's place in an organization."""

    user = UserSerializer(read_only=True)
    joined_at = serializers.DateTimeField(source="created_at", read_only=True)

    class Meta:
        model = OrganizationMember
        fields = ("user", "role", "joined_at")


class NewMemberSerializer(StrictSerializer):
    """A person to take in."""

    user = VisibleRelatedField(queryset=User.objects.all())
    role = StrictChoiceField(choices=Role.choices, default=Role.MEMBER)


class RoleSerializer(StrictSerializer):
    """Another role."""

    role = StrictChoiceField(choices=Role.choices, required=False)


class OrganizationQuery(TrashQuery):
    """A page of one's organizations."""

    ordering = OrderingParameter("name", "created_at", default="name")
