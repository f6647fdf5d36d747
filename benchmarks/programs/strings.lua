-- Rows of strings: made, sorted, joined, searched, half of them dropped, and made again.
local count = tonumber(arg[1])
local rows, total = {}, 0

for round = 1, 2 do
	for i = 1, count do
		local name = ("name-%d"):format(i * 7919 % 1000003)
		rows[i] = { id = i, name = name, text = ("x"):rep(i * round % 150) .. i }
	end
	table.sort(rows, function(a, b)
		return a.name < b.name or (a.name == b.name and a.id < b.id)
	end)
	local parts = {}
	for i = 1, count, 3 do
		parts[#parts + 1] = rows[i].name:upper() .. rows[i].text
	end
	local text = table.concat(parts, ";")
	local _, found = text:gsub("NAME%-1(%d)", "<%1>")
	total = total + #text + found
	for i = 1, count, 2 do
		rows[i] = false
	end
end

local grown = ""
for i = 1, count / 50 do
	grown = grown .. i .. ","
end
print(count, total, #grown)
