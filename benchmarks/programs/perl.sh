#!/bin/sh
# Perl: hashes of strings, appending, regular expressions, splitting, sorting.
# program: perl
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

script=$(cd "${0%/*}" && pwd)/strings.pl

prepare()
{
	:
}

run_perl()
{
	PERL_HASH_SEED=0 measured perl "$script" "$(count 150000)" >output
	check_same perl output
	took perl
}

main 'perl' "$@"
