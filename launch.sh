#!/bin/sh
# Starts the server of an unpacked bundle. Some hosts unpack the binary without its execute bit, which this script sets
# first; /bin/sh needs none to run the script itself.
binary="$(dirname "$0")/server/highlevel-mcp"
[ -x "$binary" ] || chmod u+x "$binary"
exec "$binary" "$@"
