# SPDX-License-Identifier: Apache-2.0
"""service-*, hypervisor-list: the hosts and the processes."""
from typing import Any

from nova_lite.cli import base, find, output
from nova_lite.cli.options import PAGE, SERVICE, Argument, flag, option

# since here a service is named by its UUID, before by host and binary
BY_ID = (2, 53)


class ServiceList(base.Lister):
    arguments = (
        option('--host', 'Only services on this host.', metavar='<hostname>'),
        option('--binary', 'Only services of this kind, such as nova-compute.'),
        flag('--long', "Also by how much the host's clock is ahead of the database's."))

    def take_action(self, parsed_args: Any) -> base.Table:
        services = self.client.list('/os-services', 'services', host=parsed_args.host,
                                    binary=parsed_args.binary)
        columns: list[output.Column] = [
            ('Id', 'id'), ('Binary', 'binary'), ('Host', 'host'), ('Zone', 'zone'),
            ('Status', 'status'), ('State', 'state'), ('Updated_at', 'updated_at'),
            ('Disabled Reason', 'disabled_reason')]
        if self.client.version >= (2, 11):
            columns.append(('Forced down', 'forced_down'))
        if parsed_args.long:
            columns.append(('Clock skew (s)', 'clock_skew'))
        return self.table(services, columns)


class ServiceUpdate(base.ShowOne):
    arguments: tuple[Argument, ...] = (SERVICE,)

    def update(self, service: str, old: str, **values: Any) -> base.Table:
        """``old``: the last part of the path before microversion 2.53."""
        found = find.service(self.client, service)
        if self.client.version >= BY_ID:
            path = f"/os-services/{found['id']}"
        else:
            path = f'/os-services/{old}'
            values = {**values, 'host': found['host'], 'binary': found['binary']}
            values.pop('status', None)
        return self.properties(self.client.request('PUT', path, body=values)['service'])


class ServiceEnable(ServiceUpdate):
    def take_action(self, parsed_args: Any) -> base.Table:
        return self.update(parsed_args.service, 'enable', status='enabled')


class ServiceDisable(ServiceUpdate):
    arguments = (SERVICE, option('--reason', 'Why the host is to be given no more servers.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        if not parsed_args.reason:
            return self.update(parsed_args.service, 'disable', status='disabled')
        return self.update(parsed_args.service, 'disable-log-reason', status='disabled',
                           disabled_reason=parsed_args.reason)


class ServiceForceDown(ServiceUpdate):
    arguments = (SERVICE, flag('--unset', 'Let the host speak for itself again.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        return self.update(parsed_args.service, 'force-down',
                           forced_down=not parsed_args.unset)


class HypervisorList(base.Lister):
    arguments = (option('--matching', 'Only hypervisors whose host name contains this.',
                        metavar='<hostname>'), *PAGE)

    def take_action(self, parsed_args: Any) -> base.Table:
        args = parsed_args
        if args.matching and self.client.version < BY_ID:
            path, params = f'/os-hypervisors/{args.matching}/search', {}
        elif args.matching:
            path, params = '/os-hypervisors', {'hypervisor_hostname_pattern': args.matching}
        else:
            path, params = '/os-hypervisors', {'marker': args.marker, 'limit': args.limit}
        return self.table(self.client.list(path, 'hypervisors', **params), [
            ('ID', 'id'), ('Hypervisor hostname', 'hypervisor_hostname'), ('State', 'state'),
            ('Status', 'status')])
