"""Support staff at work."""

import pytest


@pytest.fixture
def studio(client, root):
    client.force_login(root)
    return client
