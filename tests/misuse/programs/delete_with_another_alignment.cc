/* 0: free of ADDRESS with an alignment of 65536, which it cannot have been asked for with */
#include "misuse.h"

#include <new>

int main(void)
{
	::operator delete((char *)block_beside_another(64), std::align_val_t(65536));
}
