# SPDX-License-Identifier: Apache-2.0
"""flavor-*, image-list: what servers are made of."""
from typing import Any

from nova_lite.cli import base, find, output
from nova_lite.cli.options import FLAVOR, PAGE, arg, flag, option

IS_PUBLIC, EPHEMERAL = 'os-flavor-access:is_public', 'OS-FLV-EXT-DATA:ephemeral'


class FlavorList(base.Lister):
    arguments = (flag('--extra-specs', 'Show the extra specs too.'),
                 flag('--all', 'Also flavors that are not public (administrators).'), *PAGE)

    def take_action(self, parsed_args: Any) -> base.Table:
        flavors = self.client.list(
            '/flavors/detail', 'flavors', limit=parsed_args.limit, marker=parsed_args.marker,
            is_public='None' if parsed_args.all else None)
        columns: list[output.Column] = [
            ('ID', 'id'), ('Name', 'name'), ('Memory_MiB', 'ram'), ('Disk', 'disk'),
            ('Ephemeral', EPHEMERAL), ('Swap', lambda flavor: flavor['swap'] or 0),
            ('VCPUs', 'vcpus'), ('RXTX_Factor', 'rxtx_factor'), ('Is_Public', IS_PUBLIC)]
        if parsed_args.extra_specs:
            columns.append(('extra_specs', 'extra_specs'))
        if self.client.version >= (2, 55):
            columns.append(('Description', 'description'))
        return self.table(flavors, columns)


class FlavorCreate(base.ShowOne):
    arguments = (
        arg('name', metavar='<name>', help='Name of the flavor.'),
        arg('id', metavar='<id>', help='ID of the flavor; auto: the server makes one.'),
        arg('ram', metavar='<ram>', type=int, help='Memory in MiB.'),
        arg('disk', metavar='<disk>', type=int, help='Disk in GiB.'),
        arg('vcpus', metavar='<vcpus>', type=int, help='Number of CPUs.'),
        option('--ephemeral', 'Second disk in GiB.', type=int),
        option('--swap', 'Swap in MiB.', type=int),
        arg('--is-public', metavar='<yes-or-no>', choices=('yes', 'no'),
            help='Whether all projects may use it.'),
        option('--description', 'Description of the flavor.'))

    def take_action(self, parsed_args: Any) -> base.Table:
        args = parsed_args
        given = {'id': None if args.id == 'auto' else args.id, EPHEMERAL: args.ephemeral,
                 'swap': args.swap, IS_PUBLIC: args.is_public and args.is_public == 'yes',
                 'description': args.description}
        body = {'name': args.name, 'ram': args.ram, 'disk': args.disk, 'vcpus': args.vcpus,
                **{name: value for name, value in given.items() if value is not None}}
        made = self.client.request('POST', '/flavors', body={'flavor': body})['flavor']
        return self.properties(made, {name: value for name, value in made.items()
                                      if name != 'links'})


class FlavorDelete(base.Command):
    arguments = (FLAVOR,)

    def take_action(self, parsed_args: Any) -> None:
        found = find.flavor(self.client, parsed_args.flavor)
        self.client.request('DELETE', f"/flavors/{found['id']}")


class ImageList(base.Lister):
    arguments = (option('--name', 'Only the image of this name.'), *PAGE)

    def take_action(self, parsed_args: Any) -> base.Table:
        images = self.client.images('/images', name=parsed_args.name, marker=parsed_args.marker,
                                    limit=parsed_args.limit)['images']
        return self.table(images, [
            ('ID', 'id'), ('Name', 'name'), ('Status', 'status'),
            ('Size', lambda image: output.Bytes(image.get('size')))])
