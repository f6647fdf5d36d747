# shellcheck shell=sh
# The common form of the programs; each sources this and defines
#
#     prepare()      makes the inputs of all cases, in the current directory
#     run_NAME()     runs one case, and prints `name value unit`; `-` in the name is `_` here
#
# and ends in `main 'NAME...' "$@"`, with the names of its cases. It is called, in a directory of
# its own that run.py keeps for all its runs, as
#
#     SCRIPT [--quick] --list | --prepare | NAME
#
# A line `# program: NAME...` says what must be installed. `$BENCH_LAUNCH COMMAND...` (launch.c)
# runs what is to be measured on the allocator in turn, and leaves what it took in BENCH_REPORT; all
# other commands run on the system's.
quick=0

# $1, or a tenth of it with --quick.
count()
{
	echo $(($1 / (quick ? 10 : 1)))
}

measured()
{
	"$BENCH_LAUNCH" "$@"
}

# Prints what the measured command took as the result of case $1, in ms.
took()
{
	awk -v name="$1" '$1 == "seconds" { seconds = $2 }
		END { printf "%s %.6g ms\n", name, seconds * 1000 }' "$BENCH_REPORT"
}

# The output of case $1, in file $2, must be what it was in the first run, whatever the allocator.
check_same()
{
	cksum <"$2" >"$1.sum"
	[ -f "$1.expected" ] || cp "$1.sum" "$1.expected"
	cmp "$1.sum" "$1.expected" || {
		echo "$1: not the output of the first run" >&2
		exit 1
	}
}

# main CASES [--quick] --list | --prepare | NAME
main()
{
	cases=$1
	shift
	if [ "${1-}" = --quick ]; then
		quick=1
		shift
	fi
	case ${1-} in
	--list)
		# shellcheck disable=SC2086 # a word each
		printf '%s\n' $cases
		;;
	--prepare) prepare ;;
	*) "run_$(echo "${1:?which case?}" | tr - _)" ;;
	esac
}
