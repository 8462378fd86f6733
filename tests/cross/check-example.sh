# SPDX-License-Identifier: GPL-3.0-or-later
# Read by the tests example-TARGET.sh: the bundled example says what it does, the report must agree.

. "$top_srcdir/tests/harness.sh"

# json EXPRESSION: a value of $work/report.json, in Python, with r the report.
json() {
	python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
def site(name):
	return next(s for s in r["sites"] if s["stack"][0]["function"] == name)
print(eval(sys.argv[2]))' "$work/report.json" "$1"
}

# check_example TARGET: run it plainly and in direct mode, and read the recording on this machine.
check_example() {
	need python3
	use_target "$1"
	build_victim "$top_srcdir/examples/leaky.c" -fno-inline
	run_plain "$victim" >"$work/plain.out" || die "the example does not run untraced"
	run_direct "$work/direct.dalloc" "$victim" >"$work/direct.out" ||
		die "the example fails under the shim"
	cmp "$work/plain.out" "$work/direct.out" || fail "the output differs under the shim"
	"$DUMPALLOC" report --rootfs / --format json "$work/direct.dalloc" >"$work/report.json" ||
		die "the report failed"

	is "blocks leaked by remember_forever" "$(json 'site("remember_forever")["live_blocks"]')" 200
	is "bytes leaked by remember_forever" \
		"$(json 'site("remember_forever")["live_bytes"]')" \
		"$(sed -n 's/^leaked \([0-9]*\) bytes.*/\1/p' "$work/plain.out")"
	is "bytes of build_index at the peak" "$(json 'site("build_index")["peak_bytes"]')" 4194304
	is "temporary blocks of format_line" "$(json 'site("format_line")["temporary_blocks"]')" 20000
	is "caller of format_line" \
		"$(json 'site("format_line")["stack"][1]["function"]')" format_lines
	is "caller of its caller" "$(json 'site("format_line")["stack"][2]["function"]')" main
	is "events lost" "$(json 'sum(r["quality"]["events_lost"].values())')" 0
	is "frees of unknown blocks" "$(json 'r["quality"]["unknown_frees"]')" 0
}
