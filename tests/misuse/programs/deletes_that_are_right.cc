/* 0: nothing */
/* 1: nothing */
#include "misuse.h"

#include <new>

int main(void)
{
	for (size_t bytes = 0; bytes < 300000; bytes += bytes / 7 + 1) {
		::operator delete(::operator new(bytes), bytes);
		::operator delete[](::operator new[](bytes), bytes);
		::operator delete(::operator new(bytes, std::align_val_t(64)), bytes,
				  std::align_val_t(64));
		::operator delete[](::operator new[](bytes, std::align_val_t(4096)), bytes,
					std::align_val_t(4096));
	}
}
