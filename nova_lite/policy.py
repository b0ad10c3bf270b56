# SPDX-License-Identifier: Apache-2.0
"""May this caller do that? Asked before anything of a migration is touched.

The rules are those of :mod:`nova_lite.policies`, overridden by ``policy.yaml``. A changed file
takes effect at the next question; a file that cannot be used is said so in the log, and the rules
before it stay in force.
"""
import os
import re
import threading
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from oslo_policy import opts
from oslo_policy import policy as oslo_policy

from nova_lite import exception, policies
from nova_lite.conf import CONF

LOG = logging.getLogger(__name__)

opts.set_defaults(CONF, policy_file='policy.yaml')


class _State:
    """``enforcer`` answers; ``seen`` is what the policy files looked like when they were read."""
    enforcer: oslo_policy.Enforcer | None = None
    seen: tuple = ()
    lock = threading.Lock()


_state = _State()


def load() -> None:
    """Read the rules now, where a process starts. ConfigInvalid when they make no sense."""
    _enforcer()


def check() -> list[str]:
    """A line for each rule in the policy files that decides nothing; ConfigInvalid as above."""
    return _strange(_load())


def reset() -> None:
    """Forget the rules, so that the next question reads them anew; for tests."""
    _state.enforcer, _state.seen = None, ()


def authorize(ctxt: Any, action: str, target: dict[str, Any] | None = None) -> bool:
    """True, or PolicyNotAuthorized. ``target`` is the caller's own project when not given.

    Asking for a rule that does not exist is a programming error: PolicyNotRegistered.
    """
    if target is None:
        target = {'project_id': ctxt.project_id, 'user_id': ctxt.user_id}
    try:
        return _enforcer().authorize(action, target, _credentials(ctxt), do_raise=True,
                                     exc=exception.PolicyNotAuthorized, action=action)
    except oslo_policy.InvalidScope as error:
        raise exception.PolicyNotAuthorized(action=action) from error


def check_is_admin(ctxt: Any) -> bool:
    """Whether ``ctxt`` counts as an administrator by the rule context_is_admin."""
    target = {'project_id': ctxt.project_id, 'user_id': ctxt.user_id}
    return bool(_enforcer().authorize('context_is_admin', target, _credentials(ctxt)))


def _credentials(ctxt: Any) -> dict[str, Any]:
    """What the rules see of the caller; ``system`` is oslo.policy's word for a token's scope, and
    ``is_admin`` what context_is_admin has said."""
    return {**dict(ctxt.to_policy_values().items()), 'system': ctxt.system_scope,
            'is_admin': ctxt.is_admin}


def get_enforcer() -> oslo_policy.Enforcer:
    """The enforcer for oslopolicy's command line tools."""
    return _build()


def _enforcer() -> oslo_policy.Enforcer:
    """The rules in force, read again when a policy file has changed.

    A fresh enforcer is built and then put in place at once: oslo.policy's own reloading empties
    the rules for a moment, in which other threads would be refused.
    """
    found = _fingerprint()
    if _state.enforcer is not None and found == _state.seen:
        return _state.enforcer
    with _state.lock:
        if _state.enforcer is None:
            _state.enforcer, _state.seen = _load_and_say(), found
        elif found != _state.seen:
            _state.seen = found     # a bad file is said once, not with every question
            try:
                _state.enforcer = _load_and_say()
                LOG.info('The policy files have changed and were read again')
            except exception.ConfigInvalid as error:
                LOG.error('%s The rules before it stay in force.', error.format_message())
        return _state.enforcer


def _build() -> oslo_policy.Enforcer:
    enforcer = oslo_policy.Enforcer(CONF)
    enforcer.register_defaults(policies.list_rules())
    return enforcer


def _load() -> oslo_policy.Enforcer:
    """An enforcer with the files read; ConfigInvalid when they make no sense."""
    enforcer = _build()
    try:
        enforcer.load_rules()
        for name, older in policies.FALLBACKS.items():
            if older in enforcer.file_rules and name not in enforcer.file_rules:
                enforcer.rules[name] = enforcer.rules[older]
        enforcer.check_rules(raise_on_violation=True)
    except (ValueError, TypeError, AttributeError, OSError,
            oslo_policy.InvalidDefinitionError, cfg.Error) as error:
        raise exception.ConfigInvalid(reason=f'policy file: {error}.') from error
    enforcer.use_conf = False   # it must not reload by itself
    return enforcer


def _load_and_say() -> oslo_policy.Enforcer:
    enforcer = _load()
    for warning in _strange(enforcer):
        LOG.warning('%s', warning)
    return enforcer


def _strange(enforcer: oslo_policy.Enforcer) -> list[str]:
    """A line for each rule of the files that nova-lite does not ask and no other refers to."""
    used = set(enforcer.registered_rules)
    for rule in enforcer.rules.values():
        used.update(re.findall(r'rule:([^\s()]+)', str(rule)))
    return [f'policy file: {name} is no rule of nova-lite, and none refers to it'
            for name in sorted(set(enforcer.file_rules) - used)]


def _fingerprint() -> tuple:
    """What the policy files look like now: changes whenever one of them does."""
    names = [CONF.oslo_policy.policy_file]
    for directory in CONF.oslo_policy.policy_dirs:
        path = CONF.find_file(directory)
        if path and os.path.isdir(path):
            names += sorted(entry.path for entry in os.scandir(path))
    return tuple(_stat(CONF.find_file(name)) for name in names)


def _stat(path: str | None) -> tuple | None:
    try:
        status = os.stat(path) if path else None
    except OSError:
        return None
    return status and (path, status.st_mtime_ns, status.st_size, status.st_ino)
