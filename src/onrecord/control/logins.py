"""Logging in: by password or by a one-time link, into a session that a cookie carries.

Failed logins are counted per account and per peer in a sliding window, in memory: a restart forgets them, which costs
an attacker more time than it gives. The answer to a wrong name and to a wrong password is the same, and takes the
same time. Tokens are random; only their SHA-256 is stored.
"""

import collections
import threading

import msgspec
from sqlalchemy import Engine, delete, insert, select, update

from onrecord import limits
from onrecord.control import users
from onrecord.control.caller import Caller
from onrecord.control.schema import login_links, sessions, transaction
from onrecord.control.schema import users as users_table
from onrecord.control.secrets import Passwords, digest_of, new_token
from onrecord.errors import Denied, Missing
from onrecord.model.time import Clock

_SECOND_US = 1_000_000
_COUNTED = 10_000
"""Names and peers that are remembered; the oldest are forgotten first."""


class Login(msgspec.Struct, frozen=True):
    """A fresh session."""

    token: str
    """For the cookie; kept nowhere else."""
    caller: Caller


class Logins:
    """Everything about logging in. Safe for threads; a password check takes about 50 ms of one core."""

    def __init__(self, engine: Engine, passwords: Passwords, clock: Clock) -> None:
        self._engine = engine
        self._passwords = passwords
        self._clock = clock
        self._failures: collections.OrderedDict[str, list[int]] = collections.OrderedDict()
        self._lock = threading.Lock()
        self._checking = threading.Lock()
        """One password at a time: each check takes 64 MiB, and guesses sent at once must not outrun their count."""

    def by_password(self, name: str, password: str, peer: str) -> Login:
        """Log in with a name and a password.

        Raises:
            Denied: 401, one of them is wrong.
            Denied: 429, too many failures for this account or this peer.
        """
        self._refuse_when_tried_often(name, peer)
        try:
            user = users.by_name(self._engine, name)
        except Missing:
            user = users.User(id="", name=name)
        with self._checking:
            self._refuse_when_tried_often(name, peer)
            matches = self._passwords.matches(user.password, password)
            if not matches:
                self._count_failure(name, peer)
        if not matches:
            raise Denied("Name or password is wrong.", hint="`onrecord users reset` gives a new password.", status=401)
        return self._begin(user.id)

    def by_link(self, token: str, peer: str) -> Login:
        """Log in with the token of a one-time link, which is spent by it.

        Raises:
            Denied: 401, the link is not known, spent or too old.
            Denied: 429, too many failures for this peer.
        """
        self._refuse_when_tried_often("", peer)
        now_us = self._clock.now_us()
        with transaction(self._engine) as connection:
            link = login_links.c.digest == digest_of(token)
            row = connection.execute(select(login_links).where(link, login_links.c.expires_us > now_us)).first()
            connection.execute(delete(login_links).where(link | (login_links.c.expires_us <= now_us)))
        if row is None:
            self._count_failure("", peer)
            raise Denied("This login link was used or is too old.", hint="`onrecord users link` makes one.", status=401)
        return self._begin(row.user_id)

    def make_link(self, name: str) -> str:
        """A token that lets one person in once, within the hour; raises ``Missing``."""
        user, token = users.by_name(self._engine, name), new_token()
        expires_us = self._clock.now_us() + limits.LOGIN_LINK_SECONDS * _SECOND_US
        with transaction(self._engine) as connection:
            connection.execute(
                insert(login_links).values(digest=digest_of(token), user_id=user.id, expires_us=expires_us)
            )
        return token

    def caller(self, token: str) -> Caller:
        """Who a session's cookie stands for.

        Raises:
            Denied: 401, the session ended or never was.
        """
        wanted = (sessions.c.digest == digest_of(token)) & (sessions.c.expires_us > self._clock.now_us())
        with self._engine.connect() as connection:
            user_id = connection.execute(select(sessions.c.user_id).where(wanted)).scalar()
        try:
            if user_id is not None:
                return users.caller(self._engine, user_id)
        except Missing:
            pass
        raise Denied("You are not logged in, or no longer.", hint="Log in again.", status=401)

    def end(self, token: str) -> None:
        """End a session; nothing happens when it is not there."""
        with transaction(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.digest == digest_of(token)))

    def _begin(self, user_id: str) -> Login:
        token, now_us = new_token(), self._clock.now_us()
        with transaction(self._engine) as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_us <= now_us))
            connection.execute(
                insert(sessions).values(
                    digest=digest_of(token), user_id=user_id, expires_us=now_us + limits.SESSION_SECONDS * _SECOND_US
                )
            )
            connection.execute(update(users_table).where(users_table.c.id == user_id).values(last_login_us=now_us))
        return Login(token, users.caller(self._engine, user_id))

    def _refuse_when_tried_often(self, name: str, peer: str) -> None:
        horizon_us = self._clock.now_us() - limits.LOGIN_WINDOW_S * _SECOND_US
        with self._lock:
            for who in _counted(name, peer):
                recent = [instant_us for instant_us in self._failures.get(who, ()) if instant_us > horizon_us]
                if len(recent) >= limits.LOGIN_ATTEMPTS:
                    wait_s = 1 + (recent[0] - horizon_us) // _SECOND_US
                    raise Denied("Too many failed logins.", hint=f"Try again in {wait_s} s.", status=429)

    def _count_failure(self, name: str, peer: str) -> None:
        with self._lock:
            for who in _counted(name, peer):
                instants = self._failures.setdefault(who, [])
                instants.append(self._clock.now_us())
                del instants[: -limits.LOGIN_ATTEMPTS]
                self._failures.move_to_end(who)
            while len(self._failures) > _COUNTED:
                self._failures.popitem(last=False)


def _counted(name: str, peer: str) -> list[str]:
    return [f"peer {peer}"] + ([f"name {name}"] if name else [])
