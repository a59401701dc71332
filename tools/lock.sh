#!/bin/sh
# Write the lock files from the bounds in pyproject.toml: tools/lock.sh UV [--upgrade].
set -eu
uv=$1
shift

lock() { # FILE OPTION...: what pyproject.toml asks for, with the hashes of every wheel and of the source
    file=$1
    shift
    "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-header --no-annotate --no-emit-index-url --no-emit-find-links --output-file "$file" "$@" >/dev/null
}

lock requirements.lock pyproject.toml --extra certificate --extra parquet --extra postgres --extra report --extra station --extra browser-tests --extra dev "$@"
for group in dcc docs fuzz lock oracles quality; do # they may share an environment with the others: no version of their own
    lock "requirements-$group.lock" --group "$group" --constraint requirements.lock "$@"
done
