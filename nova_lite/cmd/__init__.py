# SPDX-License-Identifier: Apache-2.0
"""One file a process. Each patches for its concurrency model before it imports anything else."""
import os
import sys
import types

# program: its extra of setup.cfg; the services have none
EXTRAS = {'nova-lite': '[client]', 'nova-lite-lab': '[lab]'}


def _say_what_is_missing(kind: type[BaseException], error: BaseException,
                         trace: types.TracebackType | None) -> None:
    """A machine that has the services need not have the client, nor the reverse."""
    if not isinstance(error, ModuleNotFoundError) or str(error.name).startswith('nova_lite'):
        sys.__excepthook__(kind, error, trace)
        return
    program = os.path.basename(sys.argv[0])
    print(f"{program}: the Python module {error.name} is not installed: pip install "
          f"'nova-lite{EXTRAS.get(program, '')}'", file=sys.stderr)


if sys.excepthook is sys.__excepthook__:
    sys.excepthook = _say_what_is_missing
