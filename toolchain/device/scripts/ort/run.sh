#!/bin/sh
# Installs what the package brings (into work/, nothing else is touched), checks the device, and runs the self-test.
# `./run.sh --help` lists options.
set -eu
cd "$(dirname "$0")"
wanted=$(sed -n 's/^  "python": "\(.*\)",*$/\1/p' device.json)
for python in "python$wanted" python3; do
    if "$python" -c "" 2> /dev/null; then
        exec "$python" -B selftest.py "$@"
    fi
done
echo "error: no python3 on this device; install Python $wanted" >&2
exit 1
