#!/bin/sh
# Writes the default base image to standard output as a tar: a small Debian, made of Debian packages because no registry
# answered. Its tools are what people expect on a machine; products bring their own runtime.
set -eu
command -v mmdebstrap > /dev/null || { echo "mmdebstrap is not installed (apt-get install mmdebstrap)" >&2; exit 127; }
exec mmdebstrap --quiet --variant=minbase --include=procps,iproute2,ca-certificates --format=tar bookworm -
