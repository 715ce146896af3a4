# Read by the scripts that install programs for the tests where they are missing: `. tools/debian.sh`
administrator=
if [ "$(id -u)" -ne 0 ]; then
    administrator=sudo
fi

# Ends with what it is told to say where this machine cannot install packages of Debian.
refresh_packages() {
    if ! command -v apt-get >/dev/null || { [ -n "$administrator" ] && ! command -v sudo >/dev/null; }; then
        echo "$1" >&2
        exit 1
    fi
    $administrator apt-get update -qq
}

install_packages() {
    $administrator env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}
