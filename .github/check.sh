#!/usr/bin/env bash
# The action's check: a SARIF file for security teams, annotations for whoever reads the pull request.
set -uo pipefail

binary="${ROADWORTHY:-$GITHUB_ACTION_PATH/target/release/roadworthy}"
# The workspace is the user's: nothing but the SARIF file that was asked for is written there.
report="$(mktemp "${RUNNER_TEMP:-/tmp}/roadworthy.XXXXXX")"
trap 'rm -f "$report"' EXIT

# Both are lists of words, as typed by whoever wrote the workflow.
# shellcheck disable=SC2086
"$binary" check $PATHS $ARGS --output-format concise --output "sarif=$SARIF" --output "json=$report"
code=$?

# Line breaks and per cent signs would end or change a command, colons and commas its properties:
# https://github.com/actions/toolkit/blob/main/packages/core/src/command.ts
jq -r '
  def data: gsub("%"; "%25") | gsub("\r"; "%0D") | gsub("\n"; "%0A");
  def property: data | gsub(":"; "%3A") | gsub(","; "%2C");
  { critical: "error", high: "error", medium: "warning", low: "notice" } as $levels
  | .findings[]
  | "::\($levels[.severity]) file=\(.path | property),line=\(.line),endLine=\(.end_line),col=\(.column)"
    + ",title=\("roadworthy: " + .rule | property)::\(.message | data)"
' "$report"
exit "$code"
