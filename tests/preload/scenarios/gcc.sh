#!/bin/sh
# A large generated C source at -O2. The object must be the same to the byte: a compiler that walks
# its hash tables by address would show a heap that moved, and none may.
# program: gcc
# heap: 16 150
set -eu
case $1 in
quick) functions=150 ;;
full) functions=2000 ;;
esac

seq "$functions" | awk '{
	printf "struct s%d { int a[%d]; struct s%d *next; double d; };\n", $1, $1 % 30 + 1, $1
	printf "int f%d(struct s%d *s, int n)\n{\n\tint sum = %d;\n", $1, $1, $1
	printf "\tfor (int i = 0; s && i < n; i++, s = s->next) {\n"
	printf "\t\tswitch (s->a[i %% %d] & 7) {\n", $1 % 30 + 1
	for (i = 0; i < 7; i++)
		printf "\t\tcase %d: sum += s->a[0] * %d - (int)s->d; break;\n", i, $1 + i
	printf "\t\tdefault: sum ^= %s; break;\n\t\t}\n\t}\n\treturn sum;\n}\n", \
		($1 > 1 ? "f" ($1 - 1) "((void *)0, sum & 3)" : "n")
}' >large.c
gcc -O2 -g -c large.c -o large.o
cksum <large.o
gcc -O2 -Wall -Wextra -fsyntax-only -x c - 2>&1 <<'END' || echo "status $?"
int f(int a) { int unused; return b; }
END
