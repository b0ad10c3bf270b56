# SPDX-License-Identifier: Apache-2.0
"""[api]: where the REST API listens and how it knows its users."""
from oslo_config import cfg

from nova_lite.conf import types

OPTS = [
    cfg.HostAddressOpt('listen', default='127.0.0.1', help="""
Address to listen on. Not used when the socket is handed over at start (LISTEN_FDS, as systemd's
socket activation does).
"""),
    cfg.PortOpt('port', default=8774, help='Port to listen on; 0 takes a free one.'),
    cfg.StrOpt('auth_strategy', default='http_basic',
               choices=[('http_basic', 'user names and bcrypt passwords from htpasswd_file'),
                        ('keystone', 'tokens, by keystonemiddleware'),
                        ('noauth2', 'everyone is admin: refused beyond loopback')],
               help='How a request is authenticated.'),
    cfg.Opt('htpasswd_file', type=types.Path(), default='/etc/nova-lite/htpasswd', help="""
User names and bcrypt hashes for http_basic, as "htpasswd -B" writes them.
"""),
    cfg.Opt('users_file', type=types.Path(), default='/etc/nova-lite/users.yaml', help="""
Project and roles of each user for http_basic:
"name: {project_id: ..., user_id: ..., roles: [admin]}".
"""),
    cfg.Opt('endpoint', type=types.HttpUrl(), help="""
URL of this API in links, such as http://cloud.example.org:8774. By default the one of the request.
"""),
    cfg.IntOpt('max_limit', default=1000, min=1, max=types.MOST, help="""
The most items one page of a list has.
"""),
    cfg.IntOpt('max_request_body_size', default=114688, min=1024, max=2 ** 26, help="""
The most bytes a request's body may have.
"""),
    cfg.IntOpt('max_event_streams', default=16, min=0, max=24, help="""
Streams of a migration's progress that may be open at once. Who gets none is told so (429) and can
still ask now and then.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='api')


def list_opts() -> dict[str, list]:
    return {'api': OPTS}
