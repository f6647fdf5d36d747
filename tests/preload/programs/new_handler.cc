/*
 * What operator new does when memory is out, as the standard says ([new.delete.single]): it calls
 * the new-handler and tries again, until the handler frees enough, throws, or there is none.
 */
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <new>
#include <string>
#include <sys/resource.h>

#include "check.h"

namespace
{

constexpr std::align_val_t ALIGN{ 4096 };
constexpr std::size_t SPARE_BYTES = std::size_t{ 1 } << 30;

struct OutOfSpare {
};

volatile std::size_t too_many = PTRDIFF_MAX;
int calls;
void *spare;

void give_up_third_time()
{
	if (++calls == 3)
		std::set_new_handler(nullptr);
}

void throw_own()
{
	calls++;
	throw OutOfSpare{};
}

void free_spare()
{
	calls++;
	operator delete(spare);
	spare = nullptr;
}

template <typename Expected, typename Make> bool throws(Make make)
{
	try {
		hp_test_keep(make());
	} catch (const Expected &) {
		return true;
	}
	return false;
}

/* Each form of new, with the tag or without. */
template <typename Check> void for_each_throwing(Check check)
{
	check([] { return operator new(too_many); });
	check([] { return operator new[](too_many); });
	check([] { return operator new(too_many, ALIGN); });
	check([] { return operator new[](too_many, ALIGN); });
}

template <typename Check> void for_each_nothrow(Check check)
{
	check([] { return operator new(too_many, std::nothrow); });
	check([] { return operator new[](too_many, std::nothrow); });
	check([] { return operator new(too_many, ALIGN, std::nothrow); });
	check([] { return operator new[](too_many, ALIGN, std::nothrow); });
}

void check_no_handler()
{
	std::set_new_handler(nullptr);
	for_each_throwing([](auto make) { CHECK(throws<std::bad_alloc>(make)); });
	for_each_nothrow([](auto make) { CHECK(hp_test_keep(make()) == nullptr); });
}

void check_handler_is_called_again()
{
	auto check = [](auto outcome) {
		calls = 0;
		std::set_new_handler(give_up_third_time);
		CHECK(outcome());
		CHECK(calls == 3);
	};

	for_each_throwing([&](auto make) { check([&] { return throws<std::bad_alloc>(make); }); });
	for_each_nothrow(
		[&](auto make) { check([&] { return hp_test_keep(make()) == nullptr; }); });
}

void check_handler_throws()
{
	auto check = [](auto outcome) {
		calls = 0;
		std::set_new_handler(throw_own);
		CHECK(outcome());
		CHECK(calls == 1);
	};

	for_each_throwing([&](auto make) { check([&] { return throws<OutOfSpare>(make); }); });
}

/* A nothrow form is noexcept; what it catches is std::bad_alloc at least, and in libstdc++ all. */
void check_nothrow_catches()
{
	for_each_nothrow([](auto make) {
		std::set_new_handler([] { throw std::bad_alloc(); });
		CHECK(hp_test_keep(make()) == nullptr);
	});
}

/* The private writable memory of the process, as RLIMIT_DATA counts it. */
rlim_t data_bytes()
{
	std::ifstream status("/proc/self/status");
	std::string word;
	rlim_t kilobytes = 0;

	while (status >> word && word != "VmData:") {
	}
	status >> kilobytes;
	CHECK(kilobytes);
	return kilobytes << 10;
}

/* Under a limit that leaves room for the block only once the spare one is gone. */
void check_handler_frees()
{
	rlimit limit;
	rlimit old;
	void *block;

	spare = hp_test_keep(operator new(SPARE_BYTES));
	CHECK(hp_test_owns(spare));
	getrlimit(RLIMIT_DATA, &old);
	limit = old;
	limit.rlim_cur = data_bytes() + SPARE_BYTES / 4;
	CHECK(setrlimit(RLIMIT_DATA, &limit) == 0);
	calls = 0;
	std::set_new_handler(free_spare);
	block = operator new(SPARE_BYTES);
	CHECK(setrlimit(RLIMIT_DATA, &old) == 0);
	CHECK(block && hp_test_owns(block) && calls == 1);
	operator delete(block);
}

} // namespace

int main()
{
	check_no_handler();
	check_handler_is_called_again();
	check_handler_throws();
	check_nothrow_catches();
	check_handler_frees();
}
