#!/bin/sh
# Starts the server of an unpacked bundle. Some hosts unpack without the execute bit, so that the binary cannot be
# started by itself; /bin/sh can read this file all the same.
binary="$(dirname "$0")/server/highlevel-mcp"
[ -x "$binary" ] || chmod u+x "$binary"
exec "$binary" "$@"
