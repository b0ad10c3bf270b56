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
    # what a client may cost before anybody knows who it is (api/connections.py, conversation.py,
    # throttle.py)
    cfg.IntOpt('max_connections', default=512, min=1, max=65536, mutable=True, help="""
Connections that may be open at once. One more takes the place of the one that has waited longest
for a request; with all of them at work it is refused.
"""),
    cfg.IntOpt('max_connections_per_client', default=128, min=1, max=65536, mutable=True, help="""
The same of one client: an IPv4 address, or the /64 network of an IPv6 one. Behind a proxy all
clients have its address: set this to max_connections there, and let the proxy bound each of them.
"""),
    cfg.IntOpt('max_header_size', default=65536, min=4096, max=2 ** 20, mutable=True, help="""
The most bytes a request's line and headers may have; more of them is 431.
"""),
    cfg.Opt('first_request_timeout', type=types.Float(min=0.1, max=types.LONGEST), default=20.0,
            mutable=True, help="""
Seconds from a connection until its first request begins; then it is closed.
"""),
    cfg.Opt('keep_alive_timeout', type=types.Float(min=0.1, max=types.LONGEST), default=120.0,
            mutable=True, help="""
Seconds until the next request of a connection begins. A proxy must keep idle connections for less
than this, or it sends a request into one that is being closed.
"""),
    cfg.Opt('header_timeout', type=types.Float(min=0.1, max=types.LONGEST), default=10.0,
            mutable=True, help="""
Seconds from a request's first byte to the end of its headers; later is 408.
"""),
    cfg.Opt('body_timeout', type=types.Float(min=0.1, max=types.LONGEST), default=30.0,
            mutable=True, help="""
Seconds for a request's body; later is 408.
"""),
    cfg.Opt('send_timeout', type=types.Float(min=0.1, max=types.LONGEST), default=60.0,
            mutable=True, help="""
Seconds that a client may take for a piece of its answer.
"""),
    cfg.IntOpt('wrong_passwords_per_name', default=5, min=1, max=types.MOST, mutable=True, help="""
Wrong passwords of http_basic that one client may send for one name without a wait. From then on it
is refused unheard (429 with Retry-After) for 1 s, 2 s, 4 s and so on after each further one.
"""),
    cfg.IntOpt('wrong_passwords_per_client', default=20, min=1, max=types.MOST, mutable=True,
               help="""
The same of one client for all names together. Raise it behind a proxy, where all clients are one.
"""),
    cfg.Opt('wrong_password_longest_wait', type=types.Float(min=0, max=3600), default=60.0,
            mutable=True, help="""
The longest of these waits in seconds; 0: none, so that only the checks at once are bounded.
"""),
    cfg.Opt('wrong_passwords_forgiven_after', type=types.Float(min=1, max=types.LONGEST),
            default=600.0, mutable=True, help="""
Seconds without a wrong password after which the former ones do not count any more.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS, group='api')


def list_opts() -> dict[str, list]:
    return {'api': OPTS}
