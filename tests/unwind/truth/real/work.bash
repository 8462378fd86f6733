# SPDX-License-Identifier: GPL-3.0-or-later
# What the shell can do by itself.
set -o pipefail
shopt -s extglob nullglob globstar 2>/dev/null
declare -A map=([one]=1 [two]=2 [three]=3)
declare -a list=(a b c "d e" {1..9} {a..f}{x,y})
declare -i number=5
declare -r constant=fixed
fact() { local n=$1; (( n < 2 )) && { echo 1; return; }; echo $(( n * $(fact $((n - 1))) )); }
deep() { local i=$1 text="level $1"; [[ $i -le 0 ]] && { eval 'x="${text^^}"'; return 0; }; deep $((i - 1)); }
options() {
	local OPTIND o
	while getopts ab:c o; do
		case $o in a) A=1 ;; b) B=$OPTARG ;; *) C+="$o" ;; esac
	done
}
fact 5
deep 12
options -a -b value -c rest
for k in "${!map[@]}"; do map[$k]=$((map[$k] ** 2 + number)); done
for ((i = 0; i < 5; i++)); do list+=("item $i"); list[i + 20]=${list[i]/a/b}; done
text="The quick brown fox jumps over the lazy dog"
for w in $text; do
	case $w in
	[Tt]he) printf '%s %q %b\n' "${w,,}" "$w'" '\x41\t' ;;
	+([a-z])) printf -v upper '%-10s|%5d|%x' "${w^}" ${#w} 255 ;;
	*) : "${unset:-default}" "${w#?}" "${w%%o*}" "${w:1:2}" "${w//[aeiou]/_}" ;;
	esac
done
[[ $text =~ (quick)\ ([a-z]+) ]] && echo "${BASH_REMATCH[@]}" "${#BASH_REMATCH[2]}"
mapfile -t lines <<< $'one\ntwo\nthree'
read -r -a words <<< "$text"
while IFS=: read -r a b c; do echo "$a-$b-$c"; done <<END
1:2:3
x:${map[two]}:$(echo inner $(echo innermost))
END
select_sort() {
	local -n ref=$1
	local i j t
	for ((i = 0; i < ${#ref[@]}; i++)); do
		for ((j = i + 1; j < ${#ref[@]}; j++)); do
			[[ ${ref[j]} < ${ref[i]} ]] && { t=${ref[i]}; ref[i]=${ref[j]}; ref[j]=$t; }
		done
	done
}
sorted=(pear apple fig kiwi)
select_sort sorted
echo "${sorted[*]@Q}" "${sorted[@]:1:2}" "${!sorted[@]}"
trap 'echo trapped $LINENO' USR1
trap 'echo return' RETURN
trap 'v=debug' DEBUG
trap - DEBUG
kill -USR1 $$
alias ll='echo alias'
shopt -s expand_aliases
eval 'll x'
{ echo grouped; echo to stderr >&2; } 2>/dev/null | { read -r x; echo "got $x"; }
(cd / && pwd; exit 3) || echo "status $?"
coproc { read -r l; echo "co $l"; }
echo hello >&"${COPROC[1]}"; read -r answer <&"${COPROC[0]}"; echo "$answer"
f() { f2() { echo nested; unset -f f2; return 2; }; f2 || return $?; }
f; echo "${FUNCNAME[@]}" $?
echo {1..3}{a,b} ~ $((1 + 2 * (3 << 2) % 5)) $((number > 3 ? 10 : 20)) $[2#101]
printf '%(%Y)T %s\n' 0 done >/dev/null
compgen -A builtin | while read -r b; do : "$b"; done
compgen -W 'alpha beta' -- al
complete -F f command; complete -p command
echo /usr/li*/*.so /etc/[a-c]* | wc -c 2>/dev/null
history -s one; history -s two; fc -l 2>/dev/null; history
set -- a b c; shift; echo "$@" "$*" "$#" "${@:2}" "${1+set}"
test -f /etc/passwd -a \( 3 -gt 2 -o x = y \) && [ -d / ] && echo tests
declare -f fact >/dev/null; declare -p map list >/dev/null; type -a echo >/dev/null
export VAR=exported; unset VAR; readonly R=1; typeset -u UP=upper; echo $UP
i=10; until ((--i < 5)); do ((i % 2)) && continue; [[ -v map[one] ]]; done
source /dev/stdin <<< 'sourced() { echo sourced "$@"; }; sourced 1 2'
exec 5<<<"descriptor five"; read -r -u 5 l; exec 5<&-; echo "$l"
time { : ; } 2>/dev/null
umask 022; ulimit -n >/dev/null; times >/dev/null; hash -r; dirs; pushd / >/dev/null; popd >/dev/null
jobs; wait; let 'z = 4 * 5'; echo "${z@A}" "${text@U}" "${PIPESTATUS[@]}"
printf '%s\n' "${!map[@]}" "${!BASH@}" >/dev/null
echo $'\u00e4\n' "$(<"$0")" | cut -c1 >/dev/null 2>&1
err() { cd /nonexistent 2>/dev/null || return; }; err; eval 'syntax (error' 2>/dev/null
: ${bad?message} 2>/dev/null
