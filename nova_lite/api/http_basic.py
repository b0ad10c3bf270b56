# SPDX-License-Identifier: Apache-2.0
"""User names and bcrypt passwords from a file, on the parts of oslo_middleware.basic_auth.

bcrypt is slow on purpose, and every request of a client carries the password: a check that
succeeded is remembered for a few minutes after its last use under a keyed digest. An unknown name
costs as much time as a wrong password, and a client that is wrong too often waits (throttle.py).
Both files are read again when they change.
"""
import hashlib
import hmac
import math
import os
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import bcrypt
import webob.exc
import yaml
from oslo_log import log as logging
from oslo_middleware import basic_auth

from nova_lite import exception, utils
from nova_lite.api import connections, throttle

LOG = logging.getLogger(__name__)

REMEMBER = 300.0        # seconds
REMEMBER_AT_MOST = 1024
CHECKS_AT_ONCE = 2      # each keeps a core busy
# a password that nobody has, hashed as "htpasswd -B" and the lab do it
NOBODY = bcrypt.hashpw(secrets.token_bytes(32), bcrypt.gensalt(rounds=10))


def unauthorized() -> webob.exc.HTTPUnauthorized:
    """The one answer to no, wrong and unknown credentials."""
    return webob.exc.HTTPUnauthorized(
        'A valid user name and password are needed',
        headers={'WWW-Authenticate': 'Basic realm="nova-lite", charset="UTF-8"'})


def _too_often(wait: float) -> webob.exc.HTTPTooManyRequests:
    return webob.exc.HTTPTooManyRequests(
        'Too many wrong passwords: wait before you try again',
        headers={'Retry-After': str(math.ceil(wait))})


class WatchedFile:
    """The parsed content of a file, parsed again when the file has changed.

    A file that cannot be used raises ConfigInvalid at first; later it is mentioned in the log and
    what was read before stays.
    """

    def __init__(self, path: str, parse: Callable[[str], Any]) -> None:
        self._path, self._parse, self._lock = path, parse, threading.Lock()
        self._seen = self._fingerprint()
        self._content = self._read()

    def content(self) -> Any:
        if self._fingerprint() != self._seen:
            with self._lock:
                self._reload()
        return self._content

    def _reload(self) -> None:
        found = self._fingerprint()
        if found == self._seen:
            return
        self._seen = found
        try:
            self._content = self._read()
            LOG.info('%s has changed and was read again', self._path)
        except exception.ConfigInvalid as error:
            LOG.error('%s What was read before stays in force.', error.format_message())

    def _read(self) -> Any:
        try:
            with open(self._path, encoding='utf-8') as file:
                return self._parse(file.read())
        except (OSError, ValueError, webob.exc.HTTPException, yaml.YAMLError) as error:
            detail = getattr(error, 'detail', None) or error
            raise exception.ConfigInvalid(reason=f'{self._path}: {detail}.') from error

    def _fingerprint(self) -> tuple | None:
        try:
            status = os.stat(self._path)
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


class Passwords:
    """The htpasswd file, and the checks that succeeded lately."""

    def __init__(self, path: str) -> None:
        self._file = WatchedFile(path, parse_htpasswd)
        self._salt = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._remembered: dict[bytes, tuple[float, bytes]] = {}
        self._throttle = throttle.Throttle()
        self._checks = threading.BoundedSemaphore(CHECKS_AT_ONCE)

    def authenticate(self, environ: dict) -> str:
        """The name of the user whose credentials the request carries, or HTTPUnauthorized, or
        HTTPTooManyRequests when its client was wrong too often."""
        try:
            # on a copy, as it takes the header out: a client's retry may need it
            name, password = basic_auth.parse_token(basic_auth.parse_header(dict(environ)))
        except webob.exc.HTTPException as error:
            raise unauthorized() from error
        crypted = self._file.content().get(name)
        digest = hmac.digest(self._salt, name.encode() + b'\0' + password, hashlib.sha256)
        if crypted is not None and self._is_remembered(digest, crypted):
            return name
        client = connections.client_of(environ.get('REMOTE_ADDR', '127.0.0.1'))
        with self._checks:
            wait = self._throttle.wait(client, name)
            if wait > 0:
                raise _too_often(wait)
            if not _matches(password, crypted or NOBODY) or crypted is None:
                LOG.info('Wrong user name or password')
                self._throttle.failed(client, name)
                raise unauthorized()
        self._throttle.succeeded(client, name)
        self._remember(digest, crypted)
        return name

    def _is_remembered(self, digest: bytes, crypted: bytes) -> bool:
        now = time.monotonic()
        with self._lock:
            until, was = self._remembered.get(digest, (0.0, b''))
            # a password that was changed in the file is no longer remembered
            known = now < until and was == crypted
            if known:
                self._remembered[digest] = (now + REMEMBER, crypted)
        return known

    def _remember(self, digest: bytes, crypted: bytes) -> None:
        now = time.monotonic()
        with self._lock:
            if len(self._remembered) >= REMEMBER_AT_MOST:
                self._remembered = {key: value for key, value in self._remembered.items()
                                    if value[0] > now}
            if len(self._remembered) < REMEMBER_AT_MOST:
                self._remembered[digest] = (now + REMEMBER, crypted)


class Users:
    """The users file: ``name: {project_id: ..., user_id: ..., roles: [...]}``."""

    def __init__(self, path: str) -> None:
        self._file = WatchedFile(path, parse_users)

    def get(self, name: str) -> dict[str, Any] | None:
        """user_id, project_id and roles of a user, or None."""
        return self._file.content().get(name)


def parse_htpasswd(text: str) -> dict[str, bytes]:
    """Hashes by user name. ValueError or HTTPBadRequest for other than bcrypt's."""
    entries = (line.strip() for line in text.splitlines())
    return dict(basic_auth.parse_entry(entry) for entry in entries
                if entry and not entry.startswith('#') and ':' in entry)


def parse_users(text: str) -> dict[str, dict[str, Any]]:
    """Users by name; ValueError names what is wrong."""
    raw = yaml.safe_load(text) or {}
    if not isinstance(raw, dict):
        raise ValueError('must be a mapping of user names')
    return {str(name): _parse_user(name, entry) for name, entry in raw.items()}


def _parse_user(name: Any, entry: Any) -> dict[str, Any]:
    if not isinstance(entry, dict) or not entry.get('project_id'):
        raise ValueError(f'user {name!r} needs a project_id')
    roles = entry.get('roles', [])
    if not isinstance(roles, list) or not all(isinstance(role, str) for role in roles):
        raise ValueError(f'roles of user {name!r} must be a list of words')
    unknown = set(entry) - {'project_id', 'user_id', 'roles'}
    if unknown:
        raise ValueError(f'user {name!r} has unknown keys: {", ".join(sorted(map(str, unknown)))}')
    return {'user_id': str(entry.get('user_id', name)), 'project_id': str(entry['project_id']),
            'roles': [role.lower() for role in roles]}


def _matches(password: bytes, crypted: bytes) -> bool:
    try:
        # only the hash itself leaves the thread: logging from a native one could block the hub
        return utils.tpool_execute(bcrypt.checkpw, password, crypted)
    except ValueError:
        return False    # longer than bcrypt takes, or a hash that is none
