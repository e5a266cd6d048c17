"""People as staff see them."""

from rest_framework import serializers

from accounts.models import User
from accounts.serializers import EmailField, OwnOrganizationSerializer, ProfileSerializer
from common.fields import NameField, StrictCharField
from common.queries import PageQuery, SearchParameter, TrueParameter
from common.serializers import StrictModelSerializer, StrictSerializer


class PersonSerializer(StrictModelSerializer):
    """A person in a list of staff."""

    email_verified = serializers.BooleanField(read_only=True)

    class Meta:
        model = User
        fields = (
            "id",
            "email",
            "email_verified",
            "username",
            "name",
            "image",
            "is_active",
            "is_staff",
            "last_login",
            "created_at",
            "updated_at",
            "deleted_at",
        )
        read_only_fields = fields


class WholePersonSerializer(StrictModelSerializer):
    """A person with all that staff may know."""

    email_verified = serializers.BooleanField(read_only=True)

    profile = ProfileSerializer(source="own_profile", read_only=True)
    organizations = OwnOrganizationSerializer(source="own_organizations", many=True, read_only=True)

    class Meta:
        model = User
        fields = (*PersonSerializer.Meta.fields, "profile", "organizations")
        read_only_fields = fields


class PutPersonSerializer(StrictSerializer):
    """What staff write of a person."""

    email = EmailField()
    name = NameField(max_length=100)


class WithDeletedQuery(StrictSerializer):
    """Whether deleted people count."""

    include_deleted = TrueParameter(default=False)


class PeopleQuery(PageQuery, WithDeletedQuery):
    """A page of people."""

    search = SearchParameter()
    email = StrictCharField(required=False, max_length=254)
