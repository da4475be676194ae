#!/bin/sh
# Prepares the machine and the Python environment; the Makefile calls it, and it runs before any Python package is there.
#   environment.sh check [verify|test]   name the missing Debian packages in one line
#   environment.sh system-deps           install them (all of them, those for `make verify`, `test` and `flash` too)
#   environment.sh venv REQUIREMENTS     make .venv, or bring it up to date with its pins
set -eu
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}

add() { missing="$missing $1"; }

# cocotb loads Python as a shared library, which Debian packs apart.
has_libpython() {
    "$python" -c '
import ctypes, os, sysconfig
name, folder = (sysconfig.get_config_var(key) or "" for key in ("INSTSONAME", "LIBDIR"))
beside = os.path.join(folder, name)
ctypes.CDLL(beside if os.path.exists(beside) else name)
' 2>/dev/null
}

# The Debian packages that are missing; `verify` and `test` add those that only these need.
find_missing() {
    missing=
    if ! command -v "$python" >/dev/null; then
        add python3
        add python3-venv
    elif ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        add python3-venv
    fi
    command -v g++ >/dev/null || add g++
    command -v make >/dev/null || add make
    command -v perl >/dev/null || add perl
    case "${1:-}" in verify | test)
        command -v icebox_vlog >/dev/null || add fpga-icestorm
        command -v aarch64-linux-gnu-gcc >/dev/null || add gcc-aarch64-linux-gnu
        [ -e /usr/aarch64-linux-gnu/include/stdio.h ] || add libc6-dev-arm64-cross
        command -v qemu-aarch64-static >/dev/null || add qemu-user-static
        command -v mmdebstrap >/dev/null || add mmdebstrap
        command -v arm-none-eabi-gcc >/dev/null || add gcc-arm-none-eabi
        command -v qemu-system-arm >/dev/null || add qemu-system-arm
        command -v riscv64-unknown-elf-gcc >/dev/null || add gcc-riscv64-unknown-elf
        command -v qemu-system-riscv32 >/dev/null || add qemu-system-misc
        ;;
    esac
    # The double of Vivado that the tests use runs its scripts in a real Tcl.
    case "${1:-}" in test)
        command -v tclsh >/dev/null || add tcl
        command -v chromium >/dev/null || add chromium
        has_libpython || add "libpython$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')"
        ;;
    esac
}

# What only `make flash` needs, where this system has it.
find_wishes() {
    command -v openFPGALoader >/dev/null || ! apt-cache show openfpgaloader >/dev/null 2>&1 || add openfpgaloader
}

check() {
    find_missing "${1:-}"
    if [ -n "$missing" ]; then
        echo "error: missing Debian packages:$missing; install them with: make system-deps" >&2
        exit 1
    fi
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "error: $("$python" --version) is too old, 3.11 or newer is needed; name a newer one with PYTHON=" >&2
        exit 1
    fi
}

system_deps() {
    find_missing test
    find_wishes
    [ -n "$missing" ] || { echo "all Debian packages are there"; return; }
    command -v apt-get >/dev/null || { echo "error: no apt-get; install these yourself:$missing" >&2; exit 1; }
    sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    # Another apt, such as a nightly upgrade, may hold the lock for a while.
    wait="-o DPkg::Lock::Timeout=300"
    # shellcheck disable=SC2086  # two words
    $sudo apt-get update -qq $wait
    # shellcheck disable=SC2086  # one word a package
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $wait --no-install-recommends $missing
}

# Everything that decides what is installed; the stamp is written last, so a broken install has none.
stamp_of() {
    { cat "$1" requirements-finn.txt pyproject.toml; "$python" --version; pwd; } | sha256sum | cut -c1-16
}

# Without a home folder, packages that are built here end in a traceback; toolchain/cli/home.py takes the same one.
give_home() {
    home=${HOME:-}
    if [ ! -d "$home" ] || [ ! -w "$home" ] || [ ! -x "$home" ]; then
        HOME=${GATEWEAVE_BUILD_DIR:-$PWD/build}/.home
        mkdir -p "$HOME"
        export HOME XDG_CACHE_HOME="$HOME"
    fi
}

# A package without a wheel is built by the pinned setuptools, which is there first: pip then has no old way to warn of.
pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile "$@"
}

# As pip would, but on all cores; sources of other versions of Python, which some packages hold, are left as they are.
compile_packages() {
    .venv/bin/python -m compileall -qq -j 0 .venv/lib || true
}

venv() {
    check
    give_home
    stamp=".venv/.installed-$(basename "$1" .txt)-$(stamp_of "$1")"
    [ ! -e "$stamp" ] || return 0
    # An install that was broken off may have left half a package: start over.
    if [ -e .venv/.installing ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear .venv
    fi
    touch .venv/.installing
    echo "installing $1 into .venv (a few minutes the first time) ..."
    isolation=
    [ "$1" != requirements.txt ] || isolation=--no-build-isolation
    pip_install "$(grep '^setuptools==' requirements.txt)"
    pip_install --use-pep517 $isolation --requirement "$1"
    pip_install --no-deps --requirement requirements-finn.txt
    pip_install --no-deps --no-build-isolation --editable .
    compile_packages
    rm -f ".venv/.installed-$(basename "$1" .txt)-"*
    mv .venv/.installing "$stamp"
}

# Two makes at once must not install into one environment together.
locked_venv() {
    stamp=".venv/.installed-$(basename "$1" .txt)-$(stamp_of "$1" 2>/dev/null || echo none)"
    [ -e "$stamp" ] || exec flock "$0" "$0" venv-now "$1"
}

case "${1:-}" in
check) check "${2:-}" ;;
system-deps) system_deps ;;
venv) locked_venv "$2" ;;
venv-now) venv "$2" ;;
*) echo "usage: $0 check [verify|test] | system-deps | venv REQUIREMENTS" >&2; exit 2 ;;
esac
