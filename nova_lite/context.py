# SPDX-License-Identifier: Apache-2.0
"""Who asks, and under which request id: goes with every call, row and log line of a migration."""
import copy
from typing import Any

from oslo_context import context as oslo_context
from oslo_utils import timeutils

from nova_lite import exception


class RequestContext(oslo_context.RequestContext):
    """The request as the services see it.

    ``is_admin`` follows from the role ``admin`` unless it is given. ``timestamp`` is when the
    request came in (aware UTC).
    """

    def __init__(self, *, is_admin: bool | None = None, timestamp: Any = None,
                 **kwargs: Any) -> None:
        super().__init__(is_admin=bool(is_admin), **kwargs)
        if is_admin is None:
            self.is_admin = 'admin' in self.roles
        if isinstance(timestamp, str):
            timestamp = timeutils.parse_isotime(timestamp)
        self.timestamp = timestamp or timeutils.utcnow(with_timezone=True)

    def to_dict(self) -> dict[str, Any]:
        values = super().to_dict()
        values['timestamp'] = self.timestamp.isoformat()
        # a credential is of no use behind the API, and what is not sent cannot be logged
        values['auth_token'] = None
        return values

    @classmethod
    def from_dict(cls, values: dict[str, Any] | None, **kwargs: Any) -> 'RequestContext':
        """``values`` None: of a row in which they cannot be read."""
        values = values or {}
        return super().from_dict(values, is_admin=values.get('is_admin'),
                                 timestamp=values.get('timestamp'), **kwargs)

    def elevated(self) -> 'RequestContext':
        """A copy that may do anything, for what the system does on the user's behalf."""
        context = copy.copy(self)
        context.roles = [*self.roles, *({'admin'} - set(self.roles))]
        context.is_admin = True
        return context

    def can(self, action: str, target: dict[str, Any] | None = None, fatal: bool = True) -> bool:
        """Whether policy lets this caller do ``action``; PolicyNotAuthorized when fatal."""
        from nova_lite import policy  # only the API needs the rules
        try:
            return policy.authorize(self, action, target)
        except exception.Forbidden:
            if fatal:
                raise
            return False


def get_admin_context() -> RequestContext:
    """The context of work that nobody asked for: heartbeats, periodic tasks, start-up."""
    return RequestContext(is_admin=True, roles=['admin'], overwrite=False)
