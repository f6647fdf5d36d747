# shellcheck shell=sh
# The stages of `./dev test`, sourced by ./dev. Each builds in build-test/STAGE and prints, by Meson
# or by itself, lines such as "Ok: 12"; its log is shown when it fails.
#
# They run in two lanes beside each other, for most of the time goes by in tests that wait, or that
# use one processor: those that set the machine's one pool of huge pages lock each other out, and
# all others take nothing of it. Stages that build in the same directory are of the same lane.

# shellcheck disable=SC2154 # root, build_in and say are of ./dev
stages=$root/build-test
# Named in ./dev test STAGES...
first_lane='gcc hardened profiled install soak'
second_lane='debug address thread bench system_liburcu lto subproject aarch64'

# Compilers, and the programs that the suite `preload` runs.
# shellcheck disable=SC2034 # used by ./dev
stage_packages='clang gcc-aarch64-linux-gnu libc6-dev-arm64-cross libclang-rt-dev liburcu-dev llvm
qemu-user
apache2-utils gdb git heaptrack libpython3.11-testsuite lua5.4 memcached nginx-light perl
python3-yaml redis-server redis-tools sqlite3 strace stress-ng xz-utils zstd'

stage_gcc()
{
	build_in "$stages/gcc" -Dwerror=true
	meson test -C "$stages/gcc" --print-errorlogs --no-suite models
}

stage_debug()
{
	export CC=clang CXX=clang++
	build_in "$stages/debug" -Dwerror=true -Ddebug_checks=true
	meson test -C "$stages/debug" --print-errorlogs --suite unit --suite models \
		--no-suite long
	# What this compiler makes of C++.
	meson test -C "$stages/debug" --print-errorlogs operators program-late-0 \
		program-new_delete-0 program-new_handler-0
}

stage_address()
{
	build_in "$stages/address" -Dpreload=false -Dtools=false -Ddebug_checks=true \
		-Db_sanitize=address,undefined -Db_lundef=false
	meson test -C "$stages/address" --print-errorlogs --setup sanitizer \
		--suite unit --suite stress --no-suite long
}

stage_thread()
{
	build_in "$stages/thread" -Dpreload=false -Dtools=false -Db_sanitize=thread \
		-Db_lundef=false
	meson test -C "$stages/thread" --print-errorlogs --setup sanitizer --suite stress
}

# Compiles and runs smoke.c, by the compiler $1 with the other arguments.
smoke()
{
	cc=$1
	shift
	"$cc" -O2 -Wall -Wextra -o "$dir/smoke" "$root/tests/smoke/smoke.c" "$@" -pthread
	HPALLOC_BACKING=thp "$dir/smoke"
	echo 'Ok: 1'
}

# The same tests with the hit paths switched off and every block checked; the suite `misuse` of the
# stage gcc has what is found by it.
stage_hardened()
{
	build_in "$stages/gcc" -Dwerror=true
	meson test -C "$stages/gcc" --print-errorlogs --setup hardened1 aligned calloc errno \
		fork hugetlb_fork large realloc sizes sqlite python_threads
	meson test -C "$stages/gcc" --print-errorlogs --setup hardened2 handover mixed fork_busy \
		misuse query random realloc_growth thread_exit bash redis
}

# The same with a profile whose samples are many.
stage_profiled()
{
	build_in "$stages/gcc" -Dwerror=true
	meson test -C "$stages/gcc" --print-errorlogs --setup profiled aligned calloc errno fork \
		handover large mixed query random realloc sizes thread_exit bash
}

stage_system_liburcu()
{
	build_in "$stages/system_liburcu" -Dtests=false -Dliburcu=system
	smoke cc -I"$root/include" -L"$dir/src" -lhpalloc -Wl,-rpath,"$dir/src"
}

stage_subproject()
{
	source=$stages/subproject/source
	mkdir -p "$source/subprojects"
	cp "$root/tests/smoke/smoke.c" "$root/tests/smoke/meson.build" "$source"
	ln -sfn "$root" "$source/subprojects/hpalloc"
	ln -sfn "$root/subprojects/packagecache" "$source/subprojects/packagecache"
	[ -d "$stages/subproject/build" ] || meson setup "$stages/subproject/build" "$source"
	meson test -C "$stages/subproject/build" --print-errorlogs
}

# The whole library optimised at once, as some distributions build.
stage_lto()
{
	build_in "$stages/lto" -Dtests=false -Db_lto=true
	smoke cc -I"$root/include" -L"$dir/src" -lhpalloc -Wl,-rpath,"$dir/src"
	HPALLOC_BACKING=thp LD_PRELOAD=$dir/src/libhpalloc-preload.so "$dir/smoke"
	echo 'Ok: 1'
}

# Installs into a directory of its own and links by pkg-config alone.
stage_install()
{
	dir=$stages/install
	rm -rf "$dir"
	build_in "$stages/gcc" -Dwerror=true
	DESTDIR=$stages/install meson install -C "$stages/gcc" --no-rebuild
	dir=$stages/install
	libraries=$(dirname "$(find "$dir" -name libhpalloc.so)")
	export PKG_CONFIG_SYSROOT_DIR="$dir" PKG_CONFIG_LIBDIR="$libraries/pkgconfig"
	# shellcheck disable=SC2046
	smoke cc $(pkg-config --cflags --libs hpalloc) -Wl,-rpath,"$libraries"
	# shellcheck disable=SC2046
	smoke cc $(pkg-config --cflags hpalloc) \
		-Wl,-Bstatic $(pkg-config --static --libs hpalloc) -Wl,-Bdynamic
	preload=$(basename "$(pkg-config --variable=preload hpalloc)")
	HPALLOC_BACKING=thp LD_PRELOAD=$libraries/$preload "$dir/smoke"
	run_installed_bench "$dir" "$libraries/$preload"
	echo 'Ok: 2'
}

# What `hpalloc bench` runs is all there.
run_installed_bench()
{
	runners=$(dirname "$(find "$1" -name run.py -not -path '*/memory/*')")
	programs=$(dirname "$(find "$1" -name bench-launch)")
	/usr/bin/python3 "$runners/run.py" 'hpalloc bench' "$programs" "$2" "$1/bench-results" \
		--quick --rounds 1 --only lifo-64,perl --allocators hpalloc:empty,glibc
	/usr/bin/python3 "$runners/memory/run.py" 'hpalloc bench memory' "$programs" "$2" \
		"$1/bench-memory" --quick --rounds 1 --ms 1 --max 64K --patterns chase --no-pool
}

# Each workload and program once on the heap, with the pool empty and filled, and without it: that
# they run, and give the right results. What other allocators would say of themselves is for
# ./dev bench. Times say little here; what the hit paths cost is counted by the test `instructions`.
stage_bench()
{
	# As some distributions build.
	dir=$stages/bench
	build_in "$dir" -Dtests=false -Dunity=on -Dwerror=true
	ninja -C "$dir" meson-benchmark-prereq
	for runner in run memory/run; do
		set -- --quick --rounds 1 --ms 1 --max 1M
		[ $runner = memory/run ] || set -- --quick --rounds 1 --allocators hpalloc,glibc
		/usr/bin/python3 "$root/benchmarks/$runner.py" './dev bench' "$dir/benchmarks" \
			"$dir/src/libhpalloc-preload.so" "$dir/bench-${runner%/*}" "$@"
	done
	echo 'Ok: 2'
}

stage_aarch64()
{
	build_in "$stages/aarch64" --cross-file "$root/cross/aarch64.ini" -Dtests=false
	export QEMU_LD_PREFIX=/usr/aarch64-linux-gnu
	aarch64-linux-gnu-gcc -O2 -o "$dir/smoke" "$root/tests/smoke/smoke.c" -I"$root/include" \
		-L"$dir/src" -lhpalloc -Wl,-rpath,"$dir/src" -pthread
	HPALLOC_BACKING=thp qemu-aarch64 "$dir/smoke"
	echo 'Ok: 1'
}

# The soak for $1 seconds, with the seed $2 if given; on pages of the hugetlb pool where it may be
# changed. Counts go to standard output. Shared at a fork: what forks copies again and again would
# keep away from the pool for a minute each time.
run_soak()
{
	ninja -C "$stages/gcc" tests/soak/soak
	pages=thp
	[ ! -w /proc/sys/vm/nr_hugepages ] || pages=auto
	HPALLOC_BACKING=$pages HPALLOC_FORK=keep "$stages/gcc/tests/soak/soak" "$@"
}

# Two minutes of what ./dev soak does for hours; see tests/soak/main.c.
stage_soak()
{
	build_in "$stages/gcc" -Dwerror=true
	run_soak 120
	echo 'Ok: 1'
	! grep -q 'SKIPPED' "$stages/soak.log" || printf ' SKIP soak, in part\nSkipped: 1\n'
}

# How many points were skipped for which reason, by the logs of Meson that the log $1 names. Meson
# counts a test of which one point was run as passed.
skip_reasons()
{
	sed -n 's/^Full log written to //p' "$1" | sort -u | while read -r full; do
		sed -n -e 's/^ok.* # SKIP[: ]*//p' -e 's/^SKIP: //p' "$full"
	done | sed 's/[0-9][0-9]*/N/g' | sort | uniq -c
}

# Runs stage $1 and adds its counts to passed, failed and skipped.
run_stage()
{
	log=$stages/$1.log
	say "test: $1"
	start=$(date +%s)
	# In a condition `set -e` would not hold inside.
	set +e
	(
		set -e
		"stage_$1"
	) >"$log" 2>&1 </dev/null
	status=$?
	set -e
	counts=$(awk -v status=$status '
		/^(Ok|Expected Fail):/ { passed += $NF }
		/^(Fail|Unexpected Pass|Timeout):/ { failed += $NF }
		/^Skipped:/ { skipped += $NF }
		END {
			if (failed == 0 && (status != 0 || passed == 0))
				failed = 1
			print passed + 0, failed + 0, skipped + 0
		}' "$log")
	# shellcheck disable=SC2086 # three words
	set -- "$1" $counts
	[ "$3" = 0 ] || cat "$log" >&2
	[ "$4" = 0 ] || grep ' SKIP ' "$log" >&2 || true
	skip_reasons "$log" >&2
	say "$1: $2 passed, $3 failed, $4 skipped, $(($(date +%s) - start)) s"
	passed=$((passed + $2)) failed=$((failed + $3)) skipped=$((skipped + $4))
}

# The stages named, one after the other.
run_stages()
{
	passed=0 failed=0 skipped=0
	mkdir -p "$stages"
	for stage; do
		run_stage "$stage"
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ $failed = 0 ]
}

# Both lanes at once, each a ./dev of its own in this process group, and the sum of what they say.
# A lane that ends without a word has failed.
run_lanes()
{
	printf '%s\n' "$first_lane" "$second_lane" | xargs -P 2 -L 1 "$root/dev" test |
		awk '/ passed, / { lanes++; passed += $1; failed += $3; skipped += $5 }
			END {
				failed += 2 - lanes
				printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
				exit failed > 0
			}'
}
