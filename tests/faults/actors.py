"""Scripted users of the quick start, who retry until the outcome of each request is known."""

import threading
import uuid
from random import Random
from typing import Any

import httpx2

from testing.driver import SystemDriver, UserDriver, address, call, client_token
from tests.faults.ledger import Client, Ledger, Organization
from tests.faults.plan import Plan
from tests.faults.registration import RegisteringUser
from tests.faults.retrying import PATIENCE, Broken, must_not_refuse


class Actor(RegisteringUser):
    """One person with organizations of their own, whom no other actor changes."""

    def __init__(self, driver: SystemDriver, plan: Plan, number: int, ledger: Ledger, everybody: "list[Actor]") -> None:
        super().__init__(driver, ledger)
        self.thread = threading.Thread(target=self._play, daemon=True)
        self._script = plan.scripts[number]
        self._random: Random = plan.random(number)
        self._everybody = everybody
        self._mark = f"{plan.seed}-{number}"
        self._mine: list[Organization] = []
        self._names = 0
        self.arrived = threading.Event()
        self.error: BaseException | None = None

    def _play(self) -> None:
        try:
            self._arrive()
            for step in self._script:
                getattr(self, f"_{step}")()
        except BaseException as error:  # told by the run
            self.error = error
        finally:
            self.arrived.set()

    def _arrive(self) -> None:
        """Register, sign in, choose a password, and give the first organization a name."""
        self._ledger.people.append(self.person)
        self._register()
        self._ledger.done()
        self._sign_in()
        me = self._answer("GET", "/me").json()
        self._ledger.ids[self.person.email] = me["id"]
        first = self._answer("GET", "/organizations").json()["items"]
        if len(first) != 1:
            raise Broken(f"{self.person.email} has {len(first)} organizations at first")
        self._mine.append(Organization(first[0]["id"], self.person, []))
        self._ledger.organizations.append(self._mine[0])
        self._ledger.done()
        self.arrived.set()
        self._rename(self._mine[0])

    def _rename(self, org: Organization | None = None) -> None:
        org, name = org or self._one(self._mine), self._name("Brokerage")
        self._answer("PATCH", f"/organizations/{org.id}", json={"name": name})
        org.names.append(name)
        org.changes["OrgRenamed"] += 1
        self._ledger.done()

    def _organization(self) -> None:
        name = self._name("Brokerage")
        made = self._create("/organizations", {"name": name})
        org = Organization(made["id"], self.person, [name])
        self._mine.append(org)
        self._ledger.organizations.append(org)
        self._ledger.done()

    def _client(self) -> None:
        org = self._one(self._mine)
        scopes = ["platforms:read", "events:read"]
        made = self._create(f"/organizations/{org.id}/clients", {"name": self._name("Robot"), "scopes": scopes})
        org.clients[made["id"]] = Client(made["id"], made["client_id"], made["client_secret"])
        self._ledger.secrets.append(("client secret", made["client_secret"]))
        org.changes["ClientCreated"] += 1
        self._ledger.done()

    def _token(self) -> None:
        """A program sees its own organization, and no other."""
        with_clients = [org for org in self._mine if org.clients]
        if not with_clients:
            return self._client()
        org = self._one(with_clients)
        client = org.clients[self._one(list(org.clients))]
        token = self._known(lambda: client_token(self._hall, client.client_id, client.secret)).json()["access_token"]
        self._ledger.secrets.append(("client's token", token))
        seen = self._known(lambda: call(self._hall, token, "GET", "/organizations")).json()["items"]
        if [one["id"] for one in seen] != [org.id]:
            raise Broken(f"the client {client.id} of {org.id} sees {seen}")
        return self._ledger.done()

    def _platform(self) -> None:
        org = self._one(self._mine)
        body = {"name": self._name("Live"), "kind": "mt5", "api": "mt5-webapi"}
        made = self._create(f"/organizations/{org.id}/platforms", body)
        org.platforms[made["id"]] = None
        org.changes["PlatformAdded"] += 1
        self._ledger.done()

    def _credentials(self) -> None:
        with_platforms = [org for org in self._mine if org.platforms]
        if not with_platforms:
            return self._platform()
        org = self._one(with_platforms)
        platform = self._one(list(org.platforms))
        user, password = self._name("reader"), f"Password-of-{uuid.uuid4().hex}"
        self._ledger.secrets.append(("platform's password", password))
        body = {"host": "127.0.0.1", "port": 1, "database": "mt5", "user": user, "password": password, "tls": "off"}
        path = f"/organizations/{org.id}/platforms/{platform}/db-credentials"
        self._answer("PUT", path, json=body, effect=(org, "PlatformCredentialsSet"))
        org.platforms[platform] = user
        return self._ledger.done()

    def _invite(self) -> None:
        """Another actor who has nothing to do with the organization yet, or else a stranger."""
        org = self._one(self._mine)
        open_to = {email for email, state in org.invitations.values() if state == "pending"}
        free = [one for one in self._others() if one.person.email not in open_to | set(org.members)]
        email = self._one(free).person.email if free else address("guest")
        path = f"/organizations/{org.id}/invitations"
        made = self._create(path, {"email": email, "role": "viewer"})
        org.invitations[made["id"]] = (email, "pending")
        org.changes["MemberInvited"] += 1
        self._ledger.done()

    def _accept(self) -> None:
        """On behalf of another actor who was invited."""
        actors = {one.person.email: one.person for one in self._others()}
        due = [
            (org, offer)
            for org in self._mine
            for offer, (email, state) in org.invitations.items()
            if state == "pending" and email in actors
        ]
        if not due:
            return self._invite()
        org, offer = self._one(due)
        email, _ = org.invitations[offer]
        joined = self._until(lambda: self._accepted(org, actors[email])).json()
        if joined["organization_id"] != org.id:
            raise Broken(f"an invitation of {org.id} led to {joined['organization_id']}")
        org.invitations[offer] = (email, "accepted")
        org.members[email] = ("viewer", None)
        org.changes["MemberJoined"] += 1
        return self._ledger.done()

    def _accepted(self, org: Organization, guest: UserDriver) -> httpx2.Response | None:
        """With the newest link, which may be that of an earlier invitation until the mail is there."""
        link = _newest_link(self._hall, org, guest.email)
        if link is None:
            return None
        self._ledger.secrets.append(("invitation link", link))
        answer = call(self._hall, guest.token, "POST", f"/invitations/{link}/accept")
        if answer.status_code != 410:
            must_not_refuse(answer)
        return answer if answer.status_code == 200 else None

    def _limit(self) -> None:
        with_members = [org for org in self._mine if org.members]
        if not with_members:
            return self._invite()
        org = self._one(with_members)
        email = self._one(list(org.members))
        role, limited = org.members[email]
        held = ("manager" if role == "viewer" else "viewer", None if limited else list(org.platforms)[:1] or None)
        path = f"/organizations/{org.id}/members/{self._ledger.ids[email]}"
        self._answer("PATCH", path, json={"role": held[0], "limits": {"platforms": held[1]}})
        org.members[email] = held
        org.changes["MemberPermissionsChanged"] += 1
        return self._ledger.done()

    def _remove(self) -> None:
        with_members = [org for org in self._mine if org.members]
        if not with_members:
            return self._invite()
        org = self._one(with_members)
        email = self._one(list(org.members))
        self._answer("DELETE", f"/organizations/{org.id}/members/{self._ledger.ids[email]}", gone=(404,))
        del org.members[email]
        org.former.add(email)
        org.changes["MemberRemoved"] += 1
        return self._ledger.done()

    def _revoke(self) -> None:
        due = [
            (org, offer) for org in self._mine for offer, (_, state) in org.invitations.items() if state == "pending"
        ]
        if not due:
            return self._invite()
        org, offer = self._one(due)
        self._answer("DELETE", f"/organizations/{org.id}/invitations/{offer}", gone=(404, 409, 410))
        org.invitations[offer] = (org.invitations[offer][0], "revoked")
        return self._ledger.done()

    def _trespass(self) -> None:
        """Who is no member learns nothing, in the middle of whatever happens."""
        org = self._one(self._mine)
        strangers = [one.person for one in self._others() if one.person.email not in org.former | set(org.members)]
        if not strangers:
            return
        stranger = self._one(strangers)
        path = self._random.choice(["", "/members", "/clients", "/invitations", "/audit"])
        answer = self._until(lambda: _tried(self._hall, stranger, f"/organizations/{org.id}{path}"))
        if answer.status_code != 404:
            raise Broken(f"{stranger.email} got {answer.status_code} from {org.id}{path}: {answer.text}")

    def _others(self) -> "list[Actor]":
        for one in self._everybody:
            one.arrived.wait(PATIENCE)
        return [one for one in self._everybody if one is not self and one.person.email in self._ledger.ids]

    def _name(self, kind: str) -> str:
        self._names += 1
        return f"{kind}-{self._mark}-{self._names:03}"  # a mail breaks no line in it

    def _one(self, among: Any) -> Any:
        return self._random.choice(among)


def _newest_link(driver: SystemDriver, org: Organization, email: str) -> str | None:
    mails = [mail for mail in driver.mails(email) if "/invitations/" in mail.text]
    links = [mail.link("/invitations/") for mail in mails if any(name in mail.text for name in org.names)]
    return links[-1].rsplit("/", 1)[1] if links else None


def _tried(driver: SystemDriver, stranger: UserDriver, path: str) -> httpx2.Response | None:
    answer = call(driver, stranger.token, "GET", path)
    return answer if answer.status_code < 500 else None


class Crowd:
    """All actors of a plan."""

    def __init__(self, driver: SystemDriver, plan: Plan) -> None:
        self.ledger = Ledger()
        self._actors: list[Actor] = []
        self._actors += [Actor(driver, plan, number, self.ledger, self._actors) for number in range(len(plan.scripts))]

    def start(self) -> None:
        for actor in self._actors:
            actor.thread.start()

    @property
    def at_work(self) -> bool:
        return any(actor.thread.is_alive() for actor in self._actors)

    def finish(self) -> None:
        """Raises what an actor met."""
        for actor in self._actors:
            actor.thread.join()
        for actor in self._actors:
            if actor.error is not None:
                raise actor.error
