# SPDX-License-Identifier: Apache-2.0
"""What cliff gives to every command: formats, columns, order, width."""


def test_formats_columns_and_order_come_from_the_library(run, api):
    api.add_server(1, 'a', **{'OS-EXT-STS:task_state': 'migrating'})
    api.add_server(2, 'b')
    named = ('-c', 'Name', '-c', 'Task State')
    assert run('list', '-f', 'json', *named).json == [
        {'Name': 'a', 'Task State': 'migrating'}, {'Name': 'b', 'Task State': None}]
    assert run('list', '-f', 'value', '-c', 'Name').out == 'a\nb\n'
    assert run('list', '-f', 'csv', '-c', 'Name').out.splitlines() == ['"Name"', '"a"', '"b"']
    assert '- Name: a\n' in run('list', '-f', 'yaml', *named).out
    last_first = run('list', '--sort-column', 'Task State', '--sort-descending', '-c', 'Name')
    assert [row[0] for row in last_first.rows] == ['Name', 'b', 'a'], 'what is not set comes last'
    assert run('list', '-f', 'xml').code == 2


def test_table_is_fitted_to_a_width(run, api):
    api.add_server(1, 'a-long-name ' * 20)
    lines = run('list', '--max-width', '100').out.splitlines()
    assert max(map(len, lines)) <= 100 < len(run('list').out.splitlines()[0])


def test_column_that_does_not_exist_is_told_in_one_line(run, api, server):
    result = run('list', '-c', 'Shoe Size')
    assert result.code == 1 and 'Shoe Size' in result.err and result.err.count('\n') == 1


def test_formats_are_those_of_the_library(run):
    listed, shown = run('list', '--help').out, run('show', '--help').out
    assert '{csv,json,table,value,yaml}' in listed and '{json,shell,table,value,yaml}' in shown
