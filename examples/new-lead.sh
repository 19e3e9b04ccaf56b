#!/usr/bin/env bash
# Imports a lead, and can be run again without creating a duplicate: it looks for the email first, and creates the contact
# only if there is none. Prints the contact's id.
#
#   examples/new-lead.sh EMAIL FIRSTNAME LASTNAME [SOURCE]
#
# It uses the account from the environment (GHL_TOKEN_ID and others; see docs/settings.md). To try it without an account:
#
#   highlevel-mcp sandbox &          # prints two variables: export them
#
# Exit status: 0 the contact exists; 75 try again later (as in sysexits.h); otherwise that of `highlevel-mcp call`.
set -uo pipefail

mcp=${HIGHLEVEL_MCP:-highlevel-mcp}
if [ $# -lt 3 ]; then
    echo "usage: new-lead.sh EMAIL FIRSTNAME LASTNAME [SOURCE]" >&2
    exit 2
fi
email=$1 first=$2 last=$3 source=${4:-import}

# The first id in a result.
first_id() { sed -n 's/^ *"id": "\([^"]*\)".*/\1/p' | head -n 1; }

# Exits with a status for schedulers, after printing the error.
give_up() {
    echo "$2" >&2
    case $1 in
    5 | 6) exit 75 ;; # rate limited, unreachable or timed out: nothing is wrong with the lead
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
    # It is unknown whether the create took effect. The look-up above finds out in a later run.
    echo "$answer" >&2
    exit 75
    ;;
*) give_up $status "$answer" ;;
esac
