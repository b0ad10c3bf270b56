# SPDX-License-Identifier: Apache-2.0
"""Which servers a list shows: from the query to the filters of the database.

Without the right to all filters (admin) only those count which tell nothing of other projects and
of hosts; the others are left out, as Nova does, and not refused.
"""
from collections.abc import Callable
from typing import Any

import webob.exc

from nova_lite import exception, objects, patterns
from nova_lite.api import paging, server_status, wsgi
from nova_lite.migration import vm_states
from nova_lite.objects import Instance
from nova_lite.policies import servers as policies

FOR_EVERYBODY = {'name', 'status', 'image', 'flavor', 'reservation_id', 'changes-since',
                 'changes-before', 'all_tenants', 'ip', 'ip6', 'tags', 'tags-any', 'not-tags',
                 'not-tags-any', 'locked', 'limit', 'marker', 'sort_key', 'sort_dir'}
# query parameter -> column with exactly that value
COLUMNS = {'image': 'image_ref', 'reservation_id': 'reservation_id', 'host': 'host',
           'node': 'node', 'hostname': 'hostname', 'uuid': 'uuid', 'project_id': 'project_id',
           'tenant_id': 'project_id', 'user_id': 'user_id', 'vm_state': 'vm_state',
           'task_state': 'task_state', 'availability_zone': 'availability_zone',
           'key_name': 'key_name', 'locked_by': 'locked_by', 'config_drive': 'config_drive'}
NUMBERS = ('power_state', 'progress')
FOR_ADMINS_TO_SORT_BY = ('host', 'node')
STATUS_CHECKED_SINCE = 38
# no server has an address or a tag, so a filter for one finds nothing
FINDS_NOTHING = ('ip', 'ip6', 'tags', 'tags-any')
BATCH = 500

Predicate = Callable[[Instance], bool]


def find(request: wsgi.Request, query: dict[str, Any], all_projects_rule: str) -> list[Instance]:
    """One page of servers. ValidationError, PolicyNotAuthorized, MarkerNotFound."""
    ctxt = request.context
    if not ctxt.can(policies.ALL_FILTERS, fatal=False):
        query = {name: value for name, value in query.items() if name in FOR_EVERYBODY}
    filters, predicates = _columns(query), _predicates(query)
    if not _all_projects(request, query, all_projects_rule):
        filters['project_id'] = ctxt.project_id
    if not _add_states(request, query, filters) or set(query) & set(FINDS_NOTHING):
        return []
    keys, directions = _order(request, query)
    return _pages(ctxt, filters, predicates, keys, directions, paging.limit(query),
                  query.get('marker'))


def refuse_addresses(wanted: dict[str, Any]) -> None:
    """ValidationError when a body gives a server an access address: nothing would keep it."""
    for name in ('accessIPv4', 'accessIPv6'):
        if wanted.get(name):
            raise exception.ValidationError(detail=f'{name} is not supported here')


def _columns(query: dict[str, Any]) -> dict[str, Any]:
    filters: dict[str, Any] = {column: query[name] for name, column in COLUMNS.items()
                               if name in query}
    filters |= {name: int(query[name]) for name in NUMBERS if name in query}
    if 'name' in query:
        filters['name'] = query['name']
    if 'locked' in query:
        filters['locked'] = paging.boolean(query, 'locked')
    changes = paging.changes(query)
    filters |= changes
    if 'deleted' in query:
        filters['deleted'] = paging.boolean(query, 'deleted')
    elif 'changes-since' in changes:
        filters['deleted'] = None   # who asks what has changed wants to hear of deletions
    return filters


def _predicates(query: dict[str, Any]) -> list[Predicate]:
    """What the database cannot select by."""
    found: list[Predicate] = []
    if 'flavor' in query:
        found.append(lambda server: server.flavor is not None
                     and server.flavor.flavorid == query['flavor'])
    if 'description' in query:
        found.append(lambda server: patterns.search(query['description'],
                                                    server.display_description or ''))
    return found


def _all_projects(request: wsgi.Request, query: dict[str, Any], rule: str) -> bool:
    """Whether the list spans all projects. Another project's id alone does not ask for it."""
    return paging.boolean(query, 'all_tenants', default=False) and request.context.can(rule)


def _add_states(request: wsgi.Request, query: dict[str, Any], filters: dict[str, Any]) -> bool:
    """Turn ``status`` into states; False when no server can have such a status."""
    statuses = query.get('status')
    if not statuses:
        return True
    unknown = [status for status in statuses if not server_status.is_known(status)]
    if unknown and request.minor >= STATUS_CHECKED_SINCE:
        raise exception.ValidationError(detail=f'Invalid status: {unknown[0]!r}')
    vm, task = server_status.states_of(statuses)
    if not vm:
        return False
    if vm_states.DELETED in vm:
        if not request.context.is_admin:
            raise webob.exc.HTTPForbidden('Only administrators may list deleted servers')
        filters['deleted'] = True if vm == [vm_states.DELETED] else None
    filters['vm_state'] = vm
    if server_status.DEFAULT not in task:
        filters['task_state'] = task
    return True


def _order(request: wsgi.Request, query: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Sort keys and directions: newest first by default, and last among equals."""
    keys, directions = query.get('sort_key', []), query.get('sort_dir', [])
    if len(directions) > max(len(keys), 1):
        raise exception.ValidationError(detail='There are more sort_dir than sort_key')
    pairs = [(key, directions[place] if place < len(directions) else 'desc')
             for place, key in enumerate(keys)]
    for key, _ in pairs:
        if key in FOR_ADMINS_TO_SORT_BY and not request.context.is_admin:
            raise webob.exc.HTTPForbidden(f'Only administrators may sort servers by {key}')
    pairs = [(key, direction) for key, direction in pairs if key in Instance.fields]
    last = pairs[-1][1] if pairs else (directions[0] if directions else 'desc')
    pairs += [(key, last) for key in ('created_at', 'id') if key not in dict(pairs)]
    return [key for key, _ in pairs], [direction for _, direction in pairs]


def _pages(ctxt: Any, filters: dict[str, Any], predicates: list[Predicate], keys: list[str],
           directions: list[str], limit: int, marker: str | None) -> list[Instance]:
    """The first ``limit`` servers after ``marker`` that the filters and the predicates let
    through."""
    if not predicates:
        return list(objects.InstanceList.get_by_filters(
            ctxt, filters, sort_keys=keys, sort_dirs=directions, limit=limit, marker=marker))
    found: list[Instance] = []
    while len(found) < limit:
        batch = list(objects.InstanceList.get_by_filters(
            ctxt, filters, sort_keys=keys, sort_dirs=directions, limit=BATCH, marker=marker))
        found += [server for server in batch if all(passes(server) for passes in predicates)]
        if len(batch) < BATCH:
            break
        marker = batch[-1].uuid
    return found[:limit]
