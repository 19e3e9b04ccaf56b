#!/usr/bin/env bash
# Imports a HubSpot export of contacts: first the plan, then, with --yes, the contacts.
#
#   examples/hubspot/import.sh FILE [--yes]
#
# It uses the account from the environment (GHL_TOKEN_ID and others; see docs/settings.md).
set -euo pipefail

mcp=${HIGHLEVEL_MCP:-highlevel-mcp}
file=${1:?usage: import.sh FILE [--yes]}
mode=${2:---dry-run}

exec "$mcp" import "$file" \
    --operation create_contact \
    --columns 'First Name=firstName,Last Name=lastName,Email=email,Phone Number=phone,Company Name=companyName' \
    --columns 'Record ID=,Contact owner=,Lifecycle Stage=,Lead Status=,Create Date=' \
    --template '{"source": "HubSpot", "tags": ["hubspot", "{{Lifecycle Stage}}"]}' \
    --on-duplicate skip \
    "$mode"
