#!/bin/sh
# z3 places queens on a board by constraints on integers: C++, with many small objects, hash tables
# and vectors, all in the heap.
# program: z3
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

prepare()
{
	size=$((quick ? 20 : 28))
	{
		echo '(set-logic ALL)'
		seq "$size" | awk -v n="$size" '{
			printf "(declare-const q%d Int)\n(assert (and (<= 1 q%d) (<= q%d %d)))\n", \
				$1, $1, $1, n
			for (j = 1; j < $1; j++) {
				printf "(assert (and (distinct q%d q%d) ", $1, j
				printf "(distinct (+ q%d %d) (+ q%d %d)) ", $1, $1, j, j
				printf "(distinct (- q%d %d) (- q%d %d))))\n", $1, $1, j, j
			}
		}'
		echo '(check-sat)'
	} >queens.smt2
}

run_z3()
{
	measured z3 queens.smt2 >output
	check_same z3 output
	took z3
}

main 'z3' "$@"
