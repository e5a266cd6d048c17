"""Log-ins and API tokens."""

from rest_framework import serializers

from accounts.models import (
    Session,
)
from common.fields import (
    NameField,
    StrictIntegerField,
)
from common.serializers import StrictModelSerializer, StrictSerializer


class LogInSerializer(StrictModelSerializer):
    """A log-in: from where, since when, and whether it is the one that asks."""

    current = serializers.BooleanField(read_only=True)

    class Meta:
        model = Session
        fields = ("id", "ip_address", "user_agent", "created_at", "last_seen_at", "expires_at", "current")
        read_only_fields = fields


class APITokenSerializer(StrictModelSerializer):
    """An API token, without the token."""

    class Meta:
        model = Session
        fields = ("id", "name", "created_at", "last_seen_at", "expires_at")
        read_only_fields = fields


class NewAPITokenSerializer(StrictSerializer):
    """An API token to make."""

    name = NameField(max_length=100)
    expires_in_days = StrictIntegerField(min_value=1, max_value=365)


class ShownAPITokenSerializer(StrictModelSerializer):
    """A new API token, with the token: this once."""

    token = serializers.CharField(read_only=True)

    class Meta:
        model = Session
        fields = ("id", "name", "token", "expires_at")
        read_only_fields = fields
