"""Replicas of users and organizations, kept from events."""

from uuid import uuid4

from contracts.identity import UserErased, UserRegistered, UserRenamed
from contracts.organizations import OrgCreated, OrgRenamed
from notifications.recipients.service import User
from notifications.tests.world import World

ERASED = User(email=None, name=None, erased=True)


def test_a_user_has_the_latest_name(world: World) -> None:
    user_id = world.meets("ada@mail.example", "Ada")
    world.hears(UserRenamed(user_id=user_id, name="Ada Lovelace"))
    assert world.recipients.user(user_id) == User("ada@mail.example", "Ada Lovelace", erased=False)


def test_an_organization_has_the_latest_name(world: World) -> None:
    organization_id = uuid4()
    assert world.recipients.organization_name(organization_id) is None
    world.hears(OrgCreated(organization_id=organization_id, name="Acme", owner=uuid4()))
    world.hears(OrgRenamed.model_validate({"organization_id": organization_id, "from": "Acme", "to": "Zenith"}))
    assert world.recipients.organization_name(organization_id) == "Zenith"


def test_no_later_event_brings_an_erased_user_back(world: World) -> None:
    user_id = world.meets()
    world.hears(UserErased(user_id=user_id))
    world.hears(UserRenamed(user_id=user_id, name="Ada"))
    world.hears(UserRegistered(user_id=user_id, email="ada@mail.example", name="Ada", via="invitation"))
    assert world.recipients.user(user_id) == ERASED


def test_erasing_after_a_restore_erases_a_user_that_is_not_known_yet(world: World) -> None:
    user_id = uuid4()
    world.service.erase(user_id)
    assert world.recipients.user(user_id) == ERASED
