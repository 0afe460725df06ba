#!/usr/bin/env bash
# The action's check: a SARIF file for security teams, annotations for whoever reads the pull request.
set -uo pipefail

binary="${ROADWORTHY:-$GITHUB_ACTION_PATH/target/release/roadworthy}"
# Both are lists of words, as typed by whoever wrote the workflow.
# shellcheck disable=SC2086
"$binary" check $PATHS $ARGS --output-format concise --output "sarif=$SARIF" | tee roadworthy.txt
code="${PIPESTATUS[0]}"

# `path:line:column: severity[rule] message`
sed -nE 's/^([^:]+):([0-9]+):([0-9]+): (critical|high|medium|low)\[([a-z-]+)\] (.*)$/\4 file=\1,line=\2,col=\3,title=roadworthy: \5::\6/p' roadworthy.txt |
  sed -E 's/^(critical|high) /::error /; s/^medium /::warning /; s/^low /::notice /'
rm -f roadworthy.txt
exit "$code"
