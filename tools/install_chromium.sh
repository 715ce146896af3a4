#!/bin/sh
# The tests look at the pages with Chromium; this installs it where it is missing, and the font of the screenshots.
set -eu

has_font() {
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || ! command -v apt-get >/dev/null
}

# as tests/browser/conftest.py looks for it
for program in chromium chromium-browser google-chrome; do
    if command -v "$program" >/dev/null && has_font; then
        exit 0
    fi
done

. "$(dirname "$0")/debian.sh"
echo "Installing Chromium for the tests"
refresh_packages "The tests need Chromium: install it, with \`chromium\` in PATH."
install_packages chromium fonts-dejavu-core
