#!/bin/sh
# The compilers: a large generated unit of C and one of C++, whose templates make far more small
# blocks, both at -O2.
# program: gcc g++
set -eu
# shellcheck source=benchmarks/programs/common.sh
. "${0%/*}/common.sh"

prepare()
{
	seq "$(count 300)" | awk '{
		printf "struct s%d { int a, b; long c[%d]; };\n", $1, $1 % 7 + 1
		printf "static long f%d(struct s%d *s, long n)\n{\n\tlong sum = %d;\n", $1, $1, $1
		printf "\tfor (long i = 0; i < n; i++) {\n\t\tswitch ((s->a + i) %% 5) {\n"
		printf "\t\tcase 0: sum += s->c[i %% %d] * i; break;\n", $1 % 7 + 1
		printf "\t\tcase 1: sum ^= sum << 3; break;\n"
		printf "\t\tcase 2: sum -= s->b / (i + 1); break;\n"
		printf "\t\tdefault: sum = sum * 31 + i;\n\t\t}\n\t}\n\treturn sum;\n}\n"
		printf "long g%d(struct s%d *s, long n) { return f%d(s, n) + f%d(s, n / 2); }\n", \
			$1, $1, $1, $1
	}' >unit.c
	printf '#include <%s>\n' algorithm cstdio map memory string vector >unit.cc
	seq "$(count 10)" | awk '{
		printf "struct T%d { int key; std::string name; std::vector<int> list; };\n", $1
		printf "int use%d(int n)\n{\n", $1
		printf "\tstd::map<std::string, std::shared_ptr<T%d>> m;\n", $1
		printf "\tfor (int i = 0; i < n; i++) {\n"
		printf "\t\tauto t = std::make_shared<T%d>();\n\t\tt->key = i * %d;\n", $1, $1
		printf "\t\tt->name = std::to_string(t->key);\n\t\tm[t->name] = t;\n\t}\n"
		printf "\tstd::vector<std::shared_ptr<T%d>> v;\n", $1
		printf "\tfor (auto &e : m)\n\t\tv.push_back(e.second);\n"
		printf "\tstd::sort(v.begin(), v.end(), [](auto &a, auto &b) { "
		printf "return a->name < b->name; });\n\treturn v.front()->key;\n}\n"
	}' >>unit.cc
}

run_gcc()
{
	measured gcc -O2 -c unit.c -o unit.o
	check_same gcc unit.o
	took gcc
}

run_gxx()
{
	measured g++ -std=c++17 -O2 -c unit.cc -o unit.oo
	check_same gxx unit.oo
	took gxx
}

main 'gcc gxx' "$@"
