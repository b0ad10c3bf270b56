# SPDX-License-Identifier: Apache-2.0
# What tools/test and tools/demo need on a machine, installed once. Sourced.
#
# Debian packages are named in bindep.txt, Python's in setup.cfg and pinned in
# constraints.txt. Where they come from is the machine's own configuration of
# apt and pip.

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$top/.venv
backports_file=/etc/apt/sources.list.d/nova-lite-backports.sources
policy_file=/usr/sbin/policy-rc.d
policy_mark='# nova-lite: no daemon starts while packages are installed'
print_include='import sysconfig; print(sysconfig.get_path("include"))'

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

# packages_of PROFILE...: names of bindep.txt, one a line; with "backports" as the
# first argument only those that come from there, else only the others.
packages_of() {
    local origin=main
    if [ "$1" = backports ]; then origin=backports; shift; fi
    awk -v wanted="$*" -v origin="$origin" '
        BEGIN { for (n = split(wanted, list, " "); n; n--) profile[list[n]] = 1 }
        /^[^#]/ && NF {
            name = $1; from = "main"; take = 0
            gsub(/[][]/, " ")
            for (i = 2; i <= NF; i++) {
                if ($i == "backports") from = "backports"
                if ($i in profile) take = 1
            }
            if (take && from == origin) print name
        }' "$top/bindep.txt"
}

codename() { (. /etc/os-release && printf '%s' "${VERSION_CODENAME:-unknown}"); }

installed_version() {
    dpkg-query --show --showformat='${db:Status-Status} ${Version}\n' "$1" 2>/dev/null |
        sed -n 's/^installed //p'
}

# Whether a package, or what it is wanted for, is there: a Python need not be Debian's.
have() {
    case $1 in
        python3 | python3-venv) find_python > /dev/null ;;
        python3-dev) [ -e "$($(find_python) -c "$print_include")/Python.h" ] ;;
        *) [ -n "$(installed_version "$1")" ] ;;
    esac 2> /dev/null
}

# missing_packages PROFILE...: those not there; on Debian 12 the ones of backports
# have to be of backports.
missing_packages() {
    local package
    for package in $(packages_of "$@"); do
        have "$package" || echo "$package"
    done
    for package in $(packages_of backports "$@"); do
        case $(codename)/$(installed_version "$package") in
            bookworm/*~bpo12*) ;;
            bookworm/* | */) echo "$package" ;;
        esac
    done
}

# The same mirror and keyring as the machine's own bookworm, one suite more.
add_backports() {
    [ "$(codename)" = bookworm ] || return 0
    local format='$(CODENAME)/$(COMPONENT) $(REPO_URI) $(SOURCESENTRY)' targets uri entry key
    targets=$(apt-get indextargets --format "$format" 'Created-By: Packages')
    ! grep -q '^bookworm-backports/main ' <<< "$targets" || return 0
    read -r _ uri entry < <(grep '^bookworm/main ' <<< "$targets")
    if [ -z "$uri" ]; then
        say "no Debian 12 mirror in apt's sources: bookworm-backports cannot be added"
        return 1
    fi
    # "Signed-By: FILE" of a .sources file, "[signed-by=FILE]" of a .list
    key=$(grep -iom 1 'signed-by[:=] *[^] ]*' "${entry%:*}" | sed 's/^[^:=]*[:=] *//')
    {
        printf 'Types: deb\nURIs: %s\nSuites: bookworm-backports\nComponents: main\n' "$uri"
        [ -z "$key" ] || printf 'Signed-By: %s\n' "$key"
    } > "$backports_file"
}

apt() {
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
        -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
        -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" < /dev/null
}

# A policy of the machine's own stays; it is then the machine's to say what starts.
forbid_daemons() {
    if [ -e "$policy_file" ] && ! grep -qF "$policy_mark" "$policy_file"; then
        trap - EXIT
        return 0
    fi
    printf '#!/bin/sh\n%s\nexit 101\n' "$policy_mark" > "$policy_file" &&
        chmod 755 "$policy_file"
}

# apt_install PROFILE...: what is missing, first what comes from backports.
apt_install() {
    local late=
    apt update || return 1
    [ "$(codename)" != bookworm ] || late=$(packages_of backports "$@" | xargs)
    if [ -n "$late" ]; then
        add_backports && apt update && apt install -t bookworm-backports $late || return 1
    fi
    apt install $(missing_packages "$@")
}

# install_packages PROFILE...: one line and status 1 when it cannot be done.
install_packages() {
    if ! command -v dpkg-query > /dev/null; then
        say "not a Debian system: the packages of bindep.txt ($*) are taken as given"
        return 0
    fi
    local missing log
    missing=$(missing_packages "$@" | xargs)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" != 0 ]; then
        say "missing packages, run as root to have them installed: $missing"
        return 1
    fi
    say "installing $missing"
    log=$(mktemp)
    # A subshell, so that its trap takes the policy away on every way out.
    if (trap 'rm -f "$policy_file"' EXIT; forbid_daemons && apt_install "$@") > "$log" 2>&1; then
        rm -f "$log"
    else
        tail -n 20 "$log" >&2
        say "apt-get failed, all it said is in $log"
        return 1
    fi
}

# A Python of 3.11 or newer that can make a venv: the one on the PATH, or Debian's.
find_python() {
    local python
    for python in ${PYTHON:-} python3 /usr/bin/python3 python3.13 python3.12 python3.11; do
        if "$python" -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' \
                2> /dev/null; then
            echo "$python"
            return 0
        fi
    done
    say "no Python 3.11 or newer with venv: apt-get install python3-venv"
    return 1
}

# install_project EXTRA...: this checkout in .venv with these extras of setup.cfg,
# in editable form, on the pinned versions. Quick when there is nothing to do.
install_project() {
    local stamp=$venv/.nova-lite extras sum python chosen
    sum=$(cat "$top/setup.cfg" "$top/pyproject.toml" "$top/constraints.txt" | sha256sum)
    extras=$( (printf '%s\n' "$@"; [ ! -e "$stamp" ] || sed 1d "$stamp") | sed '/^$/d' | sort -u)
    [ "$(printf '%s\n%s' "$sum" "$extras")" != "$(cat "$stamp" 2> /dev/null)" ] || return 0
    if ! "$venv/bin/python" -c '' 2> /dev/null; then
        python=$(find_python) || return 1
        say "making $venv"
        "$python" -m venv --clear "$venv" || return 1
        extras=$(printf '%s\n' "$@" | sed '/^$/d' | sort -u)
    fi
    chosen=${extras:+[$(paste -sd, <<< "$extras")]}
    say "installing nova-lite$chosen into $venv"
    "$venv/bin/python" -m pip install -qq --disable-pip-version-check \
        --constraint "$top/constraints.txt" --editable "$top$chosen" || return 1
    printf '%s\n%s' "$sum" "$extras" > "$stamp"
}
