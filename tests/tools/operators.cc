/*
 * C++ operator new and delete under the preload library: all forms, what a failure does, and a
 * program that replaces the aligned forms alone. Prints TAP; passes without the library, too.
 */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <new>

static const std::size_t impossible = SIZE_MAX / 2;
static const std::align_val_t align{ 64 };
static int points;
static int failed;
static int handler_calls;
static int replaced_blocks;

static void check(bool condition, const char *name)
{
	std::printf("%sok %d - %s\n", condition ? "" : "not ", ++points, name);
	failed += !condition;
}

/* Not malloc's blocks: whoever frees them by another way than the one below is found out. */
void *operator new(std::size_t bytes, std::align_val_t alignment)
{
	auto at = static_cast<std::size_t>(alignment);
	char *raw = bytes < impossible ? static_cast<char *>(std::malloc(bytes + 2 * at)) : nullptr;

	if (!raw)
		throw std::bad_alloc();
	replaced_blocks++;
	char *block = raw + 2 * at - reinterpret_cast<std::uintptr_t>(raw) % at;
	reinterpret_cast<char **>(block)[-1] = raw;
	return block;
}

void operator delete(void *block, std::align_val_t) noexcept
{
	replaced_blocks--;
	std::free(static_cast<char **>(block)[-1]);
}

template <typename Allocate> static bool throws(Allocate allocate)
{
	try {
		allocate();
	} catch (const std::bad_alloc &) {
		return true;
	}
	return false;
}

static void give_up_after_three()
{
	if (++handler_calls == 3)
		throw std::bad_alloc();
}

static void leave_after_three()
{
	if (++handler_calls == 3)
		std::set_new_handler(nullptr);
}

static void check_plain()
{
	const std::size_t sizes[] = { 0, 1, 100, 100000, 10000000 };

	for (std::size_t bytes : sizes) {
		::operator delete(::operator new(bytes));
		::operator delete(::operator new(bytes), bytes);
		::operator delete(::operator new(bytes, std::nothrow), std::nothrow);
		::operator delete[](::operator new[](bytes));
		::operator delete[](::operator new[](bytes), bytes);
		::operator delete[](::operator new[](bytes, std::nothrow), std::nothrow);
	}
	check(true, "the plain forms give and take");
}

static void check_replaced()
{
	void *blocks[] = { ::operator new(100, align), ::operator new[](100, align),
			   ::operator new(100, align, std::nothrow),
			   ::operator new[](100, align, std::nothrow) };
	bool is_aligned = true;

	for (void *block : blocks)
		is_aligned &= reinterpret_cast<std::uintptr_t>(block) % 64 == 0;
	check(is_aligned && replaced_blocks == 4, "the other forms of new call the replaced one");
	::operator delete(blocks[0], 100, align);
	::operator delete[](blocks[1], 100, align);
	::operator delete(blocks[2], align, std::nothrow);
	::operator delete[](blocks[3], align);
	check(replaced_blocks == 0, "the other forms of delete call the replaced one");
	check(!::operator new(impossible, align, std::nothrow),
	      "its failure is NULL where nothrow");
}

static void check_failure()
{
	check(throws([] { return ::operator new(impossible); }), "new throws");
	check(throws([] { return ::operator new[](impossible); }), "new[] throws");
	check(!::operator new(impossible, std::nothrow), "nothrow new is NULL");
	check(!::operator new[](impossible, std::nothrow), "nothrow new[] is NULL");

	std::set_new_handler(leave_after_three);
	check(throws([] { return ::operator new(impossible); }) && handler_calls == 3,
	      "the handler is called until it is gone");
	std::set_new_handler(give_up_after_three);
	handler_calls = 0;
	check(throws([] { return ::operator new(impossible); }) && handler_calls == 3,
	      "what the handler throws comes out of new");
	handler_calls = 0;
	check(!::operator new(impossible, std::nothrow) && handler_calls == 3,
	      "what the handler throws stays inside nothrow new");
	handler_calls = 0;
	check(!::operator new[](impossible, std::nothrow) && handler_calls == 3,
	      "what the handler throws stays inside nothrow new[]");
}

int main()
{
	check_plain();
	check_replaced();
	check_failure();
	std::printf("1..%d\n", points);
	return failed != 0;
}
