# SPDX-License-Identifier: GPL-3.0-or-later
f() { local a=$1; [ $a -le 0 ] && return; echo "level $a"; f $((a-1)); }; f 9
for i in a b c; do case $i in a|b) x="$x$i";; *) y=${x%a*}${x#?};; esac; done; echo $x $y ${#x} ${z:-dflt}
while read a b; do echo $b $a; done <<END
one two
$(echo three $(echo four; (echo five)))
END
set -- 1 2 3; while getopts ab: o -a -b v; do :; done; trap 'echo t' USR1; kill -USR1 $$; eval 'g() { h() { echo nested; }; h; }; g'
echo `echo back \`echo tick\``; x=$((3*4+(1<<2))); until [ $x -gt 18 ]; do x=$((x+1)); done; alias q='echo al'; unset x; export E=1; readonly R=1
{ echo a; echo b; } | { read l; echo $l; } & wait; echo *; printf '%s\n' "$@"; type f; set; exec 3<input; read l <&3; echo "$l"; test x = y || echo n
. ./input.sh; ulimit -a; jobs; times; umask
