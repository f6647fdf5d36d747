#!/bin/sh
# Pure Python with PYTHONMALLOC=malloc, so that each object is a block of the heap: see python/.
# program: python3
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

scripts=$(cd "${0%/*}" && pwd)/python
export PYTHONMALLOC=malloc PYTHONHASHSEED=0

prepare()
{
	:
}

run()
{
	measured /usr/bin/python3 "$scripts/$1.py" "$2" >output
	check_same "python-$1" output
	took "python-$1"
}

run_python_trees()
{
	run trees "$(count 160)"
}

run_python_words()
{
	run words "$(count 300000)"
}

run_python_records()
{
	run records "$(count 60000)"
}

main 'python-trees python-words python-records' "$@"
