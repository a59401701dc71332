#!/bin/sh
# Create or refresh the virtual environment from the lock file; say plainly what is missing.
set -eu
venv=$1
lock=$2

find_python() {
    for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return 0
        fi
    done
    echo "No Python 3.11 or later was found. Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2
    return 1
}

python=$(find_python)
wanted=$("$python" -c 'import hashlib, sys; print(hashlib.sha256(b"".join(open(f, "rb").read() for f in sys.argv[1:])).hexdigest())' "$lock" pyproject.toml)
if [ -f "$venv/.stamp" ] && [ "$(cat "$venv/.stamp")" = "$wanted" ]; then
    touch "$venv/.stamp"
    exit 0
fi

echo "Setting up $venv with $("$python" --version) (this takes a minute, once) ..."
# A random name: in a shared temporary folder another user may have put a link under a known name.
said=$(mktemp "${TMPDIR:-/tmp}/s4100-venv.XXXXXXXX")
trap 'rm -f "$said"' EXIT
trap 'exit 1' HUP INT TERM
if ! "$python" -m venv "$venv" >"$said" 2>&1; then
    cat "$said" >&2
    echo "Python's venv module is incomplete. On Debian and Ubuntu: apt-get install python3-venv" >&2
    exit 1
fi
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
    --config-settings editable_mode=compat --editable .
# pip compiles what it installs, but not this software, which stays where it is.
"$venv/bin/python" -m compileall -q drivers fixtures meter_model rig
echo "$wanted" >"$venv/.stamp"
