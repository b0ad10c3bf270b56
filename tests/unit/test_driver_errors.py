# SPDX-License-Identifier: Apache-2.0
"""Errors of drivers are told apart by their code: what passes, what lasts, what is a bad value."""
import sqlite3

import psycopg
import pymysql
import pytest
import sqlalchemy.exc
from kombu.transport import pyamqp
from oslo_db import exception as db_exc

from nova_lite import driver_errors, exception, faults
from nova_lite.driver_errors import Meaning

PASSING, LASTING, VALUE = Meaning.PASSING, Meaning.LASTING, Meaning.VALUE
AMQP = pyamqp.amqp.exceptions


def mariadb(code):
    return pymysql.err.OperationalError(code, 'what the server says')


def postgresql(state, words='what the server says'):
    error = psycopg.errors.lookup(state)(words) if state else psycopg.OperationalError(words)
    assert error.sqlstate == state
    return error


def sqlite(code):
    error = sqlite3.OperationalError('what the library says')
    error.sqlite_errorcode = code
    return error


def libvirt_error(code, domain=0):
    """As the binding makes it; its module is all that is known of it."""
    cls = type('libvirtError', (Exception,), {
        '__module__': 'libvirt', 'get_error_code': lambda self: code,
        'get_error_domain': lambda self: domain})
    return cls('what libvirt says')


@pytest.mark.parametrize('error, meaning', [
    *((mariadb(code), PASSING) for code in (1040, 1203, 1205, 1213, 1290, 1836, 2003, 2006, 2013,
                                            1021, 1114)),
    *((mariadb(code), LASTING) for code in (1044, 1045, 1049, 1146)),
    *((mariadb(code), VALUE) for code in (1139, 1264, 1406)), (mariadb(1064), None),
    *((postgresql(state), PASSING) for state in ('53300', '57P01', '57P03', '25006', '08006',
                                                 '40001', '40P01', '53100', '58030')),
    *((postgresql(state), LASTING) for state in ('28P01', '28000', '3D000', '42501', '42P01')),
    (postgresql('22003'), VALUE), (postgresql('42601'), None),
    (postgresql(None, 'connection failed: FATAL:  sorry, too many clients already'), PASSING),
    (postgresql(None, 'connection failed: Connection refused'), PASSING),
    (postgresql(None, 'FATAL:  password authentication failed for user "x"'), LASTING),
    *((sqlite(code), PASSING) for code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED,
                                           sqlite3.SQLITE_BUSY_SNAPSHOT, sqlite3.SQLITE_FULL,
                                           sqlite3.SQLITE_IOERR_WRITE)),
    *((sqlite(code), LASTING) for code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CORRUPT,
                                           sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB,
                                           sqlite3.SQLITE_READONLY_DBMOVED)),
    (sqlite(sqlite3.SQLITE_TOOBIG), VALUE), (sqlite(sqlite3.SQLITE_ERROR), None),
    (AMQP.AccessRefused('no'), LASTING), (AMQP.NotAllowed('no'), LASTING),
    (AMQP.ConnectionForced('stop'), PASSING), (ConnectionRefusedError(), PASSING),
    (libvirt_error(38), PASSING), (libvirt_error(39), PASSING), (libvirt_error(45), LASTING),
    (libvirt_error(5), LASTING), (libvirt_error(1, domain=45), LASTING),
    (libvirt_error(42), None), (ValueError('a bug'), None)],
    ids=lambda value: getattr(value, 'name', None))
def test_meaning_of_when_a_driver_says_a_code_then_it_passes_or_lasts(error, meaning):
    assert driver_errors.meaning_of(error) is meaning


def test_meaning_of_when_the_error_is_wrapped_then_it_is_found_inside():
    assert driver_errors.meaning_of(db_exc.DBError(mariadb(1045))) is LASTING
    try:
        try:
            raise ConnectionResetError()
        except OSError:
            raise AMQP.AccessRefused('Login was refused') from None
    except AMQP.AMQPError as error:
        assert driver_errors.meaning_of(error) is LASTING


def test_words_of_when_an_error_is_wrapped_then_the_drivers_alone_in_one_line():
    wrapped = db_exc.DBError(pymysql.err.OperationalError(1045, 'Access denied\nfor user'))
    assert driver_errors.words_of(wrapped) == '1045 Access denied for user'


def test_words_of_when_no_driver_said_anything_then_the_statement_is_not_quoted():
    behind = OverflowError('date value out of range')
    statement = sqlalchemy.exc.StatementError(str(behind), 'SELECT secret', {}, behind)
    assert driver_errors.words_of(db_exc.DBError(statement)) == 'date value out of range'


def test_codes_when_walked_then_no_row_of_a_driver_is_shadowed():
    for driver in [*driver_errors.DRIVERS.values(), driver_errors.SOCKET]:
        assert driver.codes and set(driver.codes.values()) <= set(Meaning)


def test_is_lasting_when_another_process_was_met_with_it_then_not():
    error = exception.DatabaseRefused(reason='x')
    remote = type('DatabaseRefused_Remote', (exception.DatabaseRefused,), {})(reason='x')
    assert faults.is_lasting(error) and not faults.is_lasting(remote)
    assert not faults.is_lasting(exception.DatabaseUnavailable())
