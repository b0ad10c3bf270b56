# SPDX-License-Identifier: Apache-2.0
"""The whole WSGI application over real objects on SQLite; only what goes to the broker is kept
here instead of sent."""
import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bcrypt
import pytest
import webob
import yaml

from nova_lite import context, objects, policy, rpc
from nova_lite.api import wsgi_app
from nova_lite.conf import CONF
from tests.fixtures.conf import Options, options  # noqa: F401
from tests.fixtures.db import _sqlite, database, make_host  # noqa: F401

PASSWORD = 'a password'
PROJECT, OTHER_PROJECT = 'demo', 'elsewhere'
USERS = {
    'admin': {'project_id': PROJECT, 'roles': ['admin']},
    'manager': {'project_id': PROJECT, 'roles': ['manager']},
    'member': {'project_id': PROJECT, 'roles': ['member']},
    'reader': {'project_id': PROJECT, 'roles': ['reader']},
    'nobody': {'project_id': PROJECT, 'roles': []},
    'stranger': {'project_id': OTHER_PROJECT, 'roles': ['manager']},
    'other_admin': {'project_id': OTHER_PROJECT, 'roles': ['admin']},
}
IMAGE_ID = '5a2ae91c-90b4-4ec4-b06c-5c1ca1c67c69'


class Client:
    """Asks the application as one of USERS, at a microversion."""

    def __init__(self, application: Any) -> None:
        self.application = application

    def __call__(self, method: str, path: str, body: Any = None, user: str | None = 'admin',
                 version: str | None = '2.80', **headers: str) -> webob.Response:
        request = webob.Request.blank(path, method=method)
        if user is not None:
            token = base64.b64encode(f'{user}:{PASSWORD}'.encode()).decode()
            request.authorization = ('Basic', token)
        if version is not None:
            request.headers['OpenStack-API-Version'] = f'compute {version}'
        if body is not None:
            request.content_type = 'application/json'
            request.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        for name, value in headers.items():
            request.headers[name.replace('_', '-')] = value
        response = request.get_response(self.application)
        if response.content_type == 'text/event-stream':
            response.app_iter.close()       # as a server does with every answer, read or not
        return response

    def get(self, path: str, **more: Any) -> webob.Response:
        return self('GET', path, **more)

    def post(self, path: str, body: Any, **more: Any) -> webob.Response:
        return self('POST', path, body, **more)

    def put(self, path: str, body: Any, **more: Any) -> webob.Response:
        return self('PUT', path, body, **more)

    def delete(self, path: str, **more: Any) -> webob.Response:
        return self('DELETE', path, **more)


class Wire:
    """What would have gone to the broker: (interface, method, arguments). ``refusal`` is what the
    other side raises, else it says ``answer``."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, dict[str, Any]]] = []
        self.contexts: list[Any] = []
        self.refusal: Exception | None = None
        self.answer: Any = None

    def send(self, interface: Any, name: str, declaration: Any, values: dict[str, Any]) -> Any:
        values = dict(values)
        self.contexts.append(values.pop('ctxt'))
        self.sent.append((type(interface).__name__, name, values))
        if self.refusal is not None:
            raise self.refusal
        return self.answer

    @property
    def methods(self) -> list[str]:
        return [name for _, name, _ in self.sent]


@pytest.fixture(scope='module')
def _home(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the tests of a module share, as making it takes longer than most of them: a directory
    with passwords and users, and the application."""
    directory = tmp_path_factory.mktemp('api')
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(rounds=4)).decode()
    return {'directory': directory,
            'htpasswd': ''.join(f'{name}:{hashed}\n' for name in USERS),
            'users.yaml': yaml.safe_dump(USERS)}


@pytest.fixture
def rules(_home: dict[str, Any], options: Options) -> Iterator[Path]:  # noqa: F811
    """The policy file of the test, which does not exist yet."""
    path = _home['directory'] / 'policy.yaml'
    options.set('oslo_policy', policy_file=str(path), policy_dirs=[])
    yield path
    if path.exists():
        path.unlink()
        policy.reset()


@pytest.fixture
def basic(_home: dict[str, Any], options: Options, rules: Path) -> Path:  # noqa: F811
    """http_basic with USERS; the directory of its files."""
    directory = _home['directory']
    for name in ('htpasswd', 'users.yaml'):
        path = directory / name
        if not path.exists() or path.read_text() != _home[name]:
            path.write_text(_home[name])
    options.set('api', auth_strategy='http_basic', htpasswd_file=str(directory / 'htpasswd'),
                users_file=str(directory / 'users.yaml'))
    return directory


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(rpc.Interface, '_send', lambda self, name, declaration, values:
                        wire.send(self, name, declaration, values))
    return wire


@pytest.fixture
def images(tmp_path: Path, options: Options) -> Path:  # noqa: F811
    """An image directory with one image."""
    directory = tmp_path / 'images'
    directory.mkdir()
    (directory / 'tick.kernel').write_bytes(b'kernel')
    (directory / 'tick.json').write_text(json.dumps({
        'id': IMAGE_ID, 'name': 'tick', 'kernel': 'tick.kernel', 'min_ram': 64,
        'properties': {'hw_machine_type': 'q35'}}))
    options.set('images', path=str(directory))
    return directory


@pytest.fixture
def api(_home: dict[str, Any], database: str, basic: Path, wire: Wire,  # noqa: F811
        images: Path) -> Client:
    if 'application' not in _home:
        _home['application'] = wsgi_app.build(CONF)
    return Client(_home['application'])


@pytest.fixture
def ctxt() -> context.RequestContext:
    return context.RequestContext(user_id='u1', project_id=PROJECT, is_admin=True,
                                  roles=['admin'], overwrite=False)


@pytest.fixture
def hosts(database: str, ctxt: Any) -> list[objects.ComputeNode]:  # noqa: F811
    return [make_host(ctxt, name, hypervisor_hostname=name, host_ip='10.0.0.1',
                      cpu_info='{"arch": "x86_64"}', hypervisor_type='QEMU',
                      hypervisor_version=9000000, disk_available_least=50, running_vms=0,
                      current_workload=0) for name in ('host1', 'host2')]


@pytest.fixture
def flavor(database: str, ctxt: Any) -> objects.Flavor:  # noqa: F811
    made = objects.Flavor(ctxt, flavorid='1', name='m1.tiny', memory_mb=128, vcpus=1, root_gb=1,
                          ephemeral_gb=0, swap=0, extra_specs={'hw:cpu_policy': 'shared'})
    made.create()
    return made


@pytest.fixture
def make_server(ctxt: Any, hosts: list, flavor: Any) -> Callable[..., objects.Instance]:
    """``make_server(**values)``: an active server on host1 in PROJECT."""
    def make(**values: Any) -> objects.Instance:
        from oslo_utils import timeutils
        server = objects.Instance(ctxt, **{
            'display_name': 'vm', 'project_id': PROJECT, 'user_id': 'u1', 'vm_state': 'active',
            'task_state': None, 'power_state': 1, 'host': 'host1', 'node': 'host1',
            'memory_mb': 128, 'vcpus': 1, 'root_gb': 1, 'flavor': flavor,
            'image_ref': IMAGE_ID, 'launched_at': timeutils.utcnow(with_timezone=True),
            'metadata': {}, 'progress': 0, **values})
        server.create()
        return server
    return make


@pytest.fixture
def server(make_server: Callable) -> objects.Instance:
    return make_server()
