#!/bin/sh
# A debugger on a program with our heap: it stops in it, calls its malloc and free, steps over a
# fork, and lets it go on. The debugger itself runs on our heap, too.
# program: perl gdb
set -eu

cat >program.pl <<'END'
my @kept = map { { number => $_, text => "x" x ($_ % 1000) } } 1 .. 20000;
kill 'USR1', $$;
my $pid = fork // die;
exit 3 if !$pid;
waitpid $pid, 0;
print "child ended with ", $? >> 8, "\n";
my $sum = 0;
$sum += length $_->{text} for @kept;
print "sum: $sum\n";
END
cat >commands <<'END'
set confirm off
set pagination off
set debuginfod enabled off
set breakpoint pending on
handle SIGUSR1 stop print nopass
run
set $block = ((void *(*)(unsigned long)) malloc)(1000)
print $block != 0
print ((unsigned long (*)(void *)) malloc_usable_size)($block) >= 1000
set $block = ((void *(*)(void *, unsigned long)) realloc)($block, 100000)
print ((unsigned long (*)(void *)) malloc_usable_size)($block) >= 100000
call ((void (*)(void *)) free)($block)
tbreak waitpid
continue
info threads
continue
END
gdb -nx -batch -x commands --args perl program.pl >log 2>&1 </dev/null || echo "gdb: $?"
grep -E '^(\$|sum|child)|SIGUSR1,|exited|rror' log | sed 's/process [0-9]*/process/' || cat log
