#!/bin/sh
# What a program pays before it does anything: many short runs, one after the other, in ms for the
# median one; and a shell script of 500 commands, which forks and executes, in ms for all of it.
# program: python3
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

prepare()
{
	seq 100 | awk '{
		printf "/bin/true\n/bin/echo %d >/dev/null\n", $1
		printf "/usr/bin/expr %d + 1 >/dev/null\n", $1
		printf "/usr/bin/basename /a/b%d >/dev/null\n/bin/cat </dev/null\n", $1
	}' >commands.sh
}

run_startup_true()
{
	measured --repeat "$(count 500)" /bin/true
	took startup-true
}

run_startup_python()
{
	PYTHONMALLOC=malloc measured --repeat "$(count 50)" /usr/bin/python3 -c pass
	took startup-python
}

run_startup_script()
{
	measured sh ./commands.sh
	took startup-script
}

main 'startup-true startup-python startup-script' "$@"
