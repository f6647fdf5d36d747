#!/bin/sh
# git gc --aggressive of a repository of 1,000 files and 40 commits: zlib, deltas, many objects.
# program: git
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@localhost GIT_AUTHOR_DATE='2024-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@localhost
export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE GIT_CONFIG_NOSYSTEM=1 HOME="$PWD"

prepare()
{
	rm -rf tree
	git init -q -b main tree
	cd tree
	git config pack.threads 2
	git config gc.autoDetach false
	files=$(count 1000)
	seq "$files" | awk '{
		for (line = 0; line < 100; line++)
			print "line", line, "of file", $1, line * $1 % 7919 >("file" $1)
		close("file" $1)
	}'
	git add .
	git commit -q -m 'all files'
	for number in $(seq 40); do
		seq "$number" 40 "$files" | awk -v n="$number" '{
			print "changed", n, $1 * n % 7919 >>("file" $1)
			close("file" $1)
		}'
		git commit -q -a -m "change $number"
	done
}

run_git_gc()
{
	rm -rf copy
	cp -r tree copy
	measured git -C copy gc -q --aggressive --prune=now
	git -C copy fsck --full --strict
	took git-gc
}

main 'git-gc' "$@"
