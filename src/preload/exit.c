/*
 * _exit, by which shells and the workers of multiprocessing end: no destructor runs then, and what
 * they recorded last would be lost. Does what the C library's does.
 */
#include <stdlib.h>
#include <unistd.h>

#include <hpalloc/hpalloc.h>

#include "api/watch.h"
#include "os/os.h"

HP_PUBLIC void _exit(int status);
HP_PUBLIC void _Exit(int status);

void _exit(int status)
{
	hp_watch_end();
	hp_os_exit(status);
}

void _Exit(int status)
{
	_exit(status);
}
