# SPDX-License-Identifier: Apache-2.0
"""What a fresh lab is given through its own front door: flavors, by the REST API.

Also the lab's only look at its services from outside: whether they report as up.
"""
import base64
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any

from nova_lite.lab.command import LabError

FLAVORS = (
    {'id': '1', 'name': 'tick.small', 'ram': 192, 'vcpus': 1, 'disk': 0},
    {'id': '2', 'name': 'tick.disk', 'ram': 192, 'vcpus': 1, 'disk': 1},
)


@dataclass(frozen=True)
class Client:
    """The little HTTP the lab needs; no proxy stands between it and loopback.

    :param endpoint: with the version, without a slash at the end
    """

    endpoint: str
    user: str
    password: str

    def request(self, method: str, path: str, body: Any = None, timeout: float = 30,
                microversion: str | None = None) -> tuple[int, Any]:
        """Status and decoded body; every HTTP status is an answer, not an exception.

        :raises OSError: nobody answered
        """
        login = base64.b64encode(f'{self.user}:{self.password}'.encode()).decode()
        request = urllib.request.Request(
            self.endpoint + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={'Authorization': f'Basic {login}', 'Content-Type': 'application/json',
                     'Accept': 'application/json', 'X-Nova-Lite-Extensions': '1'})
        if microversion:
            request.add_header('OpenStack-API-Version', f'compute {microversion}')
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=timeout) as response:
                return response.status, _decoded(response.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, _decoded(error.read())


def seed(client: Client) -> None:
    """Create the flavors that are not there.

    :raises LabError: the API refused one
    """
    for flavor in FLAVORS:
        status, answer = client.request('POST', '/flavors', {'flavor': flavor})
        if status not in (200, 409):        # 409: from an earlier `up`
            raise LabError(f'the API does not take flavor {flavor["name"]}: {status} {answer}')


def await_services(client: Client, wanted: set[tuple[str, str]], timeout: float = 60) -> None:
    """Wait until every (binary, host) of ``wanted`` reports as up.

    :raises LabError: which do not, after ``timeout`` seconds
    """
    deadline = time.monotonic() + timeout
    while True:
        status, answer = client.request('GET', '/os-services')
        if status != 200:
            raise LabError(f'the API does not list its services: {status} {answer}')
        up = {(service['binary'], service['host']) for service in answer['services']
              if service['state'] == 'up'}
        if wanted <= up:
            return
        if time.monotonic() > deadline:
            missing = ', '.join(f'{binary} of {host}' for binary, host in sorted(wanted - up))
            raise LabError(f'not up after {timeout:g} s: {missing}')
        time.sleep(0.3)     # the API has nothing to subscribe to


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors='replace')
