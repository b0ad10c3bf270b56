# SPDX-License-Identifier: Apache-2.0
"""What can go wrong in the client, and the line that tells it."""
from typing import Any

# names of novaclient's exceptions, so that scripts that look for them go on working
NAMES = {400: 'BadRequest', 401: 'Unauthorized', 403: 'Forbidden', 404: 'NotFound',
         405: 'MethodNotAllowed', 406: 'NotAcceptable', 409: 'Conflict', 413: 'OverLimit',
         429: 'RateLimit', 501: 'HTTPNotImplemented'}


# words of OpenSSL and of requests, as their versions have them
NO_TLS = ('WRONG_VERSION_NUMBER', 'RECORD_LAYER_FAILURE', 'UNEXPECTED_EOF', 'HTTP_REQUEST',
          'PACKET_LENGTH_TOO_LONG', 'timed out')
NO_HTTP = ('Connection aborted', 'BadStatusLine')


class CommandError(Exception):
    """The command cannot be done; the text tells why."""

    @property
    def kind(self) -> str:
        return 'CommandError'


class UsageError(CommandError):
    """The arguments do not fit together; the exit code is that of a wrong argument."""


class MigrationError(CommandError):
    """The migration ended, but not where it should."""

    @property
    def kind(self) -> str:
        return 'MigrationError'


class SessionError(CommandError):
    """keystoneauth could not talk to the server; ``kind`` is its name for that."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self._kind = kind

    @property
    def kind(self) -> str:
        return self._kind


class ApiError(CommandError):
    """The server answered with an error."""

    def __init__(self, status: int, message: str, request_id: str | None = None) -> None:
        self.status, self.message, self.request_id = status, message, request_id
        text = f'{message} (HTTP {status})'
        super().__init__(f'{text} (Request-ID: {request_id})' if request_id else text)

    @property
    def kind(self) -> str:
        return NAMES.get(self.status, 'ClientException')

    @classmethod
    def of(cls, response: Any) -> 'ApiError':
        """From a requests.Response."""
        request_id = (response.headers.get('X-Openstack-Request-Id')
                      or response.headers.get('X-Compute-Request-Id'))
        return cls(response.status_code, _message(response), request_id)


def as_command_error(error: Exception) -> CommandError | None:
    """A command's exception with what is to be told of it; None for a bug."""
    if isinstance(error, CommandError):
        return error
    from keystoneauth1 import exceptions
    said = str(error)
    if isinstance(error, exceptions.ConnectFailure):
        # the rest repeats the URL in urllib3's words
        return SessionError(type(error).__name__, said.partition(': HTTP')[0] + scheme_hint(said))
    if isinstance(error, exceptions.ClientException):
        return SessionError(type(error).__name__, said + scheme_hint(said))
    return None


def scheme_hint(said: str) -> str:
    """What may help after a connection that failed with these words: the port speaks the other one
    of http and https."""
    if 'https://' in said and any(word in said for word in NO_TLS):
        return ('. The port does not speak TLS: does it want http:// instead of https:// '
                '(OS_ENDPOINT, OS_AUTH_URL)?')
    if 'http://' in said and any(word in said for word in NO_HTTP):
        return ('. The port does not speak HTTP: does it want https:// instead of http:// '
                '(OS_ENDPOINT, OS_AUTH_URL)?')
    return ''


def _message(response: Any) -> str:
    """Nova's form is {"conflictingRequest": {"code": 409, "message": "..."}}."""
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        for value in [*body.values(), body]:
            if isinstance(value, dict) and isinstance(value.get('message'), str):
                return value['message']
    return response.reason or 'Unknown error'
