/*
 * All forms of C++17's operator new and delete, called by name and by expression: each block is
 * the heap's, aligned, and taken back by every delete that fits. Mixed with malloc on purpose: a
 * library that was built against another allocator gives such blocks away.
 */
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "check.h"

namespace
{

constexpr std::size_t BYTES = 1000;
constexpr std::align_val_t ALIGN{ 256 };

struct alignas(512) Wide {
	char bytes[512];
};

struct Counted {
	static int live;
	std::string text = "an object of a class with a destructor, longer than a short string";
	Counted()
	{
		live++;
	}
	~Counted()
	{
		live--;
	}
};
int Counted::live;

void *owned(void *block, std::size_t align = 16)
{
	CHECK(block && hp_test_owns(block));
	CHECK(reinterpret_cast<std::uintptr_t>(block) % align == 0);
	std::memset(block, 0x5a, BYTES);
	return block;
}

void *plain()
{
	return owned(operator new(BYTES));
}
void *plain_nothrow()
{
	return owned(operator new(BYTES, std::nothrow));
}
void *array()
{
	return owned(operator new[](BYTES));
}
void *array_nothrow()
{
	return owned(operator new[](BYTES, std::nothrow));
}
void *aligned()
{
	return owned(operator new(BYTES, ALIGN), 256);
}
void *aligned_nothrow()
{
	return owned(operator new(BYTES, ALIGN, std::nothrow), 256);
}
void *aligned_array()
{
	return owned(operator new[](BYTES, ALIGN), 256);
}
void *aligned_array_nothrow()
{
	return owned(operator new[](BYTES, ALIGN, std::nothrow), 256);
}

void check_by_name()
{
	for (auto make : { plain, plain_nothrow }) {
		operator delete(make());
		operator delete(make(), BYTES);
		operator delete(make(), std::nothrow);
		std::free(make());
	}
	for (auto make : { array, array_nothrow }) {
		operator delete[](make());
		operator delete[](make(), BYTES);
		operator delete[](make(), std::nothrow);
		std::free(make());
	}
	for (auto make : { aligned, aligned_nothrow }) {
		operator delete(make(), ALIGN);
		operator delete(make(), BYTES, ALIGN);
		operator delete(make(), ALIGN, std::nothrow);
	}
	for (auto make : { aligned_array, aligned_array_nothrow }) {
		operator delete[](make(), ALIGN);
		operator delete[](make(), BYTES, ALIGN);
		operator delete[](make(), ALIGN, std::nothrow);
	}
	operator delete(nullptr);
	operator delete[](nullptr);
	operator delete(nullptr, ALIGN);
	CHECK(hp_test_keep(operator new(0)) != nullptr);
}

void check_by_expression()
{
	auto *one = static_cast<Counted *>(hp_test_keep(new Counted));
	auto *many = static_cast<Counted *>(hp_test_keep(new Counted[100]));
	auto *wide = static_cast<Wide *>(owned(new Wide[2], alignof(Wide)));

	CHECK(hp_test_owns(one) && hp_test_owns(one->text.data()) && hp_test_owns(many));
	CHECK(Counted::live == 101);
	delete one;
	delete[] many;
	delete[] wide;
	CHECK(Counted::live == 0);
}

void check_containers()
{
	std::map<std::string, std::vector<std::shared_ptr<Counted>>> map;

	for (int i = 0; i < 1000; i++)
		map[std::to_string(i % 50)].push_back(std::make_shared<Counted>());
	CHECK(Counted::live == 1000);
	CHECK(hp_test_owns(&*map.begin()) && hp_test_owns(map.begin()->second.data()));
	map.clear();
	CHECK(Counted::live == 0);
}

} // namespace

int main()
{
	check_by_name();
	check_by_expression();
	check_containers();
}
