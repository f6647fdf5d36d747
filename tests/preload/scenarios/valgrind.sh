#!/bin/sh
# valgrind puts its own malloc in the place of ours, as of any other: what it finds in a program
# is the same with and without the preload.
# program: perl valgrind
# replaced: by valgrind
set -eu

export PERL_DESTRUCT_LEVEL=2
cat >program.pl <<'END'
my @kept = map { { number => $_ } } 1 .. 2000;
my $pid = fork // die;
exit 3 if !$pid;
waitpid $pid, 0;
print "child ended with ", $? >> 8, "\n";
print scalar(@kept), "\n";
END
valgrind --quiet --error-exitcode=9 --child-silent-after-fork=yes perl program.pl
# One block too much and one byte behind another, by way of C.
valgrind --error-exitcode=9 --leak-check=full --log-file=found \
	python3 -c 'import ctypes
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.memset.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_size_t]
block = c.malloc(100)
c.memset(block, 1, 101)' || echo "valgrind: $?"
grep -oE "Invalid write of size 1|is 0 bytes after a block of size 100 alloc'd" found
