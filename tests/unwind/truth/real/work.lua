-- SPDX-License-Identifier: GPL-3.0-or-later
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local t = {}
for i = 1, 300 do t[i] = tostring(i * 1.5) .. string.rep("x", i % 17) end
table.sort(t, function(a, b) return #a == #b and a < b or #a < #b end)
print(fib(12), #table.concat(t, ","), select("#", table.unpack(t, 1, 20)))
local mt = setmetatable({}, { __index = function(s, k) rawset(s, k, k .. "!"); return s[k] end,
	__add = function(a, b) return { a, b } end, __call = function(self, ...) return { ... } end,
	__gc = function() end, __close = function() end, __tostring = function() return "mt" end, __concat = function(a, b) return "cat" end })
print(mt.key, tostring(mt), #mt(1, 2, 3), mt .. "x", (mt + 1)[2])
print(("the quick brown fox"):gsub("%w+", function(w) return w:upper():reverse() end))
for k, v in string.gmatch("a=1, b=2", "(%w+)=(%w+)") do t[k] = v end
print(string.format("%5.2f %q %x %s %-10s|", 3.14159, "q\n", 255, nil, "left"), ("x"):byte(), string.pack("i4s2", 7, "hi"):len())
local co = coroutine.wrap(function(a) for i = 1, 5 do a = coroutine.yield({ i, a }) end return "end" end)
for i = 1, 6 do local r = co(i); t[#t + 1] = r end
local deep = coroutine.create(function() local inner = coroutine.create(function() error({ code = 1 }) end) return coroutine.resume(inner) end)
print(coroutine.resume(deep))
print(pcall(function() local x = nil; return x.y end), pcall(error, "message", 2), select(2, xpcall(function() error("traced") end, debug.traceback)) ~= nil)
local function vararg(...) local a, b = ...; if a then return vararg(b, ...) , a end return 0 end
print(pcall(vararg, 1, 2))
print(load("return 1 + ...", "chunk")(41), load("syntax error here"), pcall(load, nil))
goto done
::done::
local env = { print = print }; load("x = {} for i = 1, 100 do x[i] = { i, tostring(i) } end", "env", "t", env)()
print(#env.x, os.time() > 0, os.date("%Y", 0), math.floor(3.7), 7 // 2, 2 ^ 0.5, 5 & 3, utf8.char(228, 8364), utf8.len("äö"))
for line in io.lines(arg[0]) do t[#t + 1] = line:sub(1, 5) end
local f = io.tmpfile(); f:write(table.concat(env.x[1], " "), "\n", 3.5); f:seek("set"); print(f:read("l", "n")); f:close()
collectgarbage(); collectgarbage("generational"); for i = 1, 2000 do local junk = { i, { i }, "s" .. i } end collectgarbage("incremental")
local d <close> = mt
print(string.dump(fib):len() > 0, load(string.dump(fib), "b", "b") ~= nil, require("string") == string, package.searchpath("x", "./?.lua"))
print(pcall(require, "no.such.module"), debug.getinfo(1).currentline, next({}), rawequal(t, t), table.move(t, 1, 3, 2)[2], #table.pack(1, nil, 3))
local function recurse(n) return n == 0 and {} or { recurse(n - 1) } end
recurse(150)
