# SPDX-License-Identifier: Apache-2.0
"""``python -m tests.clients.tempest CLASS...``: run any of Tempest's compute classes.

They are named below tempest.api.compute (admin.test_servers, say) and run against a Keystone and
a nova-lite-all-in-one of their own. Exit code 1 when one fails.
"""
import sys
import tempfile
import warnings
from pathlib import Path

from tests.clients import clouds
from tests.clients.tempest import configuration, runner
from tests.fixtures.keystone import Keystone

TIMEOUT = 3600


def main(classes: list[str]) -> int:
    warnings.simplefilter('ignore')
    directory = Path(tempfile.mkdtemp(prefix='nova-lite-tempest-'))
    print(f'Logs are in {directory}')
    for name in ('keystone', 'cloud', 'tempest'):
        (directory / name).mkdir()
    failed = 0
    with Keystone(directory / 'keystone') as keystone, \
            clouds.with_keystone(directory / 'cloud', keystone) as cloud:
        path = configuration.write(directory / 'tempest', keystone, cloud, image='tiny-disk',
                                   flavors=('m1.tiny', 'm1.small'))
        for result in runner.run(path, classes, TIMEOUT):
            failed += result.outcome == runner.FAILED
            last = (result.reason.strip().splitlines() or [''])[-1]
            print(f'{result.outcome:8} {result.test}  {last[:120]}', flush=True)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
