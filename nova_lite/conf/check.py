# SPDX-License-Identifier: Apache-2.0
"""The options of a process as one value that is checked before anything of it is used.

oslo.config converts a value when it is asked for, which may be in the middle of a copy. Here all
options are read at once, from the files as they are now and apart from what is in force: at start,
where a fault ends the process, and at SIGHUP, where it leaves everything as it was. What was read
and checked is what is taken: the files are not read a second time.
"""
import contextlib
import difflib
import glob
import os
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from oslo_config import cfg
from oslo_log import log as logging

from nova_lite import conf as nova_conf
from nova_lite.conf import libraries, log, relations

PROJECT = 'nova-lite'
UNWRITTEN = 'default'
REFERS_TO_ITSELF = 'it refers to itself'
CONF = nova_conf.CONF


class Source(NamedTuple):
    """One file: values by section and option, as lists of lines."""
    path: str
    sections: dict[str, dict[str, list[str]]]


class Reading(NamedTuple):
    """What the files of a process say. ``faults`` and ``warnings`` are lines for people; with a
    fault in it ``candidate`` must not be taken."""
    faults: list[str]
    warnings: list[str]
    candidate: cfg.ConfigOpts | None = None


class _Candidate(cfg.ConfigOpts):
    """Options apart from the global ones."""

    def _validate_cli_options(self, namespace: Any) -> None:
        """Left out: it would end the process at the first fault, where all are wanted."""


class Options:
    """The options of ``process``, which was started with ``argv``."""

    def __init__(self, process: str, argv: Sequence[str]) -> None:
        self.process, self.argv = process, list(argv)

    def start(self) -> Reading:
        """Read, and put into force what has no fault. Ends the process for --help and for
        arguments that are none, as argparse does."""
        reading = self.read()
        if reading.candidate is not None and not reading.faults:
            CONF(self.argv, project=PROJECT, prog=self.process)
            CONF._namespace = reading.candidate._namespace
        return reading

    def reread(self) -> tuple[Reading, list[str]]:
        """Read again, and put into force what may change, if there is no fault in the files nor in
        what they make together with the values that stay. Returns what has changed by name."""
        reading = self.read()
        candidate = reading.candidate
        if candidate is not None and not reading.faults:
            reading.faults.extend(_broken_relations(self._mixed(candidate)))
        if candidate is None or reading.faults:
            return reading, []
        # mutate_config_files() would read the files anew: it gets what was checked
        CONF.__dict__['_reload_config_files'] = lambda: candidate._namespace
        try:
            changed = CONF.mutate_config_files()
        finally:
            del CONF.__dict__['_reload_config_files']
        return reading, sorted(f'[{group or libraries.DEFAULT}]{name}'
                               for group, name in changed)

    def read(self) -> Reading:
        """What the files say now; nothing of it is put into force."""
        sources, faults = self._sources()
        if faults:
            return Reading(faults, [])
        candidate = self._candidate()
        try:
            candidate(self.argv, project=PROJECT, prog=self.process)
        except cfg.Error as error:
            return Reading([str(error)], [])
        faults = [fault for section, opt in self._options()
                  if (fault := _fault(candidate, sources, section, opt))]
        # a default that refers to a faulty value is none of its own
        faults = [fault for fault in faults if not fault.startswith(UNWRITTEN)] or faults
        if not faults:
            def value(*name: str) -> Any:
                return _value(candidate, *name)
            faults = [*_broken_relations(value),
                      *log.faults(value, writes=self.process != libraries.MANAGE)]
        return Reading(faults, _unknown(sources, self.process), candidate)

    # -- files -------------------------------------------------------------------------------
    def _sources(self) -> tuple[list[Source], list[str]]:
        """The files in the order in which a later one wins, and what is wrong with them as such.
        No line of a file is quoted: it may hold a password."""
        sources, faults = [], []
        for path in self._paths():
            sections: dict[str, dict[str, list[str]]] = {}
            try:
                cfg.ConfigParser(path, sections).parse()
            except OSError as error:
                faults.append(f'{path}: {error.strerror}')
            except UnicodeError:
                faults.append(f'{path}: this is no text in UTF-8')
            except cfg.iniparser.ParseError as error:
                faults.append(f'{path}, line {error.lineno}: {error.msg}')
            sources.append(Source(path, sections))
        return sources, faults

    def _paths(self) -> list[str]:
        files, directories = (_arguments(self.argv, '--config-file'),
                              _arguments(self.argv, '--config-dir'))
        found = files if files else cfg.find_config_files(PROJECT, self.process)
        for directory in directories or cfg.find_config_dirs(PROJECT, self.process):
            found += sorted(glob.glob(os.path.join(directory, '*.conf')))
        return [os.path.abspath(os.path.expanduser(path)) for path in found]

    # -- values ------------------------------------------------------------------------------
    def _candidate(self) -> cfg.ConfigOpts:
        made = _Candidate()
        logging.register_options(made)      # some of them are arguments too
        for section, opt in self._options():
            made.register_opt(opt, group=None if section == libraries.DEFAULT else section)
        return made

    def _options(self) -> list[tuple[str, cfg.Opt]]:
        return list(libraries.options(self.process))

    def _mixed(self, candidate: cfg.ConfigOpts) -> Callable[[str, str], Any]:
        """Values as they would be: what may change of the candidate, the rest as in force."""
        mutable = {(section, opt.dest) for section, opt in self._options() if opt.mutable}
        return lambda *name: _value(candidate if name in mutable or not _has(CONF, *name)
                                    else CONF, *name)


def _arguments(argv: list[str], name: str) -> list[str]:
    """The values of an argument that may be given several times."""
    return ([argv[at + 1] for at, word in enumerate(argv[:-1]) if word == name]
            + [word.partition('=')[2] for word in argv if word.startswith(f'{name}=')])


def _value(conf: cfg.ConfigOpts, section: str, name: str) -> Any:
    return conf[name] if section == libraries.DEFAULT else conf[section][name]


def _has(conf: cfg.ConfigOpts, section: str, name: str) -> bool:
    return name in conf if section == libraries.DEFAULT else (
        section in conf and name in conf[section])


def _fault(candidate: cfg.ConfigOpts, sources: list[Source], section: str,
           opt: cfg.Opt) -> str | None:
    """One line on what is wrong with the option's value."""
    origin, written = _written(sources, section, opt)
    try:
        value = _value(candidate, section, opt.dest)
    except (cfg.Error, ValueError, TypeError, AttributeError) as error:
        cause = error.__context__ or error
        why = REFERS_TO_ITSELF if isinstance(cause, RecursionError) else str(cause)
    except RecursionError:
        why = REFERS_TO_ITSELF
    else:
        # an empty number would be None, whatever the option's bounds are
        if value is not None or not written:
            return None
        why = 'a value is needed'
    if opt.secret:
        return f'{origin}: [{section}]{opt.dest} is not valid (its value is not shown)'
    return f'{origin}: [{section}]{opt.dest} = {" ".join(written)}: {" ".join(why.split())}'


def _written(sources: list[Source], section: str, opt: cfg.Opt) -> tuple[str, list[str]]:
    """Where the option stands, and as what."""
    variable = f'OS_{section.upper()}__{opt.dest.upper()}'
    if variable in os.environ:
        return f'environment variable {variable}', [os.environ[variable]]
    spellings = libraries.spellings(section, opt)
    for source in reversed(sources):
        for found, lines in source.sections.items():
            for name in lines:
                if (_normalised(found), name) in spellings:
                    return source.path, lines[name] if opt.multi else lines[name][-1:]
    return UNWRITTEN, []


def _broken_relations(value_of: Callable[[str, str], Any]) -> list[str]:
    return [', '.join(f'[{section}]{option} = {value_of(section, option)}' for section, option in
                      (name.split('.') for name in relation.names)) + f': {relation.remedy}'
            for relation in relations.broken(value_of)]


def _normalised(section: str) -> str:
    return section if section == libraries.DEFAULT else section.lower()


# -- what nobody reads ---------------------------------------------------------------------------
def _unknown(sources: list[Source], process: str) -> list[str]:
    """A line for each option and section that no process of nova-lite has: one file may serve
    several of them."""
    known = libraries.names(process)
    strange = [(source.path, section, name) for source in sources
               for section, lines in source.sections.items() for name in lines
               if name not in known.get(_normalised(section), ())]
    if not strange:
        return []
    known, absent = libraries.names(), libraries.absent()
    for section in set(libraries.PLUGGABLE) - absent:
        known[section] |= _plugin_options(sources, section)
    warnings = dict.fromkeys(_say(known, *one) for one in strange
                             if _normalised(one[1]) not in absent)
    return [warning for warning in warnings if warning]


def _say(known: dict[str, set[str]], path: str, section: str, name: str) -> str | None:
    there = known.get(_normalised(section))
    if there is None:
        return f'{path}: [{section}] is no section of nova-lite{_nearest(section, known)}'
    if name in there:
        return None
    return (f'{path}: [{section}]{name} is no option of nova-lite'
            f'{_nearest(name, there)}')


def _nearest(name: str, known: Any) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.8)
    return f'; is {near[0]} meant?' if near else ''


def _plugin_options(sources: list[Source], section: str) -> set[str]:
    """What the plugin has that the files choose by auth_type."""
    from keystoneauth1 import exceptions, loading
    found: set[str] = set()
    for source in sources:
        for auth_type in source.sections.get(section, {}).get('auth_type', ()):
            with contextlib.suppress(exceptions.ClientException):
                found |= {name for opt in loading.get_auth_plugin_conf_options(auth_type)
                          for _section, name in libraries.spellings(section, opt)}
    return found
