#!/bin/sh
# Each system call of a program with threads' work and forks stopped twice by strace, and some
# made to fail: what the heap asks for is not there, and the program goes on.
# program: perl strace
set -eu

cat >program.pl <<'END'
my @kept = map { "x" x (1000 + $_ % 7000) } 1 .. 5000;
for my $number (1 .. 5) {
	my $pid = fork // die;
	if (!$pid) {
		my @more = map { "y" x 3000 } 1 .. 1000;
		exit(@more == 1000 ? $number : 9);
	}
	waitpid $pid, 0;
	print $? >> 8, "\n";
}
@kept = ();
my $large = "z" x 30_000_000;
print length $large, "\n";
END
strace -f -o trace perl program.pl
grep -c '+++ exited with' trace
for call in madvise:ENOMEM membarrier:ENOSYS openat:ENOENT:when=2000+ mremap:ENOMEM; do
	echo "without $call"
	strace -f -o trace -e trace="${call%%:*}" \
		-e inject="${call%%:*}:error=${call#*:}" perl program.pl
done
