/*
 * See promise.h. A promise that can't be let off at once keeps its pages from everybody. Until it
 * is gone no other is asked for, so there are at most as many as threads that asked at the same
 * moment.
 */
#include "pool/promise.h"

#include "os/os.h"
#include "rt/release.h"

int hp_promise_try(int fd, size_t bytes)
{
	void *address = NULL;
	int error = hp_release_rest();

	if (!error)
		error = hp_os_huge_reserve(fd, bytes, &address);
	if (!error)
		hp_release(address, bytes);
	return error;
}
