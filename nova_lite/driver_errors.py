# SPDX-License-Identifier: Apache-2.0
"""What an error of a driver means, told by its code and not by its class or its words.

One table for MariaDB, PostgreSQL, SQLite, RabbitMQ and libvirt. *Passing*: time or an operator at
the other end will mend it, so it is waited for and a client is asked to come again. *Lasting*:
this process can do nothing but end and say why. *Value*: what was asked is at fault. An error
whose code is not here is none of these, which is to say a bug.

The drivers are known by the name of the module that their classes come from: a process needs only
the ones that it uses, and a compute has no database.
"""
import enum
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple


class Meaning(enum.Enum):
    PASSING = 'passing'
    LASTING = 'lasting'
    VALUE = 'value'


class Driver(NamedTuple):
    """``code(error)``: a number or text out of the driver's error, None when it has none; the
    longest row that a text begins with counts."""
    name: str
    code: Callable[[Any], int | str | None]
    codes: dict[int | str, Meaning]


def _rows(**meanings: tuple[int | str, ...]) -> dict[int | str, Meaning]:
    return {code: Meaning(name) for name, codes in meanings.items() for code in codes}


# -- MariaDB ----------------------------------------------------------------------------------
STATEMENT_TIMEOUT = 1969
MARIADB = _rows(
    passing=(
        1021, 1026, 1114, 1180,                 # the disk or the table is full
        STATEMENT_TIMEOUT,
        1040, 1041, 1129, 1203, 1226,           # connections or memory used up, host blocked
        1047, 1053, 1077, 1079,                 # not ready, going down
        1152, 1158, 1159, 1160, 1161, 1184, 1317, 1927,     # the connection was ended
        1205, 1213, 1020,                       # lock waits, deadlocks
        1290, 1792, 1836,                       # read only, as a replica is or a full one
        2002, 2003, 2006, 2013, 2014, 2055),    # it does not answer
    lasting=(
        1044, 1045, 1130, 1142, 1143, 1227, 1251, 1370, 1698, 1820, 1862, 2026, 2059,   # rights
        1049, 1146,                             # no such database or table
        1034, 1035, 1194, 1195),                # corrupt
    # a broken pattern, a number out of range, text that is none, text too long
    value=(1139, 1264, 1265, 1292, 1366, 1406, 3988))


def _first_number(error: Any) -> int | None:
    first = error.args[0] if getattr(error, 'args', None) else None
    return first if isinstance(first, int) else None


# -- PostgreSQL -------------------------------------------------------------------------------
# by SQLSTATE, whose first two characters are its class
POSTGRESQL = _rows(
    passing=('08', '25006', '40', '53', '55P03', '57014', '57P01', '57P02', '57P03', '57P05',
             '58030', 'away'),
    lasting=('28', '3D', '3F000', '42501', '42P01', '0A000', 'XX001', 'XX002', 'refused'),
    value=('22', '2201B'))
# A connection that was refused has no state in libpq, only the server's words. Who has another
# language there gets the other answer: it is waited for.
REFUSED = re.compile('password authentication failed|no pg_hba.conf entry|does not exist'
                     '|is not permitted to log in|authentication method|permission denied'
                     '|invalid (?:port|connection option)|certificate')


def _state(error: Any) -> str | None:
    if error.sqlstate is not None:
        return error.sqlstate
    if type(error).__name__ != 'OperationalError':
        return '22' if type(error).__name__ == 'DataError' else None    # a NUL: nothing was sent
    return 'refused' if REFUSED.search(str(error)) else 'away'


# -- SQLite -----------------------------------------------------------------------------------
# busy, locked, no memory, interrupted, I/O, full, changed meanwhile: passing. No right, read only,
# corrupt, cannot be opened, no database at all: lasting. Too big, out of range: a value.
SQLITE = _rows(passing=(5, 6, 7, 9, 10, 13, 15, 17), lasting=(3, 8, 11, 14, 23, 26),
               value=(18, 25))


def _result_code(error: Any) -> int | None:
    """The primary result code: the lowest byte."""
    code = getattr(error, 'sqlite_errorcode', None)
    return None if code is None else code & 0xff


# -- RabbitMQ ---------------------------------------------------------------------------------
# reply codes of AMQP: closed by force, no queue yet, resource locked, internal, resource limit;
# refused, no such virtual host
RABBITMQ = _rows(passing=(320, 404, 405, 406, 501, 506, 541), lasting=(402, 403, 530))


# -- libvirt ----------------------------------------------------------------------------------
# VIR_ERR_*, of what opening a connection can say: internal, system error, RPC, time limit, SSH;
# not supported, unknown host, no such driver, bad argument, authentication, access denied
LIBVIRT = _rows(passing=(1, 38, 39, 68, 85), lasting=(3, 4, 5, 8, 45, 67, 79, 88, 'URI'))
FROM_URI = 45       # VIR_FROM_URI: all that this domain says is that the text is no URI


def _libvirt_code(error: Any) -> int | str | None:
    if not hasattr(error, 'get_error_code'):
        return None
    return 'URI' if error.get_error_domain() == FROM_URI else error.get_error_code()


# by the first part of the name of the module of the error's class
DRIVERS: dict[str, Driver] = {
    'pymysql': Driver('MariaDB', _first_number, MARIADB),
    'psycopg': Driver('PostgreSQL', _state, POSTGRESQL),
    'sqlite3': Driver('SQLite', _result_code, SQLITE),
    'amqp': Driver('RabbitMQ', lambda error: getattr(error, 'reply_code', None), RABBITMQ),
    'libvirt': Driver('libvirt', _libvirt_code, LIBVIRT),
}
# a name that is not known now may be known when the network is up, a closed port may open
SOCKET = Driver('socket', lambda error: 'away', _rows(passing=('away',)))


def meaning_of(error: BaseException) -> Meaning | None:
    """What the driver's error in or behind ``error`` means; None when there is none in it, or one
    that the table does not know. A refusal counts more than the lost connection it came with."""
    found = [meaning for one in _chain(error) if (meaning := _own_meaning(one)) is not None]
    return Meaning.LASTING if Meaning.LASTING in found else next(iter(found), None)


def code_of(error: BaseException) -> int | str | None:
    """The first code of a driver's in or behind ``error``."""
    codes = ((_driver(one), one) for one in _chain(error))
    return next((driver.code(one) for driver, one in codes if driver is not None), None)


def words_of(error: BaseException) -> str:
    """What the driver itself said, in one line and without the statement and its values."""
    for one in _chain(error):
        if _driver(one) is not None:
            said = [str(part) for part in one.args] or [type(one).__name__]
            return ' '.join(' '.join(said).split())
    cause: Any = error      # a library's words quote the statement and its values
    while (behind := getattr(cause, 'orig', None) or getattr(cause, 'inner_exception', None)):
        cause = behind
    return ' '.join(str(cause).split())


def _own_meaning(error: BaseException) -> Meaning | None:
    driver = _driver(error)
    if driver is None:
        return None
    code = driver.code(error)
    if isinstance(code, str):
        matching = [row for row in driver.codes if isinstance(row, str) and code.startswith(row)]
        code = max(matching, key=lambda row: len(str(row)), default=None)
    return None if code is None else driver.codes.get(code)


def _driver(error: BaseException) -> Driver | None:
    for cls in type(error).__mro__:
        driver = DRIVERS.get(cls.__module__.partition('.')[0])
        if driver is not None:
            return driver
    return SOCKET if isinstance(error, OSError) else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what is behind it: what libraries wrapped, and what was being handled."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [getattr(one, 'inner_exception', None), getattr(one, 'orig', None),
                    one.__cause__, one.__context__]
