#!/usr/bin/lua
-- Lua asks realloc for everything, so this is a test of realloc: tables that grow, strings of all
-- lengths, closures, coroutines, and a collector that frees in bulk.
-- program: lua
-- heap: 40 120

local count = arg[1] == "full" and 400000 or 80000

local function checksum(text)
	local sum = 0
	for i = 1, #text, 7 do
		sum = (sum * 31 + text:byte(i)) % 1000000007
	end
	return sum
end

local rows = {}
for i = 1, count do
	local name = ("name-%d"):format(i * 7919 % 100003)
	rows[i] = { id = i, name = name, text = ("x"):rep(i % 200) }
end
table.sort(rows, function(a, b)
	return a.name < b.name or (a.name == b.name and a.id < b.id)
end)
local parts = {}
for i = 1, count, 10 do
	parts[#parts + 1] = rows[i].name .. rows[i].text
end
print("rows", count, checksum(table.concat(parts, ";")))

for i = 1, count, 2 do
	rows[i] = nil
end
collectgarbage("collect")
local left = 0
for _ in pairs(rows) do
	left = left + 1
end
print("left", left)

local function numbers(limit)
	return coroutine.wrap(function()
		for i = 1, limit do
			coroutine.yield(("%d:%s"):format(i, ("y"):rep(i % 50)))
		end
	end)
end
local total = 0
for round = 1, 200 do
	for text in numbers(200) do
		total = total + #text
	end
end
print("coroutines", total)

local text = ""
for i = 1, 3000 do
	text = text .. i .. ","
end
print("text", #text, checksum(text), text:gsub("1", "one"):len())
print("memory came back", collectgarbage("count") < 200000 and collectgarbage("collect") == 0)
