# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the options of the log: oslo.log takes any text, and fails when it begins."""
import configparser
import logging
import os
from collections.abc import Callable, Iterator
from typing import Any

FORMATS = ('logging_context_format_string', 'logging_default_format_string',
           'logging_debug_format_suffix', 'logging_exception_prefix',
           'logging_user_identity_format')


class _Anything(dict):
    """Has a value for each name, which is a number and a text."""

    def __missing__(self, name: str) -> int:
        return 0


def faults(value_of: Callable[[str, str], Any], writes: bool = True) -> list[str]:
    """A line for each option that the log cannot be begun with. ``writes``: by this process; one
    that only checks for others may have fewer rights than they."""
    values = {name: value_of('DEFAULT', name) for name in (
        *FORMATS, 'log_file', 'log_dir', 'log_config_append', 'default_log_levels')}
    return [f'[DEFAULT]{name} = {values[name]}: {why}' for name, why in (
        *_places(values, writes), *_levels(values), *_formats(values))]


def _places(values: dict[str, Any], writes: bool) -> Iterator[tuple[str, str]]:
    if values['log_config_append']:
        try:
            with open(values['log_config_append'], encoding='utf-8') as file:
                configparser.ConfigParser(interpolation=None).read_file(file)
        except (OSError, UnicodeError, configparser.Error) as error:
            yield 'log_config_append', (getattr(error, 'strerror', None)
                                        or 'this is no description of loggers')
        return      # then the other places are not looked at
    file, directory = values['log_file'], values['log_dir']
    if file:
        path = os.path.join(directory or '', file)
        parent = os.path.dirname(os.path.abspath(path))
        if os.path.isdir(path) or not _is_of_use(parent, writes):
            yield 'log_file', f'{path} cannot be written'
    elif directory and not _is_of_use(directory, writes):
        yield 'log_dir', 'no directory in which this process may write'


def _is_of_use(directory: str, writes: bool) -> bool:
    return os.path.isdir(directory) and (not writes or os.access(directory, os.W_OK | os.X_OK))


def _levels(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    known = logging.getLevelNamesMapping()
    for pair in values['default_log_levels']:
        name, _, level = pair.partition('=')
        if not name or level not in (*known, 'TRACE'):
            yield ('default_log_levels',
                   f'{pair}: a logger and its level are needed, as in amqp=WARN')
            return


def _formats(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name in FORMATS:
        try:
            (values[name] or '') % _Anything()
        except (ValueError, TypeError) as error:
            yield name, str(error)
