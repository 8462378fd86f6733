# SPDX-License-Identifier: GPL-3.0-or-later
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
function walk(a, d,   k) { for (k in a) if (isarray(a[k])) walk(a[k], d + 1); else out = out k a[k] }
function by_value(i1, v1, i2, v2) { return v1 - v2 }
BEGIN {
	FS = ":"; print fib(10); printf "%5.2f|%-8s|%c|%x|%e\n", 3.14159, "left", 65, 255, 1e10
	t["a"]["b"] = 1; t["a"]["c"] = 2; t["d"] = 3; walk(t, 0)
	n = split("the quick brown fox", w, / /); asort(w, s); for (i in s) o = o s[i]
	asorti(w, q); PROCINFO["sorted_in"] = "by_value"; for (i in w) o = o i
	s1 = gensub(/(q)(u)/, "\\2\\1", "g", "quick quack"); sub(/fox/, "&&", s1); gsub(/[aeiou]/, "<&>", s1)
	if (match("foobar", /(o+)(b)/, m)) print m[1], m[2], RSTART, RLENGTH
	print substr("hello", 2, 3), index("hello", "ll"), length("x y"), toupper("up"), tolower("DOWN")
	print strftime("%Y", 0), mktime("2000 01 01 00 00 00"), systime() > 0, and(12, 10), lshift(1, 4)
	f = "by_value"; print @f(1, 2, 3, 1); while (("echo piped" | getline l) > 0) print l; close("echo piped")
	print "sorted" | "cat"; close("cat"); print -3 % 2, 2 ^ 10, 1 / 3, "a" "b" < "c", !x, x++ + ++x
	printf "%s\n", sprintf("%*d", 6, 42); patsplit("a1b22c", p, /[0-9]+/); print p[1] p[2]
	for (i = 0; i < 50; i++) big[i % 7, i] = i ""; for (k in big) { split(k, kk, SUBSEP); c += kk[1] }
	switch ("abc") { case /b/: print "regex case"; break; default: print "no" }
	do { x++ } while (x < 9); delete big; print typeof(x), typeof(w), strtonum("0x1f")
}
{ seen[$1]++; $2 = "changed"; last = $0; NF = 3; fields += NF }
/^[a-m].*[0-9]/ { hit++ }
NR == 2, NR == 5 { range = range $1 }
END { for (k in seen) total += seen[k]; print total, hit, range, fields, last; getline line < FILENAME; print line }
