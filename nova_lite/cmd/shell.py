# SPDX-License-Identifier: Apache-2.0
"""nova-lite: the command-line client. It needs none of the services' modules."""
import sys

from nova_lite.cli import main as cli


def main() -> None:
    sys.exit(cli.main())


if __name__ == '__main__':
    main()
