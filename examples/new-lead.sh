#!/usr/bin/env bash
# Imports a lead once, however often it is run: looks for the email first, and creates the contact only if it is not
# there. Prints the contact's id.
#
#   examples/new-lead.sh EMAIL FIRSTNAME LASTNAME [SOURCE]
#
# It works on the account of the settings (GHL_TOKEN_ID and so on; see docs/settings.md). To try it without one:
#
#   highlevel-mcp sandbox &          # prints two variables: export them
#
# Exit status: 0 the contact is there; 75 try again later (as in sysexits.h); otherwise that of `highlevel-mcp call`.
set -uo pipefail

mcp=${HIGHLEVEL_MCP:-highlevel-mcp}
if [ $# -lt 3 ]; then
    echo "usage: new-lead.sh EMAIL FIRSTNAME LASTNAME [SOURCE]" >&2
    exit 2
fi
email=$1 first=$2 last=$3 source=${4:-import}

# The first id in a result.
first_id() { sed -n 's/^ *"id": "\([^"]*\)".*/\1/p' | head -n 1; }

# Ends with a status that a scheduler understands; the answer says why.
give_up() {
    echo "$2" >&2
    case $1 in
    5 | 6) exit 75 ;; # no quota, unreachable or out of time: nothing is wrong with the lead
    *) exit "$1" ;;
    esac
}

answer=$("$mcp" call list_contacts --email="$email" --fields=email --limit=1) || give_up $? "$answer"
id=$(first_id <<<"$answer")
if [ -n "$id" ]; then
    echo "already there" >&2
    echo "$id"
    exit 0
fi

answer=$("$mcp" call create_contact --first-name="$first" --last-name="$last" --email="$email" --source="$source")
status=$?
case $status in
0)
    echo "created" >&2
    first_id <<<"$answer"
    ;;
7)
    # Nobody can say whether it took effect. Run again later: by then the look-up above tells.
    echo "$answer" >&2
    exit 75
    ;;
*) give_up $status "$answer" ;;
esac
