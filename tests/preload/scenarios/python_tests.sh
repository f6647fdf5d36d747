#!/bin/bash
# Python's own tests, with every object a block of the heap. They compare the standard error of
# the interpreters that they start, too. -b drops what a test prints that passes, and sed the time
# that a run took.
# program: python3
# heap: 30 30
set -eu -o pipefail
export PYTHONMALLOC=malloc
tests="test_json test_re test_dict test_list test_mmap"
case $1 in
quick) tests="$tests test_threading.BarrierTests test_threading.ThreadJoinOnShutdown" ;;
full) tests="$tests test_threading test_subprocess" ;;
esac

/usr/bin/python3 -c 'import test.test_json' || {
	echo "Debian's package libpython3.11-testsuite is missing" >&2
	exit 1
}
for test in $tests; do
	echo "== $test"
	/usr/bin/python3 -W ignore -m unittest -q -b "test.$test" 2>&1 | sed -E 's/ in [0-9.]+s$//'
done
