# SPDX-License-Identifier: Apache-2.0
"""From OS_* variables, --os-* options or clouds.yaml to a session and the services' URLs.

keystoneauth does the work. openstacksdk's configuration is loaded only where a cloud of a
clouds.yaml is asked for, as that takes longer than the rest of a command.
"""
import os
import urllib.parse
from typing import Any, NamedTuple

from nova_lite.cli import errors

# (option without --os-, help); each has its variable OS_NAME
OPTIONS = (
    ('cloud', 'Name of the cloud in clouds.yaml.'),
    ('auth-type', 'How to authenticate: http_basic, none, password, ...'),
    ('endpoint', 'URL of the compute API, where no Keystone tells it (http_basic, none).'),
    ('auth-url', 'URL of Keystone.'),
    ('username', 'Name of the user.'),
    ('password', 'Password of the user; better given by OS_PASSWORD, which others cannot see.'),
    ('user-id', 'ID of the user.'),
    ('user-domain-name', 'Domain of the user.'),
    ('user-domain-id', 'ID of the domain of the user.'),
    ('project-name', 'Name of the project.'),
    ('project-id', 'ID of the project.'),
    ('project-domain-name', 'Domain of the project.'),
    ('project-domain-id', 'ID of the domain of the project.'),
    ('token', 'Token to use.'),
    ('region-name', 'Region of the services.'),
    ('interface', 'Kind of endpoint: public (the default), internal or admin.'),
    ('endpoint-override', 'URL of the compute API instead of that in the catalog.'),
    ('compute-api-version', 'Microversion to use, such as 2.80; latest by default.'),
    ('cacert', 'Certificates to check the servers with.'),
)
NOTHING_SET = ('It is not known which cloud to talk to: set OS_CLOUD to one in clouds.yaml, or '
               'OS_AUTH_TYPE=http_basic, OS_ENDPOINT, OS_USERNAME and OS_PASSWORD')
NO_SDK = ("A clouds.yaml is read by openstacksdk, which is not installed: pip install "
          "'nova-lite[openstacksdk]', or set OS_ENDPOINT or OS_AUTH_URL instead of OS_CLOUD")
URLS = ('endpoint', 'endpoint_override', 'auth_url')
CONNECT_SECONDS = 10.0
# what openstacksdk calls the variables alone, and nothing at all
NO_CLOUDS = {'envvars', 'defaults'}


class Connection(NamedTuple):
    """``compute`` and ``image`` are URLs without a slash at the end."""
    session: Any
    compute: str
    image: str
    microversion: str | None


class Settings:
    """The --os-* options over the OS_* variables; None for what is in neither."""

    def __init__(self, args: Any) -> None:
        self._args = args

    def get(self, name: str) -> str | None:
        """CommandError for a URL that is none."""
        value = getattr(self._args, f'os_{name}', None) or os.environ.get(f'OS_{name.upper()}')
        if value and name in URLS and not _is_url(value):
            raise errors.CommandError(f'OS_{name.upper()}={value!r} is no URL such as '
                                      'http://controller:8774/v2.1')
        return value

    def need(self, *names: str) -> dict[str, str]:
        """CommandError unless all are set."""
        found = {name: value for name in names if (value := self.get(name))}
        if missing := [name for name in names if name not in found]:
            raise errors.CommandError(_missing(missing))
        return found


def _is_url(text: str) -> bool:
    try:
        parts = urllib.parse.urlsplit(text)
        # to ask for a port that is none raises
        good = parts.scheme in ('http', 'https') and parts.hostname and parts.port != 0
    except ValueError:
        return False
    return bool(good) and text.isprintable() and ' ' not in text


def _missing(names: list[str]) -> str:
    variables = ', '.join(f'OS_{name.upper()}' for name in names)
    return f'To authenticate, these are needed too: {variables}'


def connect(args: Any) -> Connection:
    """CommandError when what is configured is not enough."""
    from keystoneauth1 import exceptions
    settings = Settings(args)
    direct = any(map(settings.get, ('auth_type', 'auth_url', 'endpoint')))
    try:
        if settings.get('cloud') or not direct:
            return _from_clouds_yaml(settings, args)
        return _from_settings(settings, args)
    except exceptions.MissingRequiredOptions as error:
        raise errors.CommandError(_missing([option.dest for option in error.options])) from error
    except exceptions.NoMatchingPlugin as error:
        raise errors.CommandError(
            f'There is no way to authenticate called {error.name}') from error
    except exceptions.MissingAuthPlugin:
        raise errors.CommandError(NOTHING_SET) from None


def _from_settings(settings: Settings, args: Any) -> Connection:
    from keystoneauth1 import session as ks_session
    session = ks_session.Session(auth=_plugin(settings), app_name='nova-lite',
                                 verify=not args.insecure and (settings.get('cacert') or True))
    session.timeout = _limits(args)     # type: ignore[assignment]  # requests takes both
    where: dict[str, Any] = {'interface': settings.get('interface') or 'public',
                             'region_name': settings.get('region_name')}
    compute = (settings.get('endpoint_override')
               or session.get_endpoint(service_type='compute', **where))
    return connection_over(session, compute, where, settings.get('compute_api_version'))


def _limits(args: Any) -> tuple[float, float]:
    """Seconds for the connection, TLS included, and for the answer: who takes a connection and
    says nothing, as a server without TLS may, is not waited for as long as one that works."""
    return min(CONNECT_SECONDS, args.timeout), args.timeout


def _plugin(settings: Settings) -> Any:
    """The two ways without Keystone are made at once: to look for plugins takes as long as all
    the rest of a command."""
    auth_type = settings.get('auth_type') or _likely_type(settings)
    if auth_type == 'none':
        from keystoneauth1 import noauth
        return noauth.NoAuth(endpoint=settings.get('endpoint'))
    if auth_type == 'http_basic':
        from keystoneauth1 import http_basic
        return http_basic.HTTPBasicAuth(**settings.need('endpoint', 'username', 'password'))
    from keystoneauth1 import loading
    loader: Any = loading.get_plugin_loader(auth_type)
    return loader.load_from_options_getter(lambda option: settings.get(option.dest))


def _likely_type(settings: Settings) -> str:
    if settings.get('auth_url'):
        return 'password'
    return 'http_basic' if settings.get('username') else 'none'


def _catalog_image(session: Any, where: dict[str, Any]) -> str | None:
    """The image service of Keystone's catalog; None where there is no Keystone."""
    from keystoneauth1 import plugin
    if isinstance(session.auth, plugin.FixedEndpointPlugin):
        return None
    return session.get_endpoint(service_type='image', **where)


def _from_clouds_yaml(settings: Settings, args: Any) -> Connection:
    try:
        from openstack import config, exceptions
    except ModuleNotFoundError:
        raise errors.CommandError(NO_SDK if settings.get('cloud') else NOTHING_SET) from None
    try:
        clouds = config.OpenStackConfig()
        if settings.get('cloud') is None and set(clouds.get_cloud_names()) <= NO_CLOUDS:
            raise errors.CommandError(NOTHING_SET)
        region = clouds.get_one(cloud=settings.get('cloud'), argparse=_overrides(args),
                                **({'verify': False} if args.insecure else {}))
        session = region.get_session()
    except exceptions.ConfigException as error:
        raise errors.CommandError(str(error)) from error
    session.timeout = _limits(args)     # type: ignore[assignment]  # requests takes both
    session.app_name = 'nova-lite'
    where: dict[str, Any] = {'interface': region.get_interface('compute') or 'public',
                             'region_name': region.get_region_name('compute')}
    compute = (settings.get('endpoint_override') or region.get_endpoint('compute')
               or session.get_endpoint(service_type='compute', **where))
    return connection_over(session, compute, where, settings.get('compute_api_version')
                           or region.get_default_microversion('compute'),
                           region.get_endpoint('image'))


def _overrides(args: Any) -> Any:
    """The options that were given, for openstacksdk to lay over the cloud's."""
    import argparse
    given = {name: value for name, value in vars(args).items()
             if name.startswith('os_') and value is not None and name != 'os_cloud'}
    return argparse.Namespace(**given)


def connection_over(session: Any, compute: str | None, where: dict[str, Any],
                    microversion: str | None, image: str | None = None) -> Connection:
    """``where``: region and interface for Keystone's catalog, if the URL of the images is not
    known. CommandError when that of the compute API is not."""
    if not compute:
        raise errors.CommandError('The URL of the compute API is not known: set OS_ENDPOINT, or '
                                  'OS_ENDPOINT_OVERRIDE where Keystone does not tell it')
    compute = versioned(compute, '/v2.1')
    image = image or _catalog_image(session, where)
    if not image:
        # nova-lite serves the images itself, beside the compute API
        parts = urllib.parse.urlsplit(compute)
        path = parts.path[:parts.path.rindex('/v2.1')]
        image = urllib.parse.urlunsplit((parts.scheme, parts.netloc, path, '', ''))
    return Connection(session, compute, versioned(image, '/v2'), microversion)


def versioned(url: str, version: str) -> str:
    """``url`` with ``version`` added unless there is one: http://h:8774 -> http://h:8774/v2.1"""
    url = url.rstrip('/')
    parts = urllib.parse.urlsplit(url).path.split('/')
    return url if any(part == version.strip('/') for part in parts) else url + version
