# SPDX-License-Identifier: GPL-3.0-or-later
def fact: if . < 2 then 1 else . * (. - 1 | fact) end;
def walkit(f): . as $in | if type == "object" then reduce keys[] as $k ({}; . + {($k): ($in[$k] | walkit(f))}) | f elif type == "array" then map(walkit(f)) | f else f end;
[.items[] | select(.price > 2 and (.name | test("^[a-f]"; "i")))] as $cheap
| {n: ($cheap | length), names: [$cheap[].name | ascii_upcase], sum: ([.items[].price] | add), fact: (10 | fact),
   group: (.items | group_by(.kind) | map({(.[0].kind): (map(.price) | max)}) | add), sorted: (.items | sort_by(.price, .name) | first.name),
   paths: [paths(type == "number")] | length, entries: (.map | to_entries | map("\(.key)=\(.value)") | join(",")),
   sub: ("the quick brown" | gsub("(?<a>[aeiou])"; "<\(.a)>")), caps: [("a1b2" | match("[a-z](\\d)"; "g")).captures[0].string],
   try: (try error("bad") catch ascii_downcase), alt: (.missing // "default"), walked: (walkit(if type == "number" then . + 1 else . end) | tojson | length),
   range: [limit(5; range(0; 100; 7))], until: (1 | until(. > 100; . * 2)), reduce: (reduce range(20) as $i ([]; . + [$i | tostring]) | length),
   foreach: [foreach range(5) as $i (0; . + $i; [$i, .])], date: (0 | todate), fmt: (@base64 "x\(.map)", @csv "\([1, "a"])", @uri "\("a b")"), del: (del(.items[0], .map.a) | keys), update: (.items |= map(.price *= 2) | .items[0].price),
   split: ("a,b,c" / ","), uniq: ([3, 1, 3] | unique), flat: ([[1, [2]], 3] | flatten), env: (env | type), recurse: [recurse(.items?; . != null)] | length, label: [label $f | range(10) | ., (select(. == 3) | break $f)], input: ($__prog_args? // 0), destr: (. as {items: [{name: $n}]} | $n), min: (.items | min_by(.price).name), path: (path(.items[0].name)), get: getpath(["items", 1, "name"]), ltr: ("prefix-x" | ltrimstr("prefix-")), splits: [("a  b" | splits(" +"))], tostream: [tostream] | length, ascii: ([65, 66] | implode | explode), num: ("12.5" | tonumber | floor | sqrt), indices: ([1, 2, 1] | indices(1)), inside: ("b" | inside("abc")), combos: [[1, 2], [3, 4]] | [combinations] | length, any: ([true, false] | any), env2: $ENV.PATH | type}
