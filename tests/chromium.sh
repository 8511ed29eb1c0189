#!/bin/sh
# A Chromium for the browser's walk: one on the PATH, else Debian's when root, else a word on what to install.
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "installing chromium from the system's packages (once)"
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core; } >/dev/null 2>&1
    command -v chromium >/dev/null 2>&1 && exit 0
fi
echo "no Chromium on the PATH: install it (Debian: apt-get install chromium; Fedora: dnf install chromium), then again" >&2
exit 1
