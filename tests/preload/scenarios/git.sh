#!/bin/sh
# 1,000 files, two commits, a merge, gc (which packs with threads), log, fsck. Names and dates are
# fixed, so every object has the same name in each run.
# program: git
# heap: 6 60
set -eu
export GIT_AUTHOR_NAME=A GIT_AUTHOR_EMAIL=a@localhost GIT_AUTHOR_DATE='2024-01-01T00:00:00Z'
export GIT_COMMITTER_NAME=A GIT_COMMITTER_EMAIL=a@localhost
export GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE GIT_CONFIG_NOSYSTEM=1
case $1 in
quick) lines=100 ;;
full) lines=800 ;;
esac

git init -q -b main tree
cd tree
git config pack.threads 2
git config gc.autoDetach false
mkdir -p d0 d1 d2 d3
seq 1000 | awk -v lines="$lines" '{
	file = "d" ($1 % 4) "/file" $1
	for (line = 0; line < lines; line++)
		print "line", line, "of file", $1, line * $1 % 7919 >file
	close(file)
}'
git add .
git commit -q -m 'a thousand files'
git checkout -q -b other
for number in 1 5 9 13; do echo changed >>d1/file$number; done
git commit -q -a -m 'four of them'
git checkout -q main
git mv d2 d4
git commit -q -m 'a folder renamed'
git merge -q --no-edit other
git gc -q --aggressive --prune=now
git fsck --full --strict
git log --stat --format='%H %s' | cksum
git log -p --all | cksum
git blame d1/file5 | tail -n 1
git count-objects -v | grep -E '^(count|in-pack|packs)'
git clone -q --no-local . ../copy
git -C ../copy rev-parse HEAD
