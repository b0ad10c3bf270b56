# SPDX-License-Identifier: Apache-2.0
"""Which options there are: ours, and those of the libraries that each process uses.

A library says what it has by the entry points that oslo-config-generator reads too, so nothing of
a library is loaded before it is asked for, and one that is not installed has no options: who takes
no tokens does without keystonemiddleware.
"""
import functools
import importlib.metadata
import itertools
from collections.abc import Iterator

from oslo_config import cfg

from nova_lite import conf as nova_conf

_ALL = ('oslo.log', 'oslo.messaging')
_DATABASE = (*_ALL, 'oslo.db')
_API = (*_DATABASE, 'oslo.policy', 'keystonemiddleware.auth_token', 'oslo.middleware.basic_auth',
        'oslo.middleware.http_proxy_to_wsgi')

MANAGE = 'nova-lite-manage'
# process: entry points of oslo.config.opts
LIBRARIES: dict[str, tuple[str, ...]] = {
    'nova-lite-api': _API,
    'nova-lite-conductor': _DATABASE,
    'nova-lite-scheduler': _DATABASE,
    'nova-lite-compute': _ALL,
    'nova-lite-all-in-one': _API,
    # it checks the files of all
    MANAGE: _API,
}
DEFAULT = 'DEFAULT'
# libraries of an extra: what the files of another host may have for them
OPTIONAL = {'keystonemiddleware.auth_token': 'keystone_authtoken'}
# their plugins have options that depend on the value of auth_type
PLUGGABLE = ('keystone_authtoken',)


def options(process: str) -> Iterator[tuple[str, cfg.Opt]]:
    """(section, option) of all that ``process`` reads."""
    for section, opts in itertools.chain(_ours(), *map(_of, LIBRARIES.get(process, _ALL))):
        for opt in opts:
            yield section, opt


def names(process: str | None = None) -> dict[str, set[str]]:
    """Names of options by section, former names included; those of every process by default."""
    found: dict[str, set[str]] = {}
    for one in [process] if process else LIBRARIES:
        for section, opt in options(one):
            for where, name in spellings(section, opt):
                found.setdefault(where, set()).add(name)
    for section in [DEFAULT, *nova_conf.CONF]:      # what a library registers without telling
        registered = nova_conf.CONF if section == DEFAULT else nova_conf.CONF[section]
        if isinstance(registered, (cfg.ConfigOpts, cfg.ConfigOpts.GroupAttr)):
            found.setdefault(section, set()).update(registered)
    return found


def spellings(section: str, opt: cfg.Opt) -> list[tuple[str, str]]:
    """(section, name) under which a file may have the option."""
    return [(section, opt.dest)] + [(old.group or section, old.name or opt.dest)
                                    for old in opt.deprecated_opts]


def _ours() -> list[tuple[str, list[cfg.Opt]]]:
    return [pair for module in nova_conf.SECTIONS for pair in module.list_opts().items()]


def absent() -> set[str]:
    """Sections of which nothing is known here."""
    return {section for library, section in OPTIONAL.items() if not _of(library)}


@functools.cache
def _of(library: str) -> list[tuple[str, list[cfg.Opt]]]:
    return [(str(getattr(group, 'name', group) or DEFAULT), opts)
            for entry in importlib.metadata.entry_points(group='oslo.config.opts', name=library)
            for group, opts in entry.load()()]
