/* 3: nothing */
#include "misuse.h"

#include <signal.h>
#include <unistd.h>

static void on_fault(int number)
{
	_exit(number != SIGSEGV);
}

int main(void)
{
	struct sigaction action = { .sa_handler = on_fault };

	sigaction(SIGSEGV, &action, NULL);
	return *(volatile int *)16;
}
