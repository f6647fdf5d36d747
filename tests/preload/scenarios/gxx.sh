#!/bin/sh
# A large generated C++ source at -O2: templates make far more small blocks than C does. The
# object must be the same to the byte, and the program must run.
# program: g++
# heap: 20 40
set -eu
case $1 in
quick) classes=4 ;;
full) classes=40 ;;
esac

{
	printf '#include <%s>\n' algorithm cstdio map memory string vector
	seq "$classes" | awk '{
		printf "struct T%d { int key; std::string name; std::vector<int> list; };\n", $1
		printf "static int use%d(int n)\n{\n", $1
		printf "\tstd::map<std::string, std::shared_ptr<T%d>> m;\n", $1
		printf "\tfor (int i = 0; i < n; i++) {\n"
		printf "\t\tauto t = std::make_shared<T%d>();\n", $1
		printf "\t\tt->key = i * %d %% 101;\n\t\tt->name = std::to_string(t->key);\n", $1
		printf "\t\tt->list.assign(i, %d);\n\t\tm[t->name] = t;\n\t}\n\tint sum = 0;\n", $1
		printf "\tstd::vector<std::shared_ptr<T%d>> v;\n", $1
		printf "\tfor (auto &e : m)\n\t\tv.push_back(e.second);\n"
		printf "\tstd::sort(v.begin(), v.end(), [](auto &a, auto &b) { "
		printf "return a->list.size() < b->list.size(); });\n"
		printf "\tfor (auto &t : v)\n\t\tsum = sum * 31 %% 65521 + t->key;\n"
		printf "\treturn sum;\n}\n"
	}'
	printf 'int main()\n{\n\tint sum = 0;\n'
	seq "$classes" | awk '{ printf "\tsum ^= use%d(200);\n", $1 }'
	printf '\tstd::printf("%%d\\n", sum);\n}\n'
} >large.cc
g++ -std=c++17 -O2 large.cc -o large
cksum <large
./large
