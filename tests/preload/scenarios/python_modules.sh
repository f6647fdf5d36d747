#!/bin/bash
# Modules of Python's own test suite that lean on memory, threads, fork and C, as `python3 -m test`
# runs them, with every object a block of the heap. What does not pass is printed by name; it is
# the same as without the library.
# program: python3
# heap: 20 20
set -eu -o pipefail
export PYTHONMALLOC=malloc
tests="test_array test_ctypes test_gc test_memoryview test_mmap test_thread
test_threading_local"
case $1 in
quick) ;;
full)
	tests="$tests test_bigmem test_buffer test_bytes test_embed test_faulthandler test_fork1
test_io test_multiprocessing_fork test_os test_posix test_shelve test_signal test_socketserver
test_subprocess test_sys test_threading test_tracemalloc test_wait3 test_wait4 test_weakref"
	;;
esac

/usr/bin/python3 -c 'import test.test_json' || {
	echo "Debian's package libpython3.11-testsuite is missing" >&2
	exit 1
}
for test in $tests; do
	/usr/bin/python3 -m test "$test" >"$test.log" 2>&1 && result=passed || result="status $?"
	echo "$test $result"
	grep -E '^(ERROR|FAIL): ' "$test.log" || true
done
