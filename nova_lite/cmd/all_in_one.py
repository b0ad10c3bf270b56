# SPDX-License-Identifier: Apache-2.0
"""nova-lite-all-in-one: api, conductor, scheduler and computes in one process, guests simulated.

No root, no broker, no database server, no libvirt. What it makes lies in one directory: database,
world of the simulated guests, users, configuration; a later start goes on from there.
"""
from nova_lite import early_signals     # noqa: F401
from nova_lite import monkey_patch

monkey_patch.patch()

import argparse                                                 # noqa: E402
import contextlib                                               # noqa: E402
import fcntl                                                    # noqa: E402
import os                                                       # noqa: E402
import re                                                       # noqa: E402
import secrets                                                  # noqa: E402
import shlex                                                    # noqa: E402
import sys                                                      # noqa: E402
from pathlib import Path                                        # noqa: E402
from typing import Any                                          # noqa: E402

import bcrypt                                                   # noqa: E402
from oslo_log import log as logging                             # noqa: E402

from nova_lite import context, embedded, exception, service         # noqa: E402
from nova_lite.api import server, wsgi_app                      # noqa: E402
from nova_lite.cmd import common, manage                        # noqa: E402
from nova_lite.conf import CONF, database                       # noqa: E402

LOG = logging.getLogger(__name__)

NAME = 'nova-lite-all-in-one'
LONGEST_PASSWORD = 72       # bytes; bcrypt takes no more
USERS = """\
admin: {project_id: operators, roles: [admin]}
demo: {project_id: demo, roles: [member]}
"""
CONFIGURATION = """\
# written anew at each start of nova-lite-all-in-one; give options of your own by --config-file
[DEFAULT]
host = all-in-one
use_stderr = true
transport_url = fake://
state_path = {directory}
report_interval = {interval}
service_down_time = {down_time}
lost_host_timeout = {lost}

[database]
connection = sqlite:///{directory}/nova-lite.sqlite

[api]
listen = 127.0.0.1
port = {port}
auth_strategy = http_basic
htpasswd_file = {directory}/htpasswd
users_file = {directory}/users.yaml

[libvirt]
connection_uri = simulated:///

[simulation]
path = {directory}/world
time_scale = {time_scale}

[oslo_messaging_notifications]
driver = noop
"""


class StateDirectory:
    """Where an all-in-one keeps its things; one process at a time works in it."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.config = self.path / 'nova-lite.conf'
        self._exports = self.path / 'exports'
        self._lock: Any = None

    def take(self) -> None:
        """Make it, and keep others out for as long as this process lives. ConfigInvalid."""
        if re.search(r'[$%?#\x00-\x1f\x7f]|\s$', str(self.path)):
            raise exception.ConfigInvalid(
                reason=f'--state-dir {str(self.path)!r}: the path stands in a configuration file '
                       'and in a URL: give one without $, %, ? and #, control characters, and a '
                       'space at its end')
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = open(      # noqa: SIM115 (it stays open)
                self.path / 'lock', 'w', encoding='ascii')
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise exception.ConfigInvalid(
                reason=f'another {NAME} works in {self.path}: end it, or give another '
                       '--state-dir') from None
        except OSError as error:
            raise exception.ConfigInvalid(
                reason=f'{self.path} cannot be used ({error.strerror}): give another '
                       '--state-dir') from error

    def write(self, arguments: argparse.Namespace) -> None:
        """Passwords, configuration and images for a start."""
        password = self._password(arguments.password_file)
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=10)).decode()
        self._keep('htpasswd', f'admin:{hashed}\ndemo:{hashed}\n')
        self._keep('users.yaml', USERS)
        # the fake transport lets each service poll: many of them should not also beat often
        interval = max(10, arguments.hosts // 20)
        self._keep('nova-lite.conf', CONFIGURATION.format(
            directory=self.path, port=arguments.port, time_scale=arguments.time_scale,
            interval=interval, down_time=6 * interval, lost=max(300, 12 * interval)))
        embedded.make_images(str(self.path / 'images'))

    def _password(self, given: Path | None) -> str:
        """The one given, or that of an earlier start, or a new one."""
        kept = self.path / 'password'
        if given is not None:
            self._keep('password', _password_in(given) + '\n')
        elif not kept.exists():
            self._keep('password', secrets.token_urlsafe(18) + '\n')
        return _password_in(kept)

    def announce(self, address: str) -> str:
        """Write down how clients reach the running process, as shell commands; returns them."""
        values = {'OS_AUTH_TYPE': 'http_basic', 'OS_ENDPOINT': f'{address}/v2.1',
                  'OS_USERNAME': 'admin', 'OS_PASSWORD': self._password(None),
                  # OpenStackClient looks for an identity service of version 3, and for images
                  'OS_IDENTITY_API_VERSION': '3',
                  'OS_IDENTITY_ENDPOINT_OVERRIDE': f'{address}/v2.1',
                  'OS_IMAGE_ENDPOINT_OVERRIDE': f'{address}/v2'}
        text = ''.join(f'export {name}={shlex.quote(value)}\n' for name, value in values.items())
        self._keep('exports', text)
        return text

    def exports(self) -> str | None:
        """What the process that runs in this directory has announced; None when none does."""
        try:
            with open(self.path / 'lock', encoding='ascii') as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
                return None     # nobody holds it
        except FileNotFoundError:
            return None
        except BlockingIOError:
            return self._exports.read_text(encoding='utf-8') if self._exports.exists() else None
        except OSError as error:
            raise exception.ConfigInvalid(
                reason=f'{self.path} cannot be read ({error.strerror})') from error

    def withdraw(self) -> None:
        self._exports.unlink(missing_ok=True)

    def _keep(self, name: str, text: str) -> None:
        """Replace a file that nobody else may read."""
        new = self.path / f'{name}.new'
        new.unlink(missing_ok=True)
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), 'w',
                  encoding='utf-8') as file:
            file.write(text)
        os.replace(new, self.path / name)


class Process:
    """The services between start and end."""

    def __init__(self, directory: StateDirectory, hosts: int, print_env: bool) -> None:
        self._directory, self._print_env = directory, print_env
        self._cloud = embedded.Cloud([f'compute{number}' for number in range(1, hosts + 1)])
        self._server: server.Server | None = None
        self._stopping = False

    def start(self) -> None:
        """Serve until :meth:`stop`. ConfigInvalid when the port cannot be had."""
        listener = server.open_listener()
        with contextlib.redirect_stdout(sys.stderr):    # stdout is for the exports alone
            manage.sync()
        embedded.make_flavors(context.get_admin_context())
        service.connect()
        self._cloud.start()
        self._server = server.Server(wsgi_app.build(CONF), listener)
        exports = self._directory.announce(self._server.address)
        if self._print_env:
            print(exports, end='', flush=True)
        LOG.info('%s ready on %s', NAME, self._server.address)
        if not self._stopping:
            self._server.serve()

    def stop(self) -> None:
        self._stopping = True
        self._directory.withdraw()
        if self._server is not None:
            self._server.stop(CONF.graceful_shutdown_timeout)
        self._cloud.stop()


def parse(argv: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Our own arguments, and those of oslo.config (--config-file, --debug, ...)."""
    parser = argparse.ArgumentParser(prog=NAME, description=__doc__, epilog=(
        'Options of the services may follow, such as --debug or --config-file FILE.'))
    parser.add_argument('--hosts', type=_at_least_one, default=3, metavar='N',
                        help='simulated hosts compute1 to computeN (default 3)')
    parser.add_argument('--port', type=int, default=8774,
                        help='port of the API on 127.0.0.1; 0 for a free one (default 8774)')
    parser.add_argument('--time-scale', type=float, default=1.0, metavar='S',
                        help='seconds of real time for each simulated second (default 1)')
    parser.add_argument('--state-dir', type=Path, default=_default_directory(), metavar='DIR',
                        help='where everything is kept (default %(default)s)')
    parser.add_argument('--password-file', type=Path, metavar='FILE',
                        help='password of the users admin and demo (default: a generated one)')
    parser.add_argument('--print-env', nargs='?', const='start', choices=['start', 'only'],
                        help='print the shell exports for the clients when ready; with "only", '
                             'those of the one that runs in the state directory, and end')
    return parser.parse_known_args(argv)


def _password_in(file: Path) -> str:
    """The password that ``file`` holds. ConfigInvalid."""
    try:
        text = file.read_text(encoding='utf-8').strip()
    except UnicodeError:
        text = ''
    if not text.isprintable() or not 0 < len(text.encode()) <= LONGEST_PASSWORD:
        raise exception.ConfigInvalid(
            reason=f'{file} holds no password: write one line of 1 to {LONGEST_PASSWORD} bytes of '
                   'text in it')
    return text


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError('at least 1')
    return number


def _default_directory() -> Path:
    base = os.environ.get('XDG_STATE_HOME') or Path.home() / '.local' / 'state'
    return Path(base) / NAME


def main(argv: list[str] | None = None) -> int:
    arguments, rest = parse(sys.argv[1:] if argv is None else argv)
    directory = StateDirectory(arguments.state_dir)
    try:
        if arguments.print_env == 'only':
            return _print_exports(directory)
        directory.take()
        directory.withdraw()    # of one that was killed
        directory.write(arguments)
    except (exception.NovaLiteException, OSError) as error:
        print(f'{NAME}: {exception.message_of(error)}', file=sys.stderr)
        return 1
    database.register_opts(CONF)
    options = common.prepare(NAME, [f'--config-file={directory.config}', *rest])
    process = Process(directory, arguments.hosts, arguments.print_env is not None)
    service.run(process.start, process.stop, options)
    return 0


def _print_exports(directory: StateDirectory) -> int:
    exports = directory.exports()
    if exports is None:
        print(f'{NAME}: none runs in {directory.path}, or it is not ready yet', file=sys.stderr)
        return 1
    print(exports, end='')
    return 0


if __name__ == '__main__':
    sys.exit(main())
