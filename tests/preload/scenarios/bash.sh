#!/bin/bash
# The shell forks without exec all the time: pipes, subshells, command and process substitution,
# a coprocess, jobs. Children must find the heap usable at once, and grow it.
# program: bash
# heap: 8 8
# shellcheck disable=SC2030,SC2031 # a subshell's change is lost on purpose
set -eu -o pipefail
case $1 in
quick) rounds=40 ;;
full) rounds=300 ;;
esac

# Each subshell sums what its parent has built, and adds to its own copy.
words=()
for ((i = 0; i < 5000; i++)); do
	words+=("word-$i-$((i * 7919 % 1000))")
done
for ((i = 0; i < rounds; i++)); do
	(
		words+=("extra-$i")
		printf '%s\n' "${words[@]}" | sort | uniq | wc -l
	) | { read -r count && echo "round $i: $count"; } | tail -n 1
done

echo "substituted: $(printf '%s ' "${words[@]:0:200}" | tr ' ' '\n' | grep -c word)"
diff <(printf '%s\n' "${words[@]}") <(printf '%s\n' "${words[@]}") && echo "both lists are the same"

coproc { while read -r a b; do echo $((a + b)); done; }
adder=$COPROC_PID input=${COPROC[1]}
echo "40 2" >&"$input"
read -r sum <&"${COPROC[0]}"
echo "coprocess: $sum"
eval "exec $input>&-"
wait "$adder"

declare -A squares
for ((i = 0; i < 3000; i++)); do squares[$i]=$((i * i)); done
text=
for ((i = 0; i < 3000; i++)); do text+="${squares[$i]},"; done
echo "text: ${#text} ${text//[^1]/}" | cksum

jobs=()
for ((i = 0; i < 10; i++)); do
	(exit $((i % 2))) &
	jobs+=($!)
done
failed=0
for job in "${jobs[@]}"; do wait "$job" || failed=$((failed + 1)); done
echo "failed jobs: $failed"
trap 'echo "end of the shell"' EXIT
(trap - EXIT; kill -TERM $BASHPID) || echo "killed subshell: $?"
