#!/usr/bin/env bash
# The nightly work: the calls of nightly.jsonl, and two exports.
#
#   30 2 * * *  /path/to/examples/nightly/nightly.sh /path/to/exports      # in a crontab
#
# It uses the account from the environment (GHL_TOKEN_ID and others; see docs/settings.md). A run that was interrupted last night
# is finished first. --yes agrees to the job that the script plans: cron has no person to ask.
#
# Exit status: 0 all is done; 75 try again later (as in sysexits.h); otherwise that of the first command that failed.
set -uo pipefail

mcp=${HIGHLEVEL_MCP:-highlevel-mcp}
script=${NIGHTLY_SCRIPT:-$(dirname "$0")/nightly.jsonl}
if [ $# -ne 1 ]; then
    echo "usage: nightly.sh FOLDER" >&2
    exit 2
fi
folder=$1 day=$(date +%F) worst=0

# Runs a command, keeps the first status that is not 0, and goes on.
step() {
    local status=0
    "$mcp" "$@" || status=$?
    [ "$worst" -ne 0 ] || worst=$status
}

step run "$script" --repeat --yes
step export contacts "$folder/contacts-$day.csv" --overwrite
step export "select o.*, c.email from opportunities o left join contacts c on c.id = o.contactId where o.status = 'open'" \
    "$folder/open-deals-$day.xlsx" --overwrite

case $worst in
5 | 6) exit 75 ;; # rate limited, unreachable or timed out: nothing is wrong with the work
*) exit "$worst" ;;
esac
