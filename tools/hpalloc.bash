# bash completion for hpalloc(1) and hprun(1). Verbs and options are asked of the command itself, so
# that this file knows none of them; only kinds of values that its help cannot tell.
# shellcheck shell=bash

# The help of the command line so far, "hpalloc" or "hpalloc VERB".
_hpalloc_help()
{
	"$@" --help 2>/dev/null
}

# Verbs stand in the help below "Verbs:".
_hpalloc_verbs()
{
	_hpalloc_help "$1" | sed -n '/^Verbs:/,/^$/s/^  \([a-z][a-z]*\) .*/\1/p'
}

# "--name=" where the option needs a value, else "--name".
_hpalloc_options()
{
	_hpalloc_help "$@" |
		sed -n 's/^ *\(-[?A-Za-z], \)\{0,1\}\(--[a-z-]*=\{0,1\}\).*/\2/p'
}

# Whether the option $1 takes the next word as its value.
_hpalloc_needs_value()
{
	[[ $1 == --?* ]] && _hpalloc_options "${@:2}" | grep -q -x -e "$1="
}

# What the help has behind "--name=": "auto|thp", "FILE", "SIZE", or "[0|1" of an optional one.
_hpalloc_argument()
{
	local option=$1
	shift
	_hpalloc_help "$@" | sed -n "s/^ *$option\\[\\{0,1\\}=\\([^] ]*\\).*/\\1/p"
}

# Fills COMPREPLY for the value $2 of the option $1 of the command "${@:3}": words are themselves, what
# is in capitals is a kind.
_hpalloc_value()
{
	local kind kinds
	IFS='|' read -r -a kinds < <(_hpalloc_argument "$1" "${@:3}")
	for kind in "${kinds[@]}"; do
		case $kind in
		FILE) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$2") ;;
		DIRECTORY) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$2") ;;
		USER) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -u -- "$2") ;;
		*[a-z0-9]*) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "$kind" -- "$2") ;;
		esac
	done
}

# The index of the word that begins the program or process; none if the cursor is before it.
_hpalloc_program_at()
{
	local i
	for ((i = $1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--)
			echo $((i + 1))
			return
			;;
		# bash makes three words of --name=value.
		=) ((i++)) ;;
		-*) ;;
		*)
			# The value of an option that was not joined by "=".
			_hpalloc_needs_value "${COMP_WORDS[i - 1]}" "${@:2}" && continue
			echo "$i"
			return
			;;
		esac
	done
}

# The program's own words are completed as if it had been called directly.
_hpalloc_program()
{
	if declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif ((COMP_CWORD == $1)); then
		mapfile -t COMPREPLY < <(compgen -c -f -- "${COMP_WORDS[COMP_CWORD]}")
	else
		mapfile -t COMPREPLY < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]}")
	fi
}

# The words from $1 on, of the verb "${@:2}".
_hpalloc_verb()
{
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} at
	at=$(_hpalloc_program_at "$@")
	if [[ -n $at ]]; then
		_hpalloc_program "$at"
	elif [[ $word == "=" ]]; then
		_hpalloc_value "$before" '' "${@:2}"
	elif [[ $before == "=" ]]; then
		_hpalloc_value "${COMP_WORDS[COMP_CWORD - 2]}" "$word" "${@:2}"
	elif _hpalloc_needs_value "$before" "${@:2}"; then
		_hpalloc_value "$before" "$word" "${@:2}"
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_hpalloc_options "${@:2}")" -- "$word")
		[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace 2>/dev/null
	elif _hpalloc_help "${@:2}" | grep -q '^ *\(Usage\|or\):.* PROGRAM'; then
		_hpalloc_program "$COMP_CWORD"
	fi
}

_hpalloc()
{
	local command=$1
	COMPREPLY=()
	if [[ ${command##*/} == hprun ]]; then
		_hpalloc_verb 1 "$command"
	elif ((COMP_CWORD > 1)); then
		_hpalloc_verb 2 "$command" "${COMP_WORDS[1]}"
	elif [[ ${COMP_WORDS[1]} == -* ]]; then
		mapfile -t COMPREPLY < <(
			compgen -W "$(_hpalloc_options "$command")" -- "${COMP_WORDS[1]}")
	else
		mapfile -t COMPREPLY < <(
			compgen -W "$(_hpalloc_verbs "$command")" -- "${COMP_WORDS[1]}")
	fi
}

complete -F _hpalloc hpalloc hprun
