# SPDX-License-Identifier: Apache-2.0
"""service-list, hypervisor-list, flavor-list, image-list: what there is to work with."""
from typing import Any

from nova_lite.cli import output
from nova_lite.cli.client import Client


def service_list(client: Client, args: Any) -> None:
    services = client.list('/os-services', 'services', host=args.host, binary=args.binary)
    columns: list[output.Column] = [
        ('Id', 'id'), ('Binary', 'binary'), ('Host', 'host'), ('Zone', 'zone'),
        ('Status', 'status'), ('State', 'state'), ('Updated_at', 'updated_at'),
        ('Disabled Reason', 'disabled_reason')]
    if client.version >= (2, 11):
        columns.append(('Forced down', 'forced_down'))
    if args.long:
        columns.append(('Clock skew (s)', 'clock_skew'))
    output.print_list(services, columns, args.json)


def hypervisor_list(client: Client, args: Any) -> None:
    if args.matching and client.version < (2, 53):
        path, params = f'/os-hypervisors/{args.matching}/search', {}
    elif args.matching:
        path, params = '/os-hypervisors', {'hypervisor_hostname_pattern': args.matching}
    else:
        path, params = '/os-hypervisors', {'marker': args.marker, 'limit': args.limit}
    hypervisors = client.list(path, 'hypervisors', **params)
    output.print_list(hypervisors, [
        ('ID', 'id'), ('Hypervisor hostname', 'hypervisor_hostname'), ('State', 'state'),
        ('Status', 'status')], args.json)


def flavor_list(client: Client, args: Any) -> None:
    flavors = client.list('/flavors/detail', 'flavors', limit=args.limit, marker=args.marker,
                          is_public='None' if args.all else None)
    columns: list[output.Column] = [
        ('ID', 'id'), ('Name', 'name'), ('Memory_MiB', 'ram'), ('Disk', 'disk'),
        ('Ephemeral', 'OS-FLV-EXT-DATA:ephemeral'), ('Swap', lambda flavor: flavor['swap'] or 0),
        ('VCPUs', 'vcpus'), ('RXTX_Factor', 'rxtx_factor'),
        ('Is_Public', 'os-flavor-access:is_public')]
    if args.extra_specs:
        columns.append(('extra_specs', 'extra_specs'))
    if client.version >= (2, 55):
        columns.append(('Description', 'description'))
    output.print_list(flavors, columns, args.json)


def image_list(client: Client, args: Any) -> None:
    images = client.images('/images', name=args.name, marker=args.marker,
                           limit=args.limit)['images']
    output.print_list(images, [
        ('ID', 'id'), ('Name', 'name'), ('Status', 'status'),
        ('Size', lambda image: output.bytes_text(image.get('size')))], args.json)
